"""Reads the answers of web archives' services, and recognizes answers that are not theirs.

Each function raises ``ValueError`` if *response* does not count as an answer, and Excluded
(:mod:`crawler.extensions.archives`) if the archive says that it excludes the site.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.extensions.archives import Excluded
from crawler.recover.cdx import Answer, read_answer
from crawler.recover.commoncrawl import Collection, read_collections
from crawler.recover.refusals import exclusion, is_outage
from crawler.recover.timemap import captures_in, read_timemap

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.items import CaptureSource


def index_answer(response: Response, *, source: CaptureSource) -> Answer:
    """Return what the index of *source* answered."""
    if response.status == HTTPStatus.NOT_FOUND and source == "commoncrawl":
        return Answer((), 0, None)  # this index answers 404 when it has no captures
    check_exclusion(response)
    if response.status != HTTPStatus.OK:
        raise ValueError(f"its index cannot be read (status {response.status})")
    try:
        return read_answer(response.body)
    except ValueError as error:
        raise ValueError(f"its index cannot be read ({error})") from error


def timemap_answer(response: Response, *, url: str, replay: str) -> Answer:
    """Return the captures of *url* in a TimeMap of the archive with the template *replay*.

    Its resume key is the URL of the next page.
    """
    if response.status == HTTPStatus.NOT_FOUND and exclusion(response.status, response.body) is None:
        return Answer((), 0, None)  # RFC 7089: there is no TimeMap of a URL without captures
    check_exclusion(response)
    if response.status != HTTPStatus.OK:
        raise ValueError(f"its TimeMap cannot be read (status {response.status})")
    try:
        timemap = read_timemap(response.body)
    except ValueError as error:
        raise ValueError(f"its TimeMap cannot be read ({error})") from error
    return Answer(tuple(captures_in(timemap, url, replay)), timemap.broken, next(iter(timemap.further), None))


def collections_answer(response: Response) -> tuple[Collection, ...]:
    """Return the collections that Common Crawl lists."""
    try:
        return read_collections(response.body)
    except ValueError as error:
        raise ValueError(f"its list of collections cannot be read ({error})") from error


def capture_answer(response: Response) -> Response:
    """Return *response* if it is a capture, or says that there is no capture."""
    if "Memento-Datetime" not in response.headers:
        check_exclusion(response)
        if response.status == HTTPStatus.OK and is_outage(response.body):
            raise ValueError("a page that says that the archive is out of service")
    return response


def record_answer(response: Response) -> Response:
    """Return *response*, of Common Crawl's data host, which answers 403 to clients that send too many requests."""
    if response.status == HTTPStatus.FORBIDDEN:
        raise ValueError(f"status {response.status}")
    return response


def check_exclusion(response: Response) -> None:
    """Raise Excluded if the archive says that it excludes the site."""
    reason = exclusion(response.status, response.body)
    if reason is not None:
        raise Excluded(reason, response.status)
