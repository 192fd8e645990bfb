"""Crawls of listed captures: a real pywb with two collections as two archives, of a site that serves nothing more."""

from __future__ import annotations

import json
import signal
from datetime import datetime
from html import escape
from pathlib import Path

import pytest

from crawler.corpus.fixity.verify import verify
from crawler.replica import Site
from tests import warm
from tests.crawling import QUICK, REPOSITORY, records, scrapy, scrapy_command, setting_arguments
from tests.recover.webarchive import Pywb, captured, page, recovering, utc
from tests.waiting import HANG_SECONDS, wait_for

SITE = Site()
FAST = {"cdx_per_minute": 6000, "captures_per_minute": 60000}
IDS = tuple(range(1793350, 1793362))
WEB, NEWS, BOTH = IDS[:6], IDS[6:10], IDS[10:]
"""Articles that only the first archive holds, only the second, and both."""
YEARS = (2014, 2016, 2018)
SETTINGS = (*QUICK, "ROBOTSTXT_OBEY=False", "IMAGES_FETCH=none")


def edition(base: str, number: int, date: datetime, words: str = ""):
    """Return the exchange of the page of *number* at *date*, whose text begins with *words*."""
    whole = captured(base, f"/news/{number}", date, SITE)[-1]
    beginning = escape(SITE.article(number).paragraphs[0][:25], quote=False).encode()
    assert beginning in whole.body
    before, _, after = whole.body.rpartition(beginning)
    return page(f"{base}/news/{number}", date, before + words.encode() + beginning + after)


def editions(base: str, number: int):
    """Return three captures with two texts: the last one repeats the one before it."""
    words = ("", "Corrected on Monday. ", "Corrected on Monday. ")
    return [edition(base, number, utc(year, 2, 28, 12), said) for year, said in zip(YEARS, words, strict=True)]


@pytest.fixture(scope="module")
def gone_replica(start_replica):
    """All neighbours were switched off, and every picture."""
    return start_replica("--gone-ids", ",".join(map(str, IDS)), "--gone-pictures", "1")


@pytest.fixture(scope="module")
def pywb(gone_replica, tmp_path_factory):
    """Two collections at two paths: three captures of each article, of two of them in both."""
    base = gone_replica.url
    web = [one for number in WEB for one in editions(base, number)]
    news = [one for number in NEWS for one in editions(base, number)]
    for number in BOTH:
        first, *others = editions(base, number)
        web.append(first)
        news += others
    web.append(page(f"{base}/news/{WEB[0]}", utc(2019, 1, 1), b"Moved", status=302, Location=f"{base}/"))
    web.append(page(f"{base}/news/{WEB[0]}", utc(2019, 1, 2), b"Not found", status=404))
    archives = Pywb(tmp_path_factory.mktemp("pywb"), web=web, news=news)
    yield archives
    archives.stop()


@pytest.fixture
def site(gone_replica, pywb, tmp_path):
    library = {
        "name": "library",
        "cdx": f"{pywb.url}/news-index",
        "replay": f"{pywb.url}/news/{{timestamp}}id_/{{url}}",
    }
    return recovering(gone_replica.profile, tmp_path, [library], wayback=pywb.url, cdx=f"{pywb.url}/web-index", **FAST)


def listed(path: Path, pywb: Pywb, **sources: str) -> Path:
    """Write the list of all captures in collections of *pywb*, by the name of their archive; return its path."""
    with path.open("w") as stream:
        for source, collection in sources.items():
            index = pywb.folder / "collections" / collection / "indexes" / "index.cdxj"
            for line in index.read_text().splitlines():
                urlkey, timestamp, rest = line.split(" ", 2)
                facts = json.loads(rest)
                facts.pop("offset")
                facts.pop("filename")
                stream.write(json.dumps({"urlkey": urlkey, "timestamp": timestamp, **facts, "source": source}) + "\n")
    return path


@pytest.fixture
def captures(pywb, tmp_path):
    return listed(tmp_path / "captures.jsonl", pywb, wayback="web", library="news")


def arguments(captures: Path | str, site: Path, corpus: Path, *more: str, settings=()):
    spider = [part for one in (f"captures={captures}", f"site={site}", *more) for part in ("-a", one)]
    return ["crawl", "captures", *spider, *setting_arguments(f"CORPUS_DIR={corpus}", *SETTINGS, *settings)]


