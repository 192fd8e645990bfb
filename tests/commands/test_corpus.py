"""``scrapy corpus`` from the terminal."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.archive import Corpus
from crawler.archive.rebuilding import rebuild
from crawler.cli.corpus.options import EXPORT_FORMATS, GRAPH_FORMATS, VERBS
from crawler.commands.corpus import Command
from crawler.corpus.export import FORMATS
from crawler.corpus.export.graph import GRAPH_FORMATS as WRITTEN_GRAPHS
from tests.archive.corpora import make_corpus, rewrite
from tests.factories import make_article, make_stub, related_items
from tests.waiting import HANG_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b]52;c;cm0=\x07 \u202eevil \u2028[bold]markup[/bold] \x9b31m"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora") / "corpus"
    make_corpus(
        root,
        make_article(1, title="Rain in Tehran", published="2020-06-01T10:00:00+04:30", related=related_items(2, 4)),
        make_article(2, title="More rain", text="First it rained.\n\nThen it snowed in the old city."),
        make_article(2, title="More rain", text="First it rained.\n\nThen it hailed in the old city.", run="run-2"),
        make_stub(4, title="A lost rain"),
    )
    return root


@pytest.fixture(scope="module")
def hostile_root(tmp_path_factory):
    """Lines that no cleaning has seen: another program wrote them."""
    root = tmp_path_factory.mktemp("corpora") / "hostile"
    make_corpus(root, make_article(1, title="TITLE word", text="TEXT word", language="en"))
    segment = root / "articles" / "articles-000001.jsonl"
    hostile = json.dumps(HOSTILE)[1:-1].encode()
    rewrite(segment, (b"TITLE", hostile), (b"TEXT", hostile))
    rebuild(root, "for the test")
    return root


def scrapy(root, *arguments):
    command = [sys.executable, "-m", "scrapy", "corpus", *arguments, "-s", f"CORPUS_DIR={root}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=HANG_SECONDS, check=False)


def parser_of(command):
    command.settings = Settings()
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.add_options(parser)
    return parser


def run(verb, root, *arguments, capsys, **settings):
    """Run a verb in this process; return its exit code and what it printed."""
    command = Command()
    opts, rest = parser_of(command).parse_known_args([verb, *arguments])
    command.settings = Settings(
        {"CORPUS_DIR": str(root), "ARCHIVE_SEGMENT_MB": 1, "ARCHIVE_COMPRESSION": None, **settings}
    )
    command.run(rest, opts)
    out, err = capsys.readouterr()
    return command.exitcode, out, err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_that_parses(verb, capsys):
    parser = parser_of(Command())
    words = shlex.split(VERBS[verb].example)
    assert words[:3] == ["scrapy", "corpus", verb]
    assert parser.parse_known_args(words[2:])[1] == []
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([verb, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert f"\n\nExample: {' '.join(words[:3])}" in out
    assert "\n\nExit codes: 0 done" in out
    assert "--json" in out


def test_search_prints_the_best_with_their_hits_marked(root, capsys):
    code, out, _ = run("search", root, "rain", "--kind", "article", capsys=capsys)
    assert code == 0
    assert "**Rain** in Tehran\n" in out
    assert "replica/1 · 2020-06-01 · article · en" in out
    assert out.endswith("2 found\n")


def test_search_json(root, capsys):
    code, out, _ = run("search", root, "hailed", "--json", "--limit", "1", capsys=capsys)
    found = json.loads(out)
    (hit,) = found["hits"]
    assert (code, found["total"], hit["key"], hit["version"]) == (0, 1, "replica/2", 2)
    assert [hit["snippet"][start:end] for start, end in hit["snippet_marks"]] == ["hailed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "?"], "gleaner: there is no word to search for\n"),
        (["search", "x", "--since", "1.1.2020"], "gleaner: --since 1.1.2020: give a date such as 2020, 2020-06 "),
    ],
)
def test_senseless_arguments_are_one_clear_line(root, arguments, message, capsys):
    code, out, err = run(arguments[0], root, *arguments[1:], capsys=capsys)
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "x", "--bogus\x1b[31m"], "unknown argument --bogus\\x1b[31m"),
        (["search"], "the following arguments are required: WORDS"),
    ],
)
def test_wrong_usage_is_exit_code_2(root, arguments, message):
    done = scrapy(root, *arguments)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("verb", [["search", "x"], ["repair"]])
def test_no_corpus(tmp_path, capsys, verb):
    code, out, err = run(verb[0], tmp_path, *verb[1:], capsys=capsys)
    assert (code, out) == (1, "")
    assert err == f"gleaner: corpus {tmp_path}: there is no corpus here (no corpus.json)\n"


@pytest.mark.parametrize("json_", [[], ["--json"]])
@pytest.mark.parametrize("verb", [["search", "word"], ["history", "1"], ["duplicates"], ["stats"], ["verify"]])
def test_nothing_in_a_corpus_steers_a_terminal(hostile_root, verb, json_, capsys):
    _, out, err = run(verb[0], hostile_root, *verb[1:], *json_, capsys=capsys)
    assert not [raw for raw in ("\x1b", "\x07", "\x9b", "\u202e", "\u2028") if raw in out + err]
    assert verb[0] != "search" or "[bold]markup" in out


def test_export_and_graph_write_what_they_say(root, tmp_path, capsys):
    out = tmp_path / "out"
    code, said, _ = run("export", root, "--format", "csv", "--kind", "article", "-o", f"{out}.csv", capsys=capsys)
    assert (code, said) == (0, f"2 records in {out}.csv\n")
    code, said, _ = run("export", root, "--format", "jsonl", "--all-versions", "--json", "-o", f"{out}", capsys=capsys)
    facts = {"output": str(out), "format": "jsonl", "records": 4, "without_text": 0, "damaged": 0, "without_capture": 0}
    facts |= {"lost": [], "cut_cells": 0}
    assert (code, json.loads(said)) == (0, facts)
    code, said, _ = run("graph", root, "--format", "dot", "-o", f"{out}.dot", capsys=capsys)
    assert (code, said) == (0, f"3 nodes and 2 edges in {out}.dot\n")
    code, said, err = run("graph", root, "--format", "dot", "-o", f"{out}.dot", capsys=capsys)
    assert (code, said, err) == (4, "", f"gleaner: {out}.dot exists already: give --force to replace it\n")


def test_a_pipe_gets_the_data_alone(root):
    done = scrapy(root, "export", "--format", "jsonl", "-o", "-")
    assert sorted(json.loads(line)["id"] for line in done.stdout.splitlines()) == ["1", "2", "4"]
    assert done.stderr == b"3 records in -\n"


def test_the_formats_offered_are_those_there_are():
    assert set(EXPORT_FORMATS) == set(FORMATS)
    assert set(GRAPH_FORMATS) == set(WRITTEN_GRAPHS)


def test_history_shows_versions_and_what_changed(root, capsys):
    code, out, _ = run("history", root, "2", capsys=capsys)
    first, second, *_, diff = out.splitlines()
    assert code == 0
    assert first == "1  2026-11-22T20:00:00+00:00  article from origin, 10 words, run run-1"
    assert second.endswith("run run-2")
    assert diff == "Then it [-snowed-] {+hailed+} in the old city."
    found = json.loads(run("history", root, "replica/2", "--json", capsys=capsys)[1])
    assert [version["run"] for version in found["versions"]] == ["run-1", "run-2"]
    assert (found["diff"]["from"], found["diff"]["to"]) == (1, 2)
    assert {"kind": "added", "text": "hailed"} in found["diff"]["changes"]
    code, out, _ = run("history", root, "2", "--from", "2", "--to", "1", capsys=capsys)
    assert "[-hailed-] {+snowed+}" in out


@pytest.fixture(scope="module")
def doubled(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora") / "doubled"
    corpus = Corpus(root, "replica")
    corpus.find_near_duplicates(0.5)
    text = " ".join(f"word{number}" for number in range(60))
    with corpus.group():
        corpus.add(make_article(1, text=text.removesuffix(" word58 word59"), title="A story"))
        corpus.add(make_article(2, text=f"{text} end", title="A story"))
        corpus.add(make_article(3, text=f"{text} end"))
    corpus.close()
    return root


def test_duplicates_are_shown_under_what_they_repeat_with_the_words_that_differ(doubled, capsys):
    code, out, _ = run("duplicates", doubled, capsys=capsys)

    assert code == 0
    assert [line for line in out.splitlines() if not line.startswith("    ") and line] == [
        "replica/2  A story · http://127.0.0.1/news/2",
        "  replica/1  A story · http://127.0.0.1/news/1",
        "  replica/3  Title 3 · http://127.0.0.1/news/3",
        "2 duplicates of 1 records",
    ]
    assert "    similarity 0.97; it is shorter; it was in articles/ before\n    A story\n\n    word0 word1" in out
    assert " … " in out
    assert " word57 [-word58 word59 end-]\n" in out
    assert "    it has the same text\n    [-A story-] {+Title 3+}" in out


def test_duplicates_of_one_key_and_in_json(doubled, root, capsys):
    for key in ("1", "replica/2"):
        found = json.loads(run("duplicates", doubled, key, "--json", capsys=capsys)[1])
        assert (found["clusters"], found["duplicates"]) == (1, 2)
        (cluster,) = found["shown"]
        assert (cluster["key"], cluster["title"]) == ("replica/2", "A story")
        assert [(one["key"], one["duplicate_rule"], one["similarity"]) for one in cluster["repeats"]] == [
            ("replica/1", "moved-shorter", 0.9748),
            ("replica/3", "text", 1.0),
        ]
        assert {change["kind"] for change in cluster["repeats"][0]["diff"]} == {"equal", "removed"}
    assert run("duplicates", root, "1", capsys=capsys)[:2] == (0, "1: it has no duplicates\n")
    assert run("duplicates", root, capsys=capsys)[1] == "0 duplicates of 0 records\n"
    code, _, err = run("duplicates", root, "99", capsys=capsys)
    assert (code, err) == (4, "gleaner: replica/99: nothing is archived under this key\n")


def test_history_shows_one_version_or_no_article(root, capsys):
    assert json.loads(run("history", root, "1", "--json", capsys=capsys)[1])["diff"] is None
    code, out, err = run("history", root, "2", "--from", "7", capsys=capsys)
    assert (code, out, err) == (4, "", "gleaner: version 7 does not exist; there are 1, 2\n")
    assert run("history", root, "99", capsys=capsys)[0] == 4


def test_merge_says_what_came_of_each(root, tmp_path, capsys):
    code, out, _ = run("merge", tmp_path / "new", str(root), capsys=capsys)
    assert (code, out) == (0, f"{root}: 4 added, 0 duplicates, 0 unchanged\n")
    code, out, _ = run("merge", tmp_path / "new", str(root), "--json", capsys=capsys)
    counts = json.loads(out)["merged"][str(root)]
    assert (counts["added"], counts["unchanged"]) == (0, 4)
    code, out, err = run("merge", root, str(root), capsys=capsys)
    assert (code, out) == (4, "")
    assert "is the corpus to merge into; give other corpora" in err


def test_seal_and_bag_compress_as_the_setting_says_unless_an_option_differs(tmp_path, capsys):
    for number, (verb, options, suffix) in enumerate(
        [("seal", (), ".zst"), ("seal", ("--compression", "gzip"), ".gz"), ("bag", ("--compression", "none"), ".jsonl")]
    ):
        root, bag = tmp_path / f"corpus-{number}", tmp_path / "bag"
        make_corpus(root, make_article(1))
        out = (str(bag),) if verb == "bag" else ()
        assert run(verb, root, *out, *options, capsys=capsys, ARCHIVE_COMPRESSION="zstd")[0] == 0
        (segment,) = (bag / "data" if out else root).glob("articles/*.jsonl*")
        assert segment.suffix == suffix


def test_stats_counts(root, capsys):
    stats = json.loads(run("stats", root, "--json", capsys=capsys)[1])
    assert (stats["records"], stats["versions"], stats["duplicates"]) == ({"article": 2, "stub": 1}, 4, 0)
    code, out, _ = run("stats", root, capsys=capsys)
    assert code == 0
    assert "article 2, stub 1" in out


def test_report_writes_a_page_where_it_says(root, tmp_path, capsys):
    code, out, _ = run("report", root, capsys=capsys)
    assert (code, out.startswith(f"{root}/report.html: ")) == (0, True)
    code, out, _ = run("report", root, "-o", str(tmp_path / "r.html"), "--json", capsys=capsys)
    page = (tmp_path / "r.html").read_bytes()
    assert (code, json.loads(out)) == (0, {"output": str(tmp_path / "r.html"), "run": None, "bytes": len(page)})
    code, _, err = run("report", root, "-o", str(tmp_path / "r.html"), capsys=capsys)
    assert (code, err.count("\n")) == (4, 1)
    assert run("report", root, "--run", "latest", capsys=capsys)[::2] == (
        4,
        f"gleaner: corpus {root}: no run has ended yet\n",
    )
    assert run("report", root, "--keys", "stubs", capsys=capsys)[1] == "replica/4\n"
