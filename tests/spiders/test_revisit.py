"""Spider revisit: what is due is asked for again, conditionally; what is equal costs a request and no line."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from crawler.archive.description import describe
from tests.conftest import NEIGHBOURS
from tests.crawling import QUICK, crawl, records, scrapy, setting_arguments, write_seed
from tests.droppers import with_pipeline
from tests.growing import growing_site

MANY = len(NEIGHBOURS)


@pytest.fixture
def corpus(tmp_path, replica, crawled):
    replica.reset()
    return crawled.copy(tmp_path)


def revisit(corpus, site, *arguments, settings=()):
    parts = [part for argument in (f"site={site}", *arguments) for part in ("-a", argument)]
    return scrapy("crawl", "revisit", *parts, *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK, *settings))


def change(corpus, statement):
    with closing(sqlite3.connect(corpus / "catalogue.sqlite")) as connection, connection:
        connection.execute(statement)
    connection.close()


def column(corpus, query):
    with closing(sqlite3.connect(corpus / "catalogue.sqlite")) as connection, connection:
        values = [row[0] for row in connection.execute(query)]
    connection.close()
    return values


def of_another_edition(replica, other, tmp_path):
    """Return a profile that asks *other* for the articles of *replica*: the same ids with other texts."""
    path = tmp_path / f"{re.sub('[^0-9]', '', other.url)}.toml"
    path.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, other.url), encoding="utf-8")
    return path


def test_nothing_is_due_right_after_a_crawl(replica, corpus):
    before = records(corpus)
    done = revisit(corpus, replica.profile)
    assert done.returncode == 0, done.stderr
    assert replica.stats()["article"] == 0
    assert records(corpus) == before


def test_unmodified_article_costs_one_request_and_no_line(replica, corpus):
    before = records(corpus)
    done = revisit(corpus, replica.profile, "older_than=0d")
    assert done.returncode == 0, done.stderr
    stats = replica.stats()
    assert (stats["article"], stats["statuses"]["304"], stats["image"]) == (MANY, MANY, 0)
    assert records(corpus) == before
    assert set(column(corpus, "SELECT state FROM targets WHERE depth = 1")) == {"fetched"}
    assert all(interval == 2 * 86400 for interval in column(corpus, "SELECT interval FROM visits"))


def test_an_equal_text_without_validators_adds_no_line_either(replica, corpus):
    change(corpus, "UPDATE visits SET url = NULL, etag = NULL, modified = NULL")
    before = records(corpus)
    assert revisit(corpus, replica.profile, "older_than=0d").returncode == 0
    assert "304" not in replica.stats()["statuses"]
    assert records(corpus) == before


def test_changed_text_is_the_next_version_and_due_sooner(replica, start_replica, corpus, tmp_path):
    other = start_replica("--seed-number", "2")
    site = of_another_edition(replica, other, tmp_path)
    change(corpus, "UPDATE visits SET url = NULL")
    done = revisit(corpus, site, "older_than=0d", f"max_articles={MANY}")
    assert done.returncode == 0, done.stderr
    versions = sorted((record["id"], record["version"]) for record in records(corpus) if record["kind"] == "article")
    assert versions == sorted((str(number), version) for number in NEIGHBOURS for version in (1, 2))
    intervals = column(corpus, "SELECT interval FROM visits JOIN records USING (tid) WHERE version = 2")
    assert intervals == [43200.0] * MANY


def test_old_news_is_requested_only_if_the_argument_says_so(replica, corpus):
    change(corpus, "UPDATE visits SET due = 0")
    assert revisit(corpus, replica.profile).returncode == 0
    assert replica.stats()["article"] == 0
    change(corpus, "UPDATE visits SET due = 0")
    assert revisit(corpus, replica.profile, settings=["REVISIT_NEWS_DAYS=0"]).returncode == 0
    assert replica.stats()["article"] == MANY


def test_max_articles_limits_the_requests(replica, corpus):
    assert revisit(corpus, replica.profile, "older_than=0d", "max_articles=2").returncode == 0
    assert replica.stats()["article"] == 2


def test_failed_targets_wait_for_their_time_and_are_then_articles(replica, tmp_path):
    corpus, dead = tmp_path / "corpus", tmp_path / "dead.toml"
    dead.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, "http://127.0.0.1:9"))
    settings = ["RETRY_TIMES=0", "ROBOTSTXT_OBEY=False"]
    assert crawl(write_seed(tmp_path / "seed.txt", *NEIGHBOURS), corpus, dead, settings=settings).returncode == 9
    assert set(column(corpus, "SELECT interval FROM visits")) == {3600.0}
    replica.reset()
    assert revisit(corpus, replica.profile).returncode == 9
    assert replica.stats()["article"] == 0
    change(corpus, "UPDATE visits SET due = 0")
    done = revisit(corpus, replica.profile)
    assert done.returncode == 0, done.stderr
    latest = {record["key"]: record["kind"] for record in records(corpus)}
    assert sorted(latest.values()) == ["article"] * MANY + ["seed"]


def test_articles_never_fetched_are_fetched(replica, tmp_path):
    corpus = tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", *NEIGHBOURS)
    assert crawl(seed, corpus, replica.profile, "max_articles=1").returncode == 0
    assert revisit(corpus, replica.profile).returncode == 0
    assert sum(record["kind"] == "article" for record in records(corpus)) == MANY


def test_article_lost_on_the_site_is_kept_and_requested_at_growing_intervals(replica, start_replica, corpus, tmp_path):
    gone = start_replica("--faults", "error500=1")
    before = records(corpus)
    site = of_another_edition(replica, gone, tmp_path)
    assert revisit(corpus, site, "older_than=0d", settings=["RETRY_TIMES=0", "ROBOTSTXT_OBEY=False"]).returncode == 0
    assert records(corpus) == before
    assert set(column(corpus, "SELECT state FROM targets WHERE depth = 1")) == {"fetched"}


@pytest.mark.parametrize("argument", ["older_than=soon", "older_than=-1d", "max_articles=0", "seeds=x"])
def test_a_senseless_argument_is_one_clear_line(replica, corpus, argument):
    done = revisit(corpus, replica.profile, argument)
    assert done.returncode == 4
    assert f"-a {argument.partition('=')[0]}=" in done.stderr


def test_revisit_needs_a_corpus(replica, tmp_path):
    done = revisit(tmp_path / "nowhere", replica.profile)
    assert done.returncode == 1
    assert "there is no corpus here" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def stats_of(corpus):
    return json.loads(max(corpus.glob("runs/*/stats.json")).read_bytes())


def test_revisit_goes_as_deep_as_earlier_crawls(tmp_path):
    """... and a page with the same text that lists a new article is a new version, so that its line tells of it."""
    with growing_site(tmp_path, articles=1) as (site, profile):
        seed = write_seed(tmp_path / "seed.txt", site.front)
        for depth, comes_in in ((1, False), (2, True)):
            corpus = tmp_path / f"corpus-{depth}"
            assert crawl(seed, corpus, profile, f"depth={depth}").returncode == 0
            (new,) = site.publish(1)
            done = revisit(corpus, profile, "older_than=0d")
            assert done.returncode == 0, done.stderr
            found = [record for record in records(corpus) if record["kind"] == "article"]
            assert (str(new) in {record["id"] for record in found}) == comes_in
            fronts = [record for record in found if record["id"] == str(site.front)]
            assert [record["version"] for record in fronts] == ([1, 2] if comes_in else [1])
            ran = stats_of(corpus)
            assert ran["stats"].get("gleaner/new_articles", 0) == comes_in
            assert (ran["depth"], ran["site"]) == (depth, "replica")
            assert f"New articles: {int(comes_in)}" in done.stdout
            assert f"{int(comes_in)} new articles were fetched" in done.stderr


def test_a_depth_that_is_given_overrides(tmp_path):
    with growing_site(tmp_path, articles=1) as (site, profile):
        corpus = tmp_path / "corpus"
        assert crawl(write_seed(tmp_path / "seed.txt", site.front), corpus, profile, "depth=1").returncode == 0
        assert revisit(corpus, profile, "depth=2").returncode == 0
        assert {int(record["id"]) for record in records(corpus) if record["kind"] == "article"} == {
            site.front,
            *site.articles,
        }


def test_a_corpus_without_a_depth_goes_as_deep_as_it_went(replica, tmp_path, crawled):
    corpus = crawled.copy(tmp_path)
    older = {name: value for name, value in describe(corpus).items() if name in {"schema", "site", "created"}}
    (corpus / "corpus.json").write_text(json.dumps(older))
    (corpus / "site.toml").unlink()
    change(corpus, f"UPDATE targets SET state = 'pending' WHERE tid = {NEIGHBOURS[0]}")
    assert revisit(corpus, replica.profile).returncode == 0
    assert column(corpus, f"SELECT state FROM targets WHERE tid = {NEIGHBOURS[0]}") == ["fetched"]
    assert (corpus / "site.toml").read_bytes() == replica.profile.read_bytes()


def test_changed_profile_is_reported_and_both_profiles_are_kept(corpus, tmp_path):
    other = tmp_path / "other.toml"
    before = (corpus / "site.toml").read_bytes()
    other.write_bytes(before.replace(b'language = "en"', b'language = "fa"'))
    done = revisit(corpus, other)
    assert done.returncode == 0, done.stderr
    assert "differs from the one that corpus" in done.stderr
    assert "in language" in done.stderr
    assert (corpus / "site.toml").read_bytes() == other.read_bytes()
    assert [path.read_bytes() for path in corpus.glob("site-*.toml")] == [before]
    assert stats_of(corpus)["profile_sha256"] == describe(corpus)["profiles"][-1]
    assert "differs" not in revisit(corpus, other).stderr


def test_held_article_dropped_by_a_pipeline_is_kept_and_one_that_fails_in_it_is_requested_once(tmp_path):
    """More than a batch of them: what ended without a line is not due again in the same run."""
    with growing_site(tmp_path, articles=40) as (site, profile):
        corpus = tmp_path / "corpus"
        assert crawl(write_seed(tmp_path / "seed.txt", site.front), corpus, profile, "depth=2").returncode == 0
        before = records(corpus)
        for name, code, state in (("Dropper", 0, "fetched"), ("Breaker", 9, "failed")):
            site.asked.clear()
            pipeline, environment = with_pipeline(tmp_path, name, *site.articles)
            settings = setting_arguments(f"CORPUS_DIR={corpus}", *QUICK, pipeline, "CLOSESPIDER_TIMEOUT=120")
            done = scrapy("crawl", "revisit", "-a", "older_than=0d", *settings, env=environment)
            assert done.returncode == code, done.stderr
            assert sorted(site.asked) == sorted([site.front, *site.articles])
            assert set(column(corpus, "SELECT state FROM targets WHERE depth = 2")) == {state}
        assert records(corpus) == before
