"""The replica with the URL shapes of other content systems, as a crawl by its profile meets it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from crawler.replica import Site
from crawler.replica.layout import LAYOUTS, OLD_HOST
from crawler.replica.page import Pages
from crawler.replica.profile import profile_text
from crawler.replica.routes import Routes
from crawler.sites import load_profile, parse_profile
from tests.crawling import crawl, records, write_seed

BASE = "http://127.0.0.1:8765"
OTHERS = [name for name in LAYOUTS if name != "news"]


def answered(routes, url, **headers):
    """Return the last reply to *url*, redirects followed as a client does, and the URLs on the way."""
    way = [url]
    while True:
        parts = urlsplit(way[-1])
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        kind, reply = routes.reply(target, {"Host": parts.netloc, **headers})
        if "Location" not in reply.headers:
            return kind, reply, way
        way.append(f"http://{parts.netloc}{reply.headers['Location']}")


def test_profile_of_the_usual_layout_is_the_one_that_ships():
    assert parse_profile(profile_text(BASE).encode(), "made") == load_profile("replica")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_profile_of_a_layout_reaches_every_article_and_tells_its_id_in_every_url(layout):
    site = Site(articles=300, layout=layout, missing=0, soft_missing=0, redirects=0.3)
    routes, profile = Routes(site, BASE), parse_profile(profile_text(BASE, layout).encode(), "made")
    for one in [*map(site.id_at, range(0, 300, 3)), 1_793_356, 3_300_000]:
        replies = [answered(routes, url) for url in profile.article_urls(str(one))]
        found = [(reply, way) for kind, reply, way in replies if kind == "article" and reply.status == 200]
        ((reply, way),) = found
        assert reply.body == Pages(site, BASE).article(one)
        for url in (*way, site.url(one, BASE), site.url(one, BASE, slugged=True)):
            assert profile.article_id(url) == str(one)
            assert answered(routes, url)[1].body == reply.body


@pytest.mark.parametrize("layout", LAYOUTS)
def test_profile_of_a_layout_reaches_every_picture(layout):
    site = Site(layout=layout)
    routes, profile = Routes(site, BASE), parse_profile(profile_text(BASE, layout).encode(), "made")
    for one in (1_793_356, 3_300_000):
        pic = site.pic(one)
        urls = profile.image_urls(pic)
        assert {answered(routes, url)[1].media_type for url in urls} == {"image/jpeg"}
        assert {profile.pic(url) for url in (*urls, LAYOUTS[layout].picture_url(pic, BASE))} == {pic}
        assert LAYOUTS[layout].picture_url(pic).replace("&", "&amp;").encode() in Pages(site, BASE).article(one)


@pytest.mark.parametrize("layout", OTHERS)
def test_paths_of_another_layout_are_not_found(layout):
    site, usual = Site(layout=layout), Site()
    for path in (usual.path(1_793_356), usual.path(1_793_356, slugged=True)):
        assert Routes(site, BASE).reply(path, {})[1].status == 404


@pytest.mark.parametrize("layout", LAYOUTS)
def test_dumps_and_texts_are_the_same_in_every_layout(layout):
    assert Site(layout=layout).article(1_793_356) == Site().article(1_793_356)


def test_articles_of_an_earlier_era_lie_on_the_old_host_alone():
    site = Site(layout="eras", redirects=0)
    ids = [one for one in map(site.id_at, range(site.articles)) if site.answer(one) == "page"]
    old, new = ids[0], ids[-1]
    assert urlsplit(site.url(old, BASE)).hostname == OLD_HOST
    assert urlsplit(site.url(new, BASE)).hostname == "127.0.0.1"
    routes = Routes(site, BASE)
    for one, here, elsewhere in ((old, "localhost:8765", "127.0.0.1:8765"), (new, "127.0.0.1:8765", "localhost:8765")):
        assert routes.reply(site.path(one), {"Host": here})[1].status == 200
        assert routes.reply(site.path(one), {"Host": elsewhere})[1].status == 404
    assert routes.reply(site.path(old).replace(str(old), "9" * 20), {})[1].status == 404


@pytest.mark.parametrize("layout", OTHERS)
def test_crawl_by_the_profile_of_a_layout_fetches_articles_and_pictures(layout, start_replica, tmp_path):
    replica = start_replica("--layout", layout, "--missing", "0", "--soft-missing", "0")
    site = Site(layout=layout, missing=0, soft_missing=0)
    old = site.id_at(10)
    seed = write_seed(tmp_path / "seed.txt", 1_793_356, old, pic=site.pic(1_793_356))
    done = crawl(seed, tmp_path / "corpus", replica.profile, "depth=1")
    assert done.returncode == 0, done.stderr
    kept = {one["id"]: one for one in records(tmp_path / "corpus") if one["kind"] == "article"}
    assert {one: kept[str(one)]["title"] for one in (1_793_356, old)} == {
        one: site.title(one) for one in (1_793_356, old)
    }
    assert replica.stats()["image"]


def test_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="layout must be one of news, dated, query, eras, not 'other'"):
        Site(layout="other")
