"""Captures from a Wayback Machine: raw, at ``/web/<timestamp>id_/<url>``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from crawler.recover.cdx import moment

_REPLAY_RE = re.compile(r"/web/([0-9]{4,14})(?:[a-z]{2}_)?/(https?:/{1,2}.+)", re.ASCII | re.DOTALL)


DECLARED_LENGTH = ("X-Archive-Orig-Content-Length", "X-Crawler-Content-Length")
"""The headers in which archives pass on the site's Content-Length: the Wayback Machine's, and others."""


class Replayed(NamedTuple):
    """What a capture's URL in the archive says: its time and its original URL."""

    timestamp: str
    url: str


def replay_url(wayback: str, timestamp: str, url: str) -> str:
    """Return the archive's URL for the capture's original bytes.

    >>> replay_url("https://web.archive.org", "20160227101112", "http://en.alalam.ir/news/1")
    'https://web.archive.org/web/20160227101112id_/http://en.alalam.ir/news/1'
    """
    return f"{wayback}/web/{timestamp}id_/{url}"


def replayed(wayback: str, url: str) -> Replayed | None:
    """Return the time and original URL of the capture at *url*, None if it is not a capture in this archive."""
    match = _REPLAY_RE.fullmatch(url.removeprefix(wayback)) if url.startswith(f"{wayback}/") else None
    if match is None or moment(match[1]) is None:
        return None
    scheme, _, rest = match[2].partition(":")
    return Replayed(match[1], f"{scheme}://{rest.lstrip('/')}")


def cut_short(body: bytes, declared: Iterable[str | None]) -> bool:
    """Return whether *body* is shorter than the Content-Length that the site had *declared*, in any of its headers.

    The declared length of a compressed body is less than its decoded length, so it never counts as cut short.
    """
    return any(length and length.isascii() and length.isdigit() and int(length[:18]) > len(body) for length in declared)


def archived_at(memento_datetime: str | None, timestamp: str) -> datetime | None:
    """Return when a capture was taken: by the header ``Memento-Datetime`` (RFC 7089), else by its URL."""
    if memento_datetime:
        try:
            said = parsedate_to_datetime(memento_datetime)
        except (ValueError, TypeError, IndexError):
            said = None
        if said is not None:
            return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    return moment(timestamp)
