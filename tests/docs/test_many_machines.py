"""The worked examples of the guide to many machines run, on parts and Parquet that Gleaner wrote."""

from __future__ import annotations

import re

import pytest

from tests.archive.corpora import make_corpus
from tests.conftest import NEIGHBOURS
from tests.crawling import REPOSITORY, scrapy, write_seed
from tests.factories import make_article

GUIDE = (REPOSITORY / "docs/guides/many-machines.md").read_text(encoding="utf-8")


def example(word):
    return next(block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if word in block)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    seeds = folder / "inputs"
    seeds.mkdir()
    for number in range(3):
        write_seed(seeds / f"{number}.txt", *NEIGHBOURS, text=f"Story {number}.")
    assert scrapy("seeds", "harvest", seeds, "-o", folder / "parts", "--parts", "-j", 1).returncode == 0
    make_corpus(folder / "corpus", *(make_article(n, published="2020-06-01T10:00:00+04:30") for n in range(1, 6)))
    out = folder / "export" / "articles.parquet"
    out.parent.mkdir()
    done = scrapy("corpus", "export", "--format", "parquet", "-o", out, "-s", f"CORPUS_DIR={folder / 'corpus'}")
    assert done.returncode == 0, done.stderr
    (folder / "articles.parquet").write_bytes(out.read_bytes())
    return folder


def test_duckdb_reads_parts_and_parquet(written, monkeypatch, capfd):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(written)
    exec(compile(example("duckdb"), "guide", "exec"), {})
    shown = capfd.readouterr().out
    assert "2020" in shown
    assert "│       5 │" in shown or " 5 " in shown


def test_datatrove_reads_parts_and_parquet(written, monkeypatch):
    pytest.importorskip("datatrove", reason="datatrove is not installed")
    monkeypatch.chdir(written)
    names: dict = {}
    exec(compile(example("datatrove"), "guide", "exec"), names)
    assert len(list(names["harvest"]())) == 3
    assert len(list(names["articles"]())) == 5


def test_script_for_slurm_names_options_that_exist():
    script = GUIDE.partition("### Slurm")[2].partition("### Kubernetes")[0]
    said = scrapy("seeds", "harvest", "--help").stdout
    assert all(option in said for option in re.findall(r"--(?:base|parts|cluster)\b", script))
