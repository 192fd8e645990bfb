"""Cookies along the redirects of one request: a site may set one and redirect to the same page, which needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy.http.cookies import CookieJar

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_JAR = "gleaner_cookies"
_NEW = "gleaner_new_cookies"
MAX_COOKIES = 50
"""Cookies of one chain of redirects; further ones are ignored."""


class ChainCookiesMiddleware:
    """Send cookies that redirects set, to the hosts that browsers would send them to, and forget them.

    They are kept in ``meta``, which redirects and refreshes pass on; the next request of a target starts without
    cookies. So a site cannot see that one visitor requests two pages. Cookies of web archives are ignored.
    """

    @classmethod
    def from_crawler(cls, _crawler: Crawler) -> Self:
        return cls()

    def process_request(self, request: Request) -> None:
        jar = request.meta.get(_JAR)
        request.meta.pop(_NEW, None)
        if jar is not None:
            request.headers.pop("Cookie", None)
            jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        if "Set-Cookie" not in response.headers or request.meta.get("dont_redirect"):
            return response
        jar = request.meta.setdefault(_JAR, CookieJar())
        before = _cookie_values(jar)
        if len(before) < MAX_COOKIES:
            jar.extract_cookies(response, request)
            request.meta[_NEW] = _cookie_values(jar) != before
        return response


def has_new_cookies(request: Request) -> bool:
    """Return whether the answer to *request* set a cookie that was not sent with it."""
    return bool(request.meta.get(_NEW))


def _cookie_values(jar: CookieJar) -> set[tuple[Any, ...]]:
    return {(cookie.domain, cookie.path, cookie.name, cookie.value) for cookie in jar}