def crawl(captures, site, corpus, *more, settings=()):
    return scrapy(*arguments(captures, site, corpus, *more, settings=settings))


def articles(corpus):
    """Return the versions of each article, by its id."""
    found = {}
    for record in records(corpus):
        if record["kind"] == "article":
            found.setdefault(int(record["id"]), []).append(record)
    return found


def stats_of(corpus):
    path = max((corpus / "runs").glob("*/stats.json"))
    return json.loads(path.read_text())["stats"]


def requests_to_archives(corpus):
    prefix = "gleaner/recover/requests/"
    return {name.removeprefix(prefix): count for name, count in stats_of(corpus).items() if name.startswith(prefix)}


def test_every_listed_article_is_archived_without_asking_an_index(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    done = crawl(captures, site, corpus, "depth=0")
    assert done.returncode == 0, done.stderr
    found = articles(corpus)
    assert sorted(found) == list(IDS)
    assert {number: versions[0]["title"] for number, versions in found.items()} == {n: SITE.title(n) for n in IDS}
    sources = {number: versions[0]["capture"]["source"] for number, versions in found.items()}
    assert {sources[number] for number in WEB} == {"wayback"}
    assert {sources[number] for number in NEWS} == {"library"}
    requests = requests_to_archives(corpus)
    assert set(requests) == {"wayback", "library"}
    assert sum(requests.values()) == len(IDS)
    assert verify(corpus).problems == []


def test_all_captures_give_the_versions_of_an_article_oldest_first(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    done = crawl(captures, site, corpus, "depth=0", "per_article=all")
    assert done.returncode == 0, done.stderr
    found = articles(corpus)
    assert sorted(found) == list(IDS)
    for number, versions in found.items():
        assert [one["version"] for one in versions] == [1, 2], number
        assert [one["capture"]["archived"][:4] for one in versions] == ["2014", "2016"]
        assert [one["text"].startswith("Corrected on Monday") for one in versions] == [False, True]
    assert {one["capture"]["source"] for one in found[BOTH[0]]} == {"wayback", "library"}
    stats = stats_of(corpus)
    usable = 3 * len(IDS)
    assert sum(requests_to_archives(corpus).values()) <= 1.05 * usable
    outcomes = {name: stats.get(f"gleaner/captures/{name}", 0) for name in ("archived", "unchanged", "repeated")}
    assert outcomes["archived"] == 2 * len(IDS)
    assert sum(outcomes.values()) == usable
    assert "Listed captures" in done.stdout


@pytest.mark.parametrize(("per_article", "year"), [("first", "2014"), ("last", "2018"), ("nearest", "2016")])
def test_one_capture_of_each_article_is_chosen(captures, site, tmp_path, per_article, year):
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=0", f"per_article={per_article}")
    assert {one["capture"]["archived"][:4] for versions in articles(corpus).values() for one in versions} == {year}


@pytest.mark.parametrize("per_article", ["nearest", "all"])
def test_second_identical_crawl_requests_nothing(captures, site, pywb, tmp_path, per_article):
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=0", f"per_article={per_article}")
    before, lines = len(pywb.requests()), len(records(corpus))
    done = crawl(captures, site, corpus, "depth=0", f"per_article={per_article}")
    assert done.returncode == 0, done.stderr
    assert (len(pywb.requests()), len(records(corpus))) == (before, lines)


def test_summary_says_what_became_of_the_listed_captures(captures, site, tmp_path):
    done = crawl(captures, site, tmp_path / "corpus", "depth=0", "per_article=all")
    usable = 3 * len(IDS)
    assert (
        f"Listed captures: {usable + 1} of {len(IDS)} articles: {2 * len(IDS)} archived (64.9 %), {len(IDS)} that repeat"
        " another, 1 not chosen, 0 failed" in done.stdout
    )
    assert f"Listed articles in the corpus: {len(IDS)} of {len(IDS)}" in done.stdout
    assert f"Lines of no use: 1 of {usable + 2}: 1 status 404" in done.stdout


def test_all_captures_after_one_of_each_add_the_others_and_the_newest_stays_the_article(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=0")
    done = crawl(captures, site, corpus, "depth=0", "per_article=all")
    assert done.returncode == 0, done.stderr
    for versions in articles(corpus).values():
        assert [one["version"] for one in versions] == [1, 2, 3]
        assert [one["capture"]["archived"][:4] for one in versions] == [
            "2016",
            "2014",
            versions[2]["capture"]["archived"][:4],
        ]
        assert versions[2]["text"] == versions[0]["text"] != versions[1]["text"]
    assert verify(corpus).problems == []


def test_killed_crawl_resumes_without_loss_or_a_second_line(captures, site, pywb, tmp_path):
    """Killed after each archived line in turn, until a crawl ends by itself."""
    corpus = tmp_path / "corpus"
    command = scrapy_command(*arguments(captures, site, corpus, "depth=0", "per_article=all"))
    before, kills = len(pywb.requests()), 0
    for wanted in range(1, 12, 2):
        with (tmp_path / "log").open("w") as log:
            process = warm.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
        wait_for(lambda: process.poll() is not None or lines_of(corpus) >= wanted)  # noqa: B023 - called at once
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait(HANG_SECONDS)
    done = scrapy(*command[5:])
    assert done.returncode == 0, done.stderr
    assert kills > 0
    found = articles(corpus)
    assert sorted(found) == list(IDS)
    for number, versions in found.items():
        assert [one["version"] for one in versions] == [1, 2], number
        assert [one["capture"]["archived"][:4] for one in versions] == ["2014", "2016"]
    assert verify(corpus).problems == []
    assert len(pywb.requests()) - before <= 3 * len(IDS) + kills * 16  # those underway at each kill


def lines_of(corpus):
    return sum(path.read_bytes().count(b"\n") for path in (corpus / "articles").glob("*.jsonl"))


def test_stopped_crawl_resumes(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    slow = site.read_text().replace("captures_per_minute = 60000", "captures_per_minute = 120")
    site.with_name("slow.toml").write_text(slow)
    command = scrapy_command(*arguments(captures, site.with_name("slow.toml"), corpus, "depth=0", "per_article=all"))
    with (tmp_path / "log").open("w") as log:
        process = warm.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
    wait_for(lambda: process.poll() is not None or lines_of(corpus) >= 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(HANG_SECONDS) == 11, (tmp_path / "log").read_text()
    assert "was never retrieved" not in (tmp_path / "log").read_text()
    done = crawl(captures, site, corpus, "depth=0", "per_article=all")
    assert done.returncode == 0, done.stderr
    assert {tuple(one["version"] for one in versions) for versions in articles(corpus).values()} == {(1, 2)}


def test_dumps_of_listed_articles_are_followed(captures, site, tmp_path):
    """As those of seeds: what they list is requested from the site, which has it, at the depth that was asked for."""
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=1", "max_articles=40")
    found = articles(corpus)
    others = {number: versions for number, versions in found.items() if number not in IDS}
    assert set(IDS) <= set(found)
    assert others
    assert {(one["depth"], one["capture"]["source"]) for versions in others.values() for one in versions} == {
        (1, "origin")
    }
    assert {one["depth"] for number in IDS for one in found[number]} == {0}
    assert sum(len(versions) for versions in found.values()) <= 40


def test_max_articles_counts_articles_and_the_next_crawl_goes_on(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    for expected in (5, 10, 12):
        done = crawl(captures, site, corpus, "depth=0", "per_article=all", "max_articles=5")
        assert done.returncode == 0, done.stderr
        found = articles(corpus)
        assert len(found) == expected
        assert {tuple(one["version"] for one in versions) for versions in found.values()} == {(1, 2)}


def test_revisit_works_afterwards(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=0")
    done = scrapy("crawl", "revisit", "-a", "older_than=0d", *setting_arguments(f"CORPUS_DIR={corpus}", *SETTINGS))
    assert done.returncode == 0, done.stderr
    assert {number: len(versions) for number, versions in articles(corpus).items()} == dict.fromkeys(IDS, 1)
    assert verify(corpus).problems == []


def test_repaired_corpus_adds_no_line_for_captures_that_it_holds(captures, site, tmp_path):
    corpus = tmp_path / "corpus"
    crawl(captures, site, corpus, "depth=0", "per_article=all")
    lines = lines_of(corpus)
    (corpus / "catalogue.sqlite").unlink()
    done = crawl(captures, site, corpus, "depth=0")
    assert done.returncode == 0, done.stderr
    assert (lines_of(corpus), requests_to_archives(corpus)) == (lines, {})
