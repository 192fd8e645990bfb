"""Extracts all fields of an article page."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from crawler.extract.authors import find_authors
from crawler.extract.body import UNCERTAIN_SOURCE, Body, BodyReading, find_body
from crawler.extract.canonical import find_canonical_url
from crawler.extract.dates import find_modified, find_published
from crawler.extract.images import find_images
from crawler.extract.languages import find_language
from crawler.extract.learned.forest import Reader
from crawler.extract.page import ArticlePage, FoundField, read
from crawler.extract.titles import find_kicker, find_title
from crawler.extract.tree import parse
from crawler.extract.walls import find_error, find_wall
from crawler.sites import SiteProfile
from crawler.text.clean import NO_RULES

logger = logging.getLogger(__name__)


def extract(
    html: bytes,
    url: str,
    profile: SiteProfile | None = None,
    *,
    charset: str | None = None,
    fetched: datetime | None = None,
    reader: Reader | None = None,
    rules_off: frozenset[str] = NO_RULES,
) -> dict[str, Any]:
    """Return the fields of the article in *html*, the page at *url*.

    All keys are always present: ``title``, ``published`` and ``modified`` (ISO 8601, see
    :func:`crawler.extract.dates.find_published` for zones and for days without a time), ``authors`` (list),
    ``text`` (paragraphs joined by a blank line; no title, date line, caption or dump), ``language`` (ISO 639),
    ``images`` (list of ``{"url", "caption"}``, the lead first), ``canonical_url``, ``kicker`` (the short line above the
    title), and ``sources`` (a field's name to where it was found). An unknown field is None or [], and is not in
    ``sources``. ``sources`` can have three more keys: ``lost`` (``depth`` or ``size``: part of the page could not be
    parsed), ``no_text`` (why there is no text) and ``error`` (the words with which a short page says that the requested
    page does not exist).

    *profile*: the site profile; its selectors come first, and dates are in its zone. *charset*: that of the HTTP
    header. *fetched*: when the page was fetched (default: now); later dates are rejected. *reader*: separates the body
    from the rest of the page (default: the one that ships with Gleaner). *rules_off*: disabled cleaning rules.

    Never raises for any bytes; only ``ImportError``, if a library that it needs cannot be loaded.

    >>> html = b"<html lang=en><h1>A ship arrives</h1><p>On Monday the ship came to the harbour with grain.</p></html>"
    >>> fields = extract(html, "http://example.com/news/7")
    >>> fields["title"], fields["language"], fields["sources"]["title"]
    ('A ship arrives', 'en', 'page')
    """
    with _without_looking_for_cycles():
        return _extracted(html, url, profile, charset, fetched or datetime.now(UTC), reader, rules_off)


@contextmanager
def _without_looking_for_cycles() -> Iterator[None]:
    """Pause the garbage collector: the objects of a page have no cycles, and the search takes 10% of the time."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def _extracted(
    html: bytes,
    url: str,
    profile: SiteProfile | None,
    charset: str | None,
    latest: datetime,
    reader: Reader | None,
    rules_off: frozenset[str],
) -> dict[str, Any]:
    page = _result_or_none(lambda: read(html, url, profile, charset, latest, rules_off))
    if page is None:
        page = ArticlePage(url, parse(b"").root, profile, latest, "parse")
    found: dict[str, FoundField[Any] | None] = {}
    found["title"] = _result_or_none(lambda: find_title(page))
    title = found["title"].value if found["title"] else None
    reading = _result_or_none(lambda: find_body(page, title, reader)) or BodyReading(
        Body([], "", []), "the page could not be read"
    )
    if wall := _result_or_none(lambda: find_wall(page, title, reading.body.paragraphs)):
        reading = BodyReading(Body([], "", []), wall)
    error = _result_or_none(lambda: find_error(page, title, reading.body.paragraphs))
    if error and reading.body.source == UNCERTAIN_SOURCE:
        reading = BodyReading(Body([], "", []), "an error page")
    body = reading.body
    text = "\n\n".join(body.paragraphs) or None
    found["published"] = _result_or_none(lambda: find_published(page))
    found["modified"] = _result_or_none(lambda: find_modified(page))
    found["authors"] = _result_or_none(lambda: find_authors(page))
    found["text"] = FoundField(text, body.source) if text else None
    found["language"] = _result_or_none(lambda: find_language(page, text))
    found["images"] = _result_or_none(lambda: find_images(page, body.elements))
    found["canonical_url"] = _result_or_none(lambda: find_canonical_url(page))
    found["kicker"] = _result_or_none(lambda: find_kicker(page, title))
    return _record(found, {"lost": page.lost, "no_text": reading.missing, "error": error})


def _record(found: dict[str, FoundField[Any] | None], remarks: dict[str, str | None]) -> dict[str, Any]:
    record = {name: answer.value if answer else None for name, answer in found.items()}
    record["authors"] = record["authors"] or []
    record["images"] = record["images"] or []
    sources = {name: answer.source for name, answer in found.items() if answer}
    sources |= {name: remark for name, remark in remarks.items() if remark}
    return {**record, "sources": sources}


def _result_or_none(find: Callable[[], Any]) -> Any:
    """Return the result of *find*; None if it fails: an odd page must cost one field, not the crawl."""
    try:
        return find()
    except ImportError:  # a broken installation, not the page: without it many pages would lose their text
        raise
    except Exception:
        logger.debug("a field could not be read", exc_info=True)
        return None
