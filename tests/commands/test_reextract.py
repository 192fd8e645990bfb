from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from crawler.archive.verify import verify
from tests.crawling import crawl, records, scrapy, scrapy_command, write_seed

NEIGHBOURS = (1793356, 1793883, 1793911)


@pytest.fixture(scope="module")
def captured(replica, tmp_path_factory):
    """A corpus with the captures of its crawl."""
    folder = tmp_path_factory.mktemp("captured")
    seed = write_seed(folder / "seed.txt", *NEIGHBOURS)
    done = crawl(seed, folder / "corpus", replica.profile, settings=["ARCHIVE_WARC=1"])
    assert done.returncode == 0, done.stderr
    return folder / "corpus"


@pytest.fixture
def corpus(captured, tmp_path):
    return shutil.copytree(captured, tmp_path / "corpus")


@pytest.fixture
def other_site(replica, tmp_path):
    """Return the site profile with a selector of another title: that is today's extractor now."""
    path = tmp_path / "replica.toml"
    text = Path(replica.profile).read_text(encoding="utf-8")
    path.write_text(f'{text}\n[extract]\ntitle = "title"\nbody = "p:first-of-type"\n', encoding="utf-8")
    return path


def reextract(corpus, site, *options):
    done = scrapy("corpus", "reextract", "--site", site, "--json", "-s", f"CORPUS_DIR={corpus}", *options)
    return done, json.loads(done.stdout) if done.stdout.startswith("{") else {}


def articles(corpus):
    return [record for record in records(corpus) if record["kind"] == "article"]


def test_the_same_extractor_changes_nothing(replica, corpus):
    before = records(corpus)
    replica.reset()
    done, told = reextract(corpus, replica.profile, "--yes")
    assert done.returncode == 0, done.stderr
    assert told == {"outcomes": {"same": len(articles(corpus))}, "fields": {}, "lost": []}
    assert records(corpus) == before
    assert replica.stats()["article"] == 0


def test_another_extractor_makes_new_versions_of_the_same_captures(corpus, other_site):
    """... after the difference was shown, and never twice."""
    first = {record["key"]: record for record in articles(corpus)}
    done, told = reextract(corpus, other_site, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert told["outcomes"] == {"changed": len(first)}
    assert told["fields"]["text"] == len(first)
    assert len(articles(corpus)) == len(first)

    key = min(first)
    _, one = reextract(corpus, other_site, "--key", key)
    before, after = one["changed"]["text"]
    assert before == first[key]["text"]

    done, told = reextract(corpus, other_site, "--yes")
    assert told["outcomes"] == {"written": len(first)}
    new = {record["key"]: record for record in articles(corpus) if record["version"] == 2}
    assert new.keys() == first.keys()
    assert new[key]["text"] == after
    for name, record in new.items():
        assert record["capture"] == first[name]["capture"]
        assert record["images"] == first[name]["images"]
        assert record["run"] != first[name]["run"]
    assert verify(corpus).problems == []
    count = len(records(corpus))
    done, told = reextract(corpus, other_site, "--yes")
    assert told["outcomes"] == {"written": len(first)}
    assert len(records(corpus)) == count


def test_nothing_is_written_unless_somebody_agrees(corpus, other_site):
    count = len(records(corpus))
    done = scrapy("corpus", "reextract", "--site", other_site, "-s", f"CORPUS_DIR={corpus}")
    assert done.returncode == 0
    assert "text             differs in" in done.stdout
    assert "nothing is written without --yes" in done.stdout
    assert len(records(corpus)) == count


def test_killed_anywhere_it_goes_on(corpus, other_site):
    """Each article has one new version in the end."""
    for lines in (1, 2):
        process = subprocess.Popen(
            scrapy_command("corpus", "reextract", "--site", other_site, "--yes", "-s", f"CORPUS_DIR={corpus}"),
            stdout=subprocess.PIPE,
        )
        try:
            process.wait(timeout=2.0 * lines)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    done, _told = reextract(corpus, other_site, "--yes")
    assert done.returncode == 0, done.stderr
    keys = [record["key"] for record in articles(corpus) if record["version"] > 1]
    assert sorted(keys) == sorted({record["key"] for record in articles(corpus)})


def test_a_page_that_cannot_be_read_is_told(corpus, other_site):
    (warc,) = (corpus / "warc").glob("*.warc.gz")
    capture = articles(corpus)[0]["capture"]
    data = bytearray(warc.read_bytes())
    data[capture["warc_offset"] + 60] ^= 255
    warc.write_bytes(data)
    done, told = reextract(corpus, other_site, "--dry-run")
    assert done.returncode == 5
    assert told["outcomes"]["failed"] == 1
