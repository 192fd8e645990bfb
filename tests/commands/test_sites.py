"""``scrapy sites``: drafts a profile that crawls as well as one by hand, tries profiles, and prints them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawler.captures.lines import CaptureLine, encode_line, read_captures, write_captures
from crawler.replica import Site
from crawler.replica.page import Pages
from crawler.seeds import read_seeds
from crawler.sites import load_profile
from crawler.warc import Exchange
from tests.crawling import crawl, records, scrapy, write_seed
from tests.draft.lists import articles, beside, capture, listed, slug
from tests.recover.webarchive import Answer, Asked, Pywb, archive, captured, page

SHARED_SEEDS = Path("/work/shared/seeds")
EVERY = range(1_793_000, 1_796_000, 121)
FAST = ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", "IMAGES_FETCH=none")
ARCHIVE = '[[recover.archives]]\nname = "ours"\ncdx = "{0}/web-index"\nreplay = "{0}/web/{{timestamp}}id_/{{url}}"\n'
BUDGETS = "cdx_per_minute = 60000\ncaptures_per_minute = 60000\n"
NEW_SYSTEM = 1_794_500
"""From this id on, the second site has other URLs."""


def not_found(_asked: Asked, _before: int) -> Answer:
    """Answer as a site that is gone."""
    return 404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>"


@pytest.fixture(scope="module")
def gone_site() -> Iterator[str]:
    """Give the address of a site that has nothing any more."""
    with archive(not_found) as (url, _):
        yield url


def captures_of_replica(base: str, ids: list[int]) -> Iterator[Exchange]:
    """Yield captures of the replica: most of the articles *ids*, some of their pictures, and other pages."""
    site, draw = Site(), random.Random(2)
    for number in ids:
        published = site.calendar.published(number)
        if draw.random() < 0.8:
            when = (published + timedelta(days=draw.randint(0, 90))).astimezone(UTC)
            yield from captured(base, f"/news/{number}", when, site)
            yield from captured(base, f"/news/image/original/{site.pic(number)}", when, site)
        yield from captured(base, f"/getcontent?tid={number % 40}", published.astimezone(UTC), site)


def captures_of_other_site(base: str, ids: list[int]) -> Iterator[Exchange]:
    """Yield captures of a site of two eras: ids in queries, then in paths before a slug."""
    site, draw = Site(), random.Random(3)
    for number in ids:
        when = (site.calendar.published(number) + timedelta(days=draw.randint(0, 90))).astimezone(UTC)
        old, new = f"{base}/story.php?id={number}", f"{base}/en/{number}-{site.slug(number)}.html"
        url = old if number < NEW_SYSTEM else new
        if draw.random() < 0.8:
            body = Pages(site, base).article(number).replace(f"{base}/news/{number}".encode(), url.encode())
            yield page(url, when, body)
        yield page(f"{base}/list.php?section={number % 9}", when, b"<h1>A list</h1>")


REPLICA_ARTICLES = "urls = [\"{0}/news/{{id}}\"]\nid_pattern = '/news/(?P<id>[0-9]+)'\n"
OTHER_ARTICLES = (
    'urls = ["{0}/story.php?id={{id}}", "{0}/en/{{id}}"]\nid_pattern = \'(?:/story.php.id=|/en/)(?P<id>[0-9]+)\'\n'
)
SITES: dict[str, tuple[Callable[[str, list[int]], Iterator[Exchange]], str]] = {
    "replica": (captures_of_replica, REPLICA_ARTICLES),
    "two eras": (captures_of_other_site, OTHER_ARTICLES),
}


def profile_by_hand(path: Path, base: str, table: str, archives: str) -> Path:
    """Write a profile whose [article] is *table*."""
    head = 'name = "paper"\nlanguage = "en"\ntimezone = "Asia/Tehran"\n'
    path.write_text(f"{head}[article]\n{table.format(base)}{ARCHIVE.format(archives)}{BUDGETS}", encoding="utf-8")
    return path


def ids_in(path: Path) -> list[int]:
    """Return the ids in the dumps at *path* that have a page."""
    dumps = chain.from_iterable(seed.page.dumps for seed in read_seeds([str(path)], ZoneInfo("UTC")))
    return sorted({int(item.id) for dump in dumps for item in dump.related if len(item.id) < 8})


def reached(seeds: Path, profile: Path, corpus: Path) -> dict[str, str]:
    """Crawl *seeds* with *profile*, and return the title of each article that was found."""
    done = crawl(seeds, corpus, profile, "depth=1", settings=FAST)
    assert done.returncode == 0, done.stderr[-2_000:]
    return {record["id"]: record["title"] for record in records(corpus) if record["kind"] == "article"}


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("seeds", ["our own", "shared"])
def test_drafted_profile_reaches_all_that_one_by_hand_reaches(name, seeds, gone_site, tmp_path):
    if seeds == "shared" and not SHARED_SEEDS.is_dir():
        pytest.skip("the shared seeds are not here")
    dumps = SHARED_SEEDS if seeds == "shared" else write_seed(tmp_path / "seed.txt", *EVERY)
    exchanges, table = SITES[name]
    archives = Pywb(tmp_path / "pywb", web=list(exchanges(gone_site, ids_in(dumps))))
    try:
        by_hand = profile_by_hand(tmp_path / "hand.toml", gone_site, table, archives.url)
        index = tmp_path / "pywb" / "collections" / "web" / "indexes" / "index.cdxj"
        listing = tmp_path / "captures.jsonl.gz"
        write_captures(listing, (line._replace(source="ours") for line in read_captures(str(index))))
        drafted = tmp_path / "drafted.toml"
        options = ("--seeds", dumps, "--archives", by_hand, "--name", "paper", "-o", drafted, "--json")
        done = scrapy("sites", "draft", listing, *options)
        assert done.returncode == 0, done.stderr
        evidence = json.loads(done.stdout)
        assert (evidence["unread_pages"], evidence["timezone"]["name"]) == (0, "Asia/Tehran")
        profiles = (load_profile(str(drafted)), load_profile(str(by_hand)))
        assert set(profiles[0].article_templates) == set(profiles[1].article_templates)
        expected = reached(dumps, by_hand, tmp_path / "by-hand")
        found = reached(dumps, drafted, tmp_path / "by-draft")
    finally:
        archives.stop()
    assert len(expected) > 0.5 * len(ids_in(dumps)) > 10
    assert found == expected


def write_list(path: Path, url_of: Callable[[int], str], *more: CaptureLine) -> Path:
    """Write a list of captures of articles, with what stands beside them."""
    base = "/".join(url_of(1).split("/")[:3])
    write_captures(path, listed(articles(url_of, range(1, 400)), beside(base), more))
    return path


def test_draft_needs_no_dump_and_no_page_and_says_what_is_doubtful(tmp_path):
    listing = write_list(tmp_path / "list.jsonl.zst", lambda n: f"https://www.example.it/news/{n}/{slug(n)}")
    out = tmp_path / "it.toml"
    done = scrapy("sites", "draft", listing, "-o", out, "--pages", "0")
    assert done.returncode == 0, done.stderr
    profile, text = load_profile(str(out)), out.read_text(encoding="utf-8")
    assert profile.article_urls("7") == ("https://www.example.it/news/7",)
    assert profile.article_id("https://www.example.it/news/7/rain?utm_source=x") == "7"
    assert profile.article_id("https://www.example.it/category/7") is None
    assert (profile.name, profile.zone.key, profile.recovery.archives[0].name) == ("example", "Europe/Rome", "wayback")
    assert "DOUBTFUL: the country of the host alone" in text
    assert "UNKNOWN whether it works without what followed the id" in text
    assert "# https://www.example.it/category/{id}" in text


def test_draft_never_replaces_a_file_without_force(tmp_path):
    listing = write_list(tmp_path / "list.jsonl", lambda n: f"https://example.org/news/{n}")
    out = tmp_path / "x.toml"
    out.write_text("precious")
    done = scrapy("sites", "draft", listing, "-o", out, "--pages", "0")
    assert (done.returncode, out.read_text()) == (4, "precious")
    assert "give --force to replace it" in done.stderr
    texts = []
    for _ in range(2):
        assert scrapy("sites", "draft", listing, "-o", out, "--pages", "0", "--force").returncode == 0
        texts.append(out.read_text())
    assert texts[0] == texts[1] != "precious"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no capture of a page in it"),
        ("rubbish and nonsense\n", "list.jsonl:1"),
        (encode_line(capture("http://example.org/rain", "20150101000000")).decode(), "can be the id of articles"),
    ],
)
def test_list_without_evidence_is_one_line(tmp_path, content, message):
    path = tmp_path / "list.jsonl"
    path.write_text(content)
    done = scrapy("sites", "draft", path, "-o", tmp_path / "x.toml")
    assert (done.returncode, done.stdout) == (4, "")
    assert message in done.stderr
    assert not (tmp_path / "x.toml").exists()


def test_hostile_urls_in_comments_cannot_change_the_profile(tmp_path):
    evil = [
        capture(f"https://example.org/photo/{n}?x=%0A%22evil%22={n}'\"[]#", f"2015010{n}000000") for n in range(1, 9)
    ]
    listing = write_list(tmp_path / "list.jsonl", lambda n: f"https://example.org/news/{n}", *evil)
    done = scrapy("sites", "draft", listing, "-o", tmp_path / "x.toml", "--pages", "0")
    assert done.returncode == 0, done.stderr
    assert load_profile(str(tmp_path / "x.toml")).article_templates == ("https://example.org/news/{id}",)


def test_check_names_each_mistake_by_its_key(tmp_path):
    listing = write_list(tmp_path / "list.jsonl", lambda n: f"https://example.org/news/{n}")
    dump = write_seed(tmp_path / "seed.txt", 7, 8, 9)
    profile = tmp_path / "x.toml"
    good = (
        'name = "x"\ntimezone = "UTC"\n[article]\nurls = ["https://example.org/news/{id}"]\n'
        "id_pattern = '/news/(?P<id>[0-9]+)'\n[image]\nurls = [\"https://example.org/i/{pic}\"]\n"
    )
    profile.write_text(good)
    arguments = ("sites", "check", profile, listing, dump, "--pages", "0")
    done = scrapy(*arguments, "--json")
    facts = json.loads(done.stdout)
    assert (facts["ids_of_dumps"], facts["templates"][0]["ids"] > 200) == (3, True)
    assert (done.returncode, [key for key, _ in facts["mistakes"]]) == (
        17,
        ["image.urls"],
    )  # its pictures are elsewhere
    good += 'flat_urls = ["https://example.org/img/{pic}"]\n'
    profile.write_text(good)
    done = scrapy(*arguments)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no mistake found")
    for before, after, key in (
        ("/news/{id}", "/story/{id}", "article.urls"),
        ("/news/(", "/story/(", "article.id_pattern"),
        ("[image]", "[[known]]\nid = 1\ndate = 2030-01-01\n[[known]]\nid = 999\ndate = 2031-01-01\n[image]", "known"),
    ):
        profile.write_text(good.replace(before, after))
        done = scrapy(*arguments)
        assert (done.returncode, f"MISTAKE {key}: " in done.stdout) == (17, True), done.stdout


def test_check_tries_a_profile_on_a_corpus_and_on_the_live_site(replica, tmp_path):
    corpus = tmp_path / "corpus"
    assert crawl(write_seed(tmp_path / "seed.txt", *EVERY[:3]), corpus, replica.profile, settings=FAST).returncode == 0
    done = scrapy("sites", "check", replica.profile, corpus, "--json")
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["records"] >= 3, facts["mistakes"]) == (0, True, [])
    lines = (capture(f"{replica.url}/news/{number}", "20160301000000") for number in EVERY[:3])
    write_captures(tmp_path / "list.jsonl", lines)
    done = scrapy("sites", "check", replica.profile, tmp_path / "list.jsonl", "--live", "3", "--json")
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["read_pages"], facts["titles"], facts["texts"]) == (0, 3, 3, 3)


@pytest.mark.parametrize("name", ["alalam", "replica"])
def test_shown_profile_is_the_same_profile(name, tmp_path):
    shown = scrapy("sites", "show", name)
    path = tmp_path / "x.toml"
    path.write_text(shown.stdout)
    one, other = load_profile(name), load_profile(str(path))
    assert (one, one.origins) == (other, other.origins)
    assert scrapy("sites", "show", path).stdout == shown.stdout
    assert json.loads(scrapy("sites", "show", name, "--json").stdout)["name"] == name
    assert path.read_text() == shown.stdout
