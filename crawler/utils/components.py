"""What a component needs of the crawl that it is made for; without it, it is left out (``NotConfigured``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from scrapy.exceptions import NotConfigured

from crawler.sites import SiteProfile

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

T = TypeVar("T")


def needed_profile(crawler: Crawler) -> SiteProfile:
    """Return the site profile of the crawl's spider; that of ``scrapy shell``, say, has none, and so no corpus."""
    profile = getattr(crawler.spider, "profile", None)
    if profile is None:
        raise NotConfigured("the spider has no site profile, so it has no corpus")
    return cast("SiteProfile", profile)


def needed(crawler: Crawler, kind: type[T]) -> T:
    """Return the extension of that *kind*; only for what is made after the extensions, as pipelines are."""
    extension = crawler.get_extension(kind)
    if extension is None:
        raise NotConfigured(f"there is no {kind.__name__} here")
    return extension
