"""What a user without an extra must install is ours, not the project that has the name on the package index."""

from __future__ import annotations

import os
import re

import pytest

from tests.archive.corpora import make_corpus
from tests.crawling import REPOSITORY, scrapy
from tests.factories import make_article

COMMANDS = {
    "shtab": ("completion", "bash"),
    "datasette": ("corpus", "browse", "-s", "CORPUS_DIR={corpus}"),
    "pyarrow": ("corpus", "export", "-o", "{corpus}/../out.parquet", "--format", "parquet", "-s", "CORPUS_DIR={corpus}"),
    "spidermon": ("crawl", "neighbours", "-a", "seeds=examples/seeds", "-s", "CORPUS_DIR={corpus}", "-s", "SPIDERMON_ENABLED=1"),
    "redis": ("crawl", "neighbours", "-a", "seeds=examples/seeds", "-s", "CORPUS_DIR={corpus}", "-s", "FRONTIER_URL=redis://127.0.0.1:1"),
}  # fmt: skip


@pytest.mark.parametrize("missing", COMMANDS)
def test_hint_names_our_distribution(missing, tmp_path, seen):
    corpus = tmp_path / "corpus"
    if missing == "pyarrow":
        make_corpus(corpus, make_article(8))
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{missing!r}] = None\n")
    arguments = [one.format(corpus=corpus) for one in COMMANDS[missing]]
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    done = scrapy(*arguments, env={**os.environ, "PYTHONPATH": path})
    hints = set(re.findall(r"pip install '?([\w-]+)\[", done.stderr))
    seen(f"without {missing}, pip must install", {"scrapy-gleaner"}, hints)
    assert "Traceback" not in done.stderr
    assert done.returncode != 0
