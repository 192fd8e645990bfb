from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.commands.corpus import Command
from crawler.corpus.fixity.verify import verify
from tests import warm
from tests.crawling import records, scrapy_command


@pytest.fixture
def corpus(captured, tmp_path):
    return shutil.copytree(captured.corpus, tmp_path / "corpus")


@pytest.fixture
def other_site(captured, tmp_path):
    """Return the site profile with selectors of its own: that is today's extractor now."""
    path = tmp_path / "replica.toml"
    text = Path(captured.profile).read_text(encoding="utf-8")
    path.write_text(f'{text}\n[extract]\ntitle = "title"\nbody = "p:first-of-type"\n', encoding="utf-8")
    return path


@pytest.fixture
def reextract(capsys):
    """Give a function that runs the verb in this process, and returns its exit code and what it printed."""

    def run(corpus, site, *options):
        command = Command()
        command.settings = Settings()
        parser = argparse.ArgumentParser(conflict_handler="resolve")
        command.add_options(parser)
        opts, rest = parser.parse_known_args(["reextract", "--site", str(site), *options])
        command.settings.setmodule("crawler.settings")
        command.settings.update({"CORPUS_DIR": str(corpus), "EXTRACT_PROCESSES": 0})
        command.run(rest, opts)
        out = capsys.readouterr().out
        return command.exitcode, json.loads(out) if out.startswith("{") else out

    return run


def articles(corpus):
    return [record for record in records(corpus) if record["kind"] == "article"]


def test_the_same_extractor_changes_nothing(captured, corpus, reextract):
    before = records(corpus)
    code, told = reextract(corpus, captured.profile, "--yes", "--json")
    assert (code, told) == (0, {"outcomes": {"same": len(articles(corpus))}, "fields": {}, "lost": []})
    key = articles(corpus)[0]["key"]
    code, told = reextract(corpus, captured.profile, "--key", key, "--json")
    assert (code, told) == (0, {"key": key, "version": 1, "changed": {}})
    assert records(corpus) == before


def test_another_extractor_makes_new_versions_of_the_same_captures(corpus, other_site, reextract):
    """... after the difference was shown, and never twice."""
    first = {record["key"]: record for record in articles(corpus)}
    _, told = reextract(corpus, other_site, "--dry-run", "--json")
    assert told["outcomes"] == {"changed": len(first)}
    assert told["fields"]["text"] == len(first)
    assert len(articles(corpus)) == len(first)

    key = min(first)
    _, one = reextract(corpus, other_site, "--key", key, "--json")
    before, after = one["changed"]["text"]
    assert before == first[key]["text"]

    _, told = reextract(corpus, other_site, "--yes", "--json")
    assert told["outcomes"] == {"written": len(first)}
    new = {record["key"]: record for record in articles(corpus) if record["version"] == 2}
    assert new.keys() == first.keys()
    assert new[key]["text"] == after
    for name, record in new.items():
        assert record["capture"] == first[name]["capture"]
        assert record["images"] == first[name]["images"]
        assert record["run"] != first[name]["run"]
    assert verify(corpus, processes=1).problems == []
    count = len(records(corpus))
    _, told = reextract(corpus, other_site, "--yes", "--json")
    assert told["outcomes"] == {"written": len(first)}
    assert len(records(corpus)) == count


def test_versions_are_written_only_with_consent(corpus, other_site, reextract, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    count = len(records(corpus))
    code, said = reextract(corpus, other_site)
    assert code == 0
    assert "text             differs in" in said
    assert "nothing was written: confirm with --yes" in said
    assert len(records(corpus)) == count


def test_reextract_killed_anywhere_resumes(corpus, other_site, reextract):
    """Each article has one new version in the end."""
    command = ("corpus", "reextract", "--site", other_site, "--yes", "-s", f"CORPUS_DIR={corpus}")
    process = warm.Popen(scrapy_command(*command, "-s", "EXTRACT_PROCESSES=0"), stdout=subprocess.DEVNULL)
    try:
        process.wait(timeout=4)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    code, _ = reextract(corpus, other_site, "--yes", "--json")
    assert code == 0
    keys = [record["key"] for record in articles(corpus) if record["version"] > 1]
    assert sorted(keys) == sorted({record["key"] for record in articles(corpus)})


def test_unreadable_page_is_reported(corpus, other_site, reextract):
    capture = articles(corpus)[0]["capture"]
    warc = corpus / capture["warc_file"]
    data = bytearray(warc.read_bytes())
    data[capture["warc_offset"] + 60] ^= 255
    warc.write_bytes(data)
    code, told = reextract(corpus, other_site, "--dry-run", "--json")
    assert (code, told["outcomes"]["failed"]) == (5, 1)


def test_article_that_would_lose_its_text_is_reported_and_left_unchanged(corpus, other_site, reextract):
    other_site.write_text(other_site.read_text().replace("p:first-of-type", "p.nowhere"))
    code, told = reextract(corpus, other_site, "--yes", "--json")
    assert code == 0
    assert told["outcomes"].get("lost", 0) + told["outcomes"].get("written", 0) + told["outcomes"].get("same", 0) == 4
    assert all(record["text"] for record in articles(corpus))
