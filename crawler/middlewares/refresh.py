"""Follows pages that only lead to another one, as browsers do: the header ``Refresh`` and its form in a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured
from scrapy.http import TextResponse

from crawler.middlewares.cookies import has_new_cookies
from crawler.net.refresh import MAX_BARE_LETTERS, MAX_SCANNED_BYTES, FurtherPage, further_page
from crawler.net.statuses import is_page
from crawler.utils.components import needed_profile
from crawler.utils.conf import number
from crawler.utils.response import header

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_CONDITIONS = ("If-None-Match", "If-Modified-Since")


class RefreshMiddleware:
    """Replaces Scrapy's MetaRefreshMiddleware, which ignores the header and some forms in pages.

    A refresh is followed if it comes within three seconds, or within ``METAREFRESH_MAXDELAY`` on a page with little
    text. The page is read instead if the refresh leads outside the site profile; if the page has text, or is of an
    error, and leads to another article or to none; if it leads to itself and has not just set a cookie; and after
    ``REDIRECT_MAX_TIMES`` steps. Counts ``gleaner/refreshes``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._profile = needed_profile(crawler)
        self._max_seconds = number(crawler.settings, "METAREFRESH_MAXDELAY", "a number of seconds")
        self._max_times = crawler.settings.getint("REDIRECT_MAX_TIMES")
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("METAREFRESH_ENABLED"):
            raise NotConfigured
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        times = request.meta.get("redirect_times", 0)
        if request.meta.get("dont_redirect") or request.method != "GET" or not _shows_page(response):
            return response
        further = self._further(response)
        if further is None or times >= self._max_times:
            return response
        if further.is_of(response.url) and not has_new_cookies(request):
            return response
        self._stats.inc_value("gleaner/refreshes")
        urls = [*request.meta.get("redirect_urls", []), request.url]
        meta = {**request.meta, "redirect_times": times + 1, "redirect_urls": urls}
        next_request = request.replace(url=further.url, meta=meta)
        for name in _CONDITIONS:  # these headers are about the page that was requested
            next_request.headers.pop(name, None)
        return next_request

    def _further(self, response: Response) -> FurtherPage | None:
        """Return the page to which *response* leads on; None if the page is to be read."""
        start = response.body[:MAX_SCANNED_BYTES] if isinstance(response, TextResponse) else b""
        further = further_page(response.url, header(response, "Refresh"), start, self._max_seconds)
        if further is None or not self._profile.allows(further.url):
            return None
        page_id = self._profile.article_id(response.url)
        is_same = page_id is not None and page_id == self._profile.article_id(further.url)
        is_bare = further.letters <= MAX_BARE_LETTERS and _is_page(response)
        return further if is_bare or is_same else None


def _is_page(response: Response) -> bool:
    return is_page(response.status, header(response, "Location"))


def _shows_page(response: Response) -> bool:
    """Return whether browsers show the body of *response*: errors have pages, too."""
    return _is_page(response) or response.status >= HTTPStatus.BAD_REQUEST
