"""Holdings as a Wayback Machine gives them: raw, under ``/web/<timestamp>id_/<url>``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from crawler.recover.cdx import moment

_REPLAY_RE = re.compile(r"/web/([0-9]{4,14})(?:[a-z]{2}_)?/(https?:/{1,2}.+)", re.ASCII | re.DOTALL)


DECLARED_LENGTH = ("X-Archive-Orig-Content-Length", "X-Crawler-Content-Length")
"""The headers in which archives hand on the Content-Length that a site had sent: the Wayback Machine, and others."""


class Replayed(NamedTuple):
    """What a capture's URL in the archive says: when it was taken, and of which URL."""

    timestamp: str
    url: str


def replay_url(wayback: str, timestamp: str, url: str) -> str:
    """Return where the archive gives the capture's bytes as they were.

    >>> replay_url("https://web.archive.org", "20160227101112", "http://en.alalam.ir/news/1")
    'https://web.archive.org/web/20160227101112id_/http://en.alalam.ir/news/1'
    """
    return f"{wayback}/web/{timestamp}id_/{url}"


def replayed(wayback: str, url: str) -> Replayed | None:
    """Return what *url* is a capture of, None if it is not one of this archive's."""
    match = _REPLAY_RE.fullmatch(url.removeprefix(wayback)) if url.startswith(f"{wayback}/") else None
    if match is None or moment(match[1]) is None:
        return None
    scheme, _, rest = match[2].partition(":")
    return Replayed(match[1], f"{scheme}://{rest.lstrip('/')}")


def cut_short(body: bytes, declared: Iterable[str | None]) -> bool:
    """Tell whether *body* is shorter than the Content-Length that the site had *declared*, in any of its headers.

    What was declared of a compressed body is less than what it holds, so that tells nothing, and does no harm.
    """
    return any(length and length.isascii() and length.isdigit() and int(length[:18]) > len(body) for length in declared)


def archived_at(memento_datetime: str | None, timestamp: str) -> datetime | None:
    """Return when a capture was taken: what the header ``Memento-Datetime`` (RFC 7089) says, else its URL."""
    if memento_datetime:
        try:
            said = parsedate_to_datetime(memento_datetime)
        except (ValueError, TypeError, IndexError):
            said = None
        if said is not None:
            return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    return moment(timestamp)
