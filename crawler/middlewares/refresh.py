"""Follows pages that only lead to another one, as browsers do: the header ``Refresh`` and its form in a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import urldefrag, urljoin

from scrapy.exceptions import NotConfigured
from scrapy.http import TextResponse
from w3lib.url import safe_url_string

from crawler.middlewares.cookies import has_new_cookies
from crawler.net.refresh import MAX_BARE_LETTERS, Refresh, leads_on, read_notice, read_refresh
from crawler.net.statuses import WITH_PAGE
from crawler.utils.components import needed_profile
from crawler.utils.conf import number
from crawler.utils.response import header

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_MAX_SCANNED_BYTES = 128 * 1024
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
        if request.meta.get("dont_redirect") or request.method != "GET" or not _shows_page(response.status):
            return response
        url = self._further(response)
        if url is None or times >= self._max_times:
            return response
        if urldefrag(url).url == urldefrag(response.url).url and not has_new_cookies(request):
            return response
        self._stats.inc_value("gleaner/refreshes")
        urls = [*request.meta.get("redirect_urls", []), request.url]
        meta = {**request.meta, "redirect_times": times + 1, "redirect_urls": urls}
        further = request.replace(url=url, meta=meta)
        for name in _CONDITIONS:  # these headers are about the page that was requested
            further.headers.pop(name, None)
        return further

    def _further(self, response: Response) -> str | None:
        """Return the URL to which *response* leads on; None if the page is to be read."""
        refresh_header = header(response, "Refresh")
        refresh, base, letters = read_refresh(refresh_header) if refresh_header else None, "", 0
        if isinstance(response, TextResponse) and (
            refresh_header or b"refresh" in response.body[:_MAX_SCANNED_BYTES].lower()
        ):
            notice = read_notice(_start(response))
            letters = notice.letters
            if refresh is None:
                refresh = notice.refresh
                base = notice.base or ""
        if refresh is None or not leads_on(refresh, letters, self._max_seconds):
            return None
        url = _joined(response.url, base, refresh)
        if url is None or not self._profile.allows(url):
            return None
        page_id = self._profile.article_id(response.url)
        is_same = page_id is not None and page_id == self._profile.article_id(url)
        bare = letters <= MAX_BARE_LETTERS and response.status in WITH_PAGE
        return url if bare or is_same else None


def _shows_page(status: int) -> bool:
    """Return whether browsers show the body of an answer with *status*: errors have pages, too."""
    return status in WITH_PAGE or status >= HTTPStatus.BAD_REQUEST


def _start(response: TextResponse) -> str:
    """Return the start of a page as text, in which ASCII is readable whatever the encoding."""
    start = response.body[:_MAX_SCANNED_BYTES]
    encoding = "utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    return start.decode(encoding, "replace")


def _joined(page_id: str, base: str, refresh: Refresh) -> str | None:
    """Return the URL of *refresh* on a page at *page_id* with the base *base*; None if that is not a URL."""
    if not refresh.url:
        return page_id
    try:
        url = page_id
        for relative in (base, refresh.url):
            url = urljoin(url, safe_url_string(relative)) if relative else url
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None
