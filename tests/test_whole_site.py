"""From the name of a site that is gone to a corpus of all that two web archives hold of it, a kill in each step."""

from __future__ import annotations

import json
import signal

import pytest

from crawler.captures.lines import read_captures
from crawler.corpus.fixity.verify import verify
from tests.recover.webarchive import Pywb
from tests.wholesite import (
    COLLECTIONS,
    SOURCES,
    Holdings,
    SmallPages,
    compare,
    crawl_arguments,
    list_arguments,
    profile_of,
    run,
)

HOLDINGS = Holdings(articles=60, held=40, captures=110)
INDEX_LINES, REFUSED_TURN = 20, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def gone_site(start_replica):
    """The live site answers, but it serves no article and no picture any more."""
    return start_replica("--articles", str(HOLDINGS.articles), "--gone", "1", "--gone-pictures", "1")


@pytest.fixture(scope="module")
def archives(gone_site, folder):
    pywb = Pywb(folder / "pywb", **{one: HOLDINGS.exchanges(gone_site.url, one) for one in COLLECTIONS})
    small_pages = SmallPages(pywb, INDEX_LINES, REFUSED_TURN)
    yield small_pages
    small_pages.stop()
    pywb.stop()


@pytest.fixture(scope="module")
def site(gone_site, folder, archives):
    return profile_of(gone_site.profile, folder, archives)


@pytest.fixture(scope="module")
def captures(folder, site, archives):
    """The list of captures, made by a command that was killed once."""
    out = folder / "captures.jsonl.gz"
    killed = run(folder, *list_arguments(site, out), archives=archives, kill_after=4)
    assert killed.code == -signal.SIGKILL, killed.output
    assert not out.exists()
    done = run(folder, *list_arguments(site, out))
    assert done.code == 0, done.output
    assert archives.refused
    return out


def test_list_has_each_text_of_each_article_from_both_archives(captures):
    listed = list(read_captures(str(captures)))
    texts = sum(map(len, HOLDINGS.texts.values()))
    assert len({int(one.url.rpartition("/")[2]) for one in listed}) == HOLDINGS.held
    assert {one.source for one in listed} == set(SOURCES.values())
    assert texts <= len(listed) <= HOLDINGS.captures


def test_count_says_how_many_articles_there_are(captures, site, folder):
    done = run(folder, "captures", "count", captures, "--site", site, "--json", "-s", f"CORPUS_DIR={folder / 'none'}")
    assert done.code == 0, done.output
    counts = json.loads(done.output.splitlines()[-1])
    assert counts["articles"] == HOLDINGS.held


@pytest.mark.parametrize("per_article", ["nearest", "all"])
def test_killed_crawl_ends_with_every_article_that_an_archive_holds(per_article, captures, site, archives, tmp_path):
    arguments = crawl_arguments(captures, site, tmp_path / "corpus", per_article)
    killed = run(tmp_path, *arguments, archives=archives, kill_after=HOLDINGS.held // 2)
    assert killed.code == -signal.SIGKILL, killed.output
    done = run(tmp_path, *arguments)
    assert done.code == 0, done.output
    found, held = compare(tmp_path / "corpus", HOLDINGS), HOLDINGS.held
    assert (found.articles, found.right_title, found.right_text, found.foreign) == (held, held, held, 0)
    if per_article == "all":
        assert found.all_versions == held
    assert verify(tmp_path / "corpus").problems == []


def test_each_listed_capture_is_requested_once(captures, site, archives, tmp_path):
    before = sum(archives.counts[one] for one in COLLECTIONS)
    done = run(tmp_path, *crawl_arguments(captures, site, tmp_path / "corpus", "all"))
    assert done.code == 0, done.output
    listed = sum(1 for _ in read_captures(str(captures)))
    assert sum(archives.counts[one] for one in COLLECTIONS) - before <= 1.05 * listed
