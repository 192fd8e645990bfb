"""Every verb of ``scrapy corpus`` where something is in its way: one clear line, a code that tells the truth."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
from dataclasses import replace

import pytest

from crawler.archive import Corpus, segments
from crawler.archive.rebuilding import rebuild
from crawler.cli.corpus.options import VERBS
from tests.archive.corpora import make_corpus
from tests.commands.test_corpus import run
from tests.corpus.report.test_make import RUN, write_run
from tests.factories import make_article, make_stub, related_items
from tests.waiting import HANG_SECONDS

USE = {
    "bag": ["OUT"],
    "search": ["word"],
    "export": ["--format", "jsonl", "-o", "OUT"],
    "graph": ["--format", "gexf", "-o", "OUT"],
    "history": ["1"],
    "merge": ["OTHER"],
    "overlap": ["OTHER", "-o", "OUT"],
    "reextract": ["--dry-run"],
    "withdraw": ["replica/1", "--reason", "asked"],
}
"""What each verb is given in the terminal, at the least."""
SERVES = {"browse"}
READS_LINES = {"search", "export", "graph", "repair", "seal", "bag", "history", "overlap", "reextract", "withdraw"}
"""The verbs that cannot do without the lines; reports and duplicates say less."""
LOCKS = {"verify", "repair", "seal", "bag", "merge", "withdraw"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora") / "corpus"
    first = make_article(1, title="A word, كلمة", related=related_items(2))
    make_corpus(root, first, replace(first, text="Other words."), make_article(3), make_stub(2, title="כ"))
    write_run(root, {"articles-000001.jsonl": [0, (root / "articles/articles-000001.jsonl").stat().st_size]})
    return root


@pytest.fixture
def use(made, tmp_path, capsys):
    """Give a function that runs a verb on a corpus, and returns its exit code and its lines on standard error."""
    shutil.copytree(made, tmp_path / "OTHER")

    def use(verb, root, *options):
        words = [str(tmp_path / word) if word in {"OUT", "OTHER"} else word for word in USE.get(verb, ())]
        code, _, err = run(
            verb,
            root,
            *words,
            *options,
            capsys=capsys,
            EXTRACT_PROCESSES=0,
            EXTRACT_TIMEOUT=HANG_SECONDS,
            NEAR_DUPLICATE_THRESHOLD=0,
        )
        return code, err.splitlines()

    return use


@pytest.fixture
def root(made, tmp_path):
    return shutil.copytree(made, tmp_path / "corpus")


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"merge"}))
def test_no_corpus(use, tmp_path, verb):
    nowhere = tmp_path / "nowhere"
    said = f"gleaner: corpus {nowhere}: there is no corpus here (no corpus.json)"
    assert use(verb, nowhere) == (1, [said])
    assert not nowhere.exists()
    assert verb != "report" or use(verb, nowhere, "--run", "latest") == (1, [said])


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES))
def test_a_corpus_that_holds_nothing(use, tmp_path, verb):
    Corpus(tmp_path / "corpus", "replica").close()
    code, said = use(verb, tmp_path / "corpus")
    assert (code, len(said)) == ((4, 1) if verb == "history" else (0, 0))


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES))
def test_corpus_held_by_a_crawl_can_be_read(use, root, verb):
    holder = Corpus(root, "replica")
    try:
        code, said = use(verb, root)
    finally:
        holder.close()
    assert (code, len(said)) == ((6, 1) if verb in LOCKS else (0, 0))


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES - {"merge", "verify"}))
def test_lines_that_may_not_be_read(use, root, monkeypatch, verb):
    def refuse(path, _flags):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(segments, "_open_file", refuse)
    code, said = use(verb, root)
    assert code == (1 if verb in READS_LINES else 0)
    assert len(said) == code
    assert all("articles/articles-000001.jsonl" in line and "Permission denied" in line for line in said)


@pytest.mark.parametrize(("verb", "path"), [("reextract", "reextract.sqlite"), ("report", "report.html")])
def test_unwritable_file_beside_the_lines_is_one_line(use, root, verb, path):
    (root / path).mkdir()
    code, said = use(verb, root)
    assert (code, len(said)) == (1, 1)
    assert path in said[0]


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES))
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_seen_enough_is_no_error(use, root, monkeypatch, verb, form):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - of a file descriptor
        monkeypatch.setattr(sys, "stdout", pipe)
        assert use(verb, root, *form) == (0, [])
        monkeypatch.undo()


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES))
def test_a_terminal_that_cannot_show_all_characters_shows_escapes(use, root, monkeypatch, verb, form):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert use(verb, root, *form) == (0, [])
    monkeypatch.undo()
    shown = out.detach().getvalue()
    assert shown
    if form:
        assert json.loads(shown)
    else:
        assert shown.isascii()


def test_number_of_a_report_of_another_corpus_has_no_keys(use, root, tmp_path):
    Corpus(tmp_path / "empty", "replica").close()
    for name in ("articles", "reason-failed-status-503", "host-example-org", "pictures-refused", "relations"):
        assert use("report", tmp_path / "empty", "--keys", name) == (0, [f"gleaner: no keys for {name}"])
        assert use("report", root, "--run", RUN, "--keys", name)[0] == 0
    code, (said,) = use("report", root, "--keys", "artikles")
    assert code == 4
    assert "no number has this name; known: articles, asked," in said


LATER = {"dateline", "credit", "duplicate_rule", "crc32"}
"""The fields that lines of the first versions of Gleaner lack."""


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SERVES))
def test_lines_of_an_older_gleaner_are_taken_as_they_are(use, root, verb):
    segment = root / "articles/articles-000001.jsonl"
    lines = [json.loads(line) for line in segment.read_text(encoding="utf-8").splitlines()]
    older = [{name: value for name, value in line.items() if name not in LATER} for line in lines]
    segment.write_text(
        "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in older), encoding="utf-8"
    )
    (root / "catalogue.sqlite").unlink()  # which knew other lines
    rebuild(root, "for the test")
    write_run(root, {"articles-000001.jsonl": [0, segment.stat().st_size]})
    assert use(verb, root) == (0, [])


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"merge"}))
def test_corpus_of_a_newer_gleaner_is_not_changed(use, root, verb):
    description = (root / "corpus.json").read_text(encoding="utf-8").replace('"schema": 1', '"schema": 2')
    (root / "corpus.json").write_text(description, encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    code, said = use(verb, root)
    assert code == 5
    assert said == [f"gleaner: corpus {root}: corpus.json is not of schema 1; a newer Gleaner may have written it"]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
