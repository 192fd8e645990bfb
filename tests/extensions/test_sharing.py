"""Sharing: which settings make sense, and that a password in them is shown nowhere."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings

from crawler import settings as ours
from crawler.exceptions import ConfigError, FrontierGone
from crawler.extensions.sharing import Sharing
from crawler.spiders.neighbours import NeighboursSpider
from crawler.spiders.revisit import RevisitSpider
from crawler.utils.log import SafeRecord

pytest.importorskip("redis")


def sharing(spider=NeighboursSpider, **changes):
    settings = Settings()
    settings.setmodule(ours)
    settings.setdict(changes)
    made = SimpleNamespace(profile=SimpleNamespace(name="site"), can_share=spider.can_share)
    return Sharing.from_crawler(SimpleNamespace(settings=settings, spider=made))


@pytest.mark.parametrize("spider", [NeighboursSpider, RevisitSpider])
def test_without_an_address_nothing_is_shared(spider):
    with pytest.raises(NotConfigured):
        sharing(spider)


@pytest.mark.parametrize(
    ("spider", "changes", "message"),
    [
        (RevisitSpider, {}, "this spider works on a corpus of its own"),
        (NeighboursSpider, {"FRONTIER_LEASE_SECONDS": "soon"}, "FRONTIER_LEASE_SECONDS is 'soon'"),
        (NeighboursSpider, {"FRONTIER_LEASE_SECONDS": 0}, "FRONTIER_LEASE_SECONDS is 0"),
        (NeighboursSpider, {"FRONTIER_URL": "http://127.0.0.1/"}, "not the address of a Redis"),
    ],
)
def test_settings_that_make_no_sense_are_refused(spider, changes, message):
    with pytest.raises(ConfigError, match=message):
        sharing(spider, **{"FRONTIER_URL": "redis://127.0.0.1:1", **changes})


def test_silent_redis_is_reported_without_its_password():
    with pytest.raises(FrontierGone, match=r"the frontier at redis://127\.0\.0\.1:1/0 is gone: ") as gone:
        sharing(FRONTIER_URL="redis://me:s3cret@127.0.0.1:1/0")
    assert "s3cret" not in str(gone.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3c@ret@127.0.0.1:1",
        "rediss://me:s3c@ret@a.example/0",
        "redis://a.example?db=1&password=s3cret",
        "redis://:s3c/ret@a.example/0",
    ],
)
def test_no_log_line_shows_the_password(url):
    record = SafeRecord(
        "scrapy.crawler", logging.INFO, "", 0, "Overridden settings: %s", ({"FRONTIER_URL": url},), None
    )
    assert "s3c" not in record.getMessage()
    assert "ret" not in record.getMessage()
    assert "redis" in record.getMessage()
