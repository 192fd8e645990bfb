"""Captures in web archives that replay them: URLs by a template such as ``https://host/web/{timestamp}id_/{url}``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from crawler.recover.cdx import moment

_MODIFIER_RE = re.compile(r"\A[a-z]{2}_", re.ASCII)
"""What an archive is to do with the bytes of a capture: ``id_`` leaves them as they are."""
_HOST_RE = re.compile(r"https?://([^/?#]+)", re.IGNORECASE | re.ASCII)
_USUAL_PORT_RE = re.compile(r":(?:80|443)\Z", re.ASCII)
_ORIGINAL_RE = re.compile(r"(https?):/{1,2}([^/].*)", re.IGNORECASE | re.ASCII | re.DOTALL)

DECLARED_LENGTH = ("X-Archive-Orig-Content-Length", "X-Crawler-Content-Length")
"""The headers in which archives pass on the site's Content-Length: the Wayback Machine's, and others."""


class Replayed(NamedTuple):
    """What a capture's URL in the archive says: its time and its original URL."""

    timestamp: str
    url: str


def replay_url(template: str, timestamp: str, url: str) -> str:
    """Return the archive's URL, by its *template*, of the capture of *url* at *timestamp*.

    >>> replay_url("https://arquivo.pt/wayback/{timestamp}id_/{url}", "20160227101112", "http://en.alalam.ir/news/1")
    'https://arquivo.pt/wayback/20160227101112id_/http://en.alalam.ir/news/1'
    """
    before, _, rest = template.partition("{timestamp}")
    return f"{before}{timestamp}{rest.removesuffix('{url}')}{url}"


def replayed(template: str, url: str) -> Replayed | None:
    """Return the time and original URL of the capture at *url*, None if it is not a capture in this archive.

    Archives also redirect to another form of the capture, so the two letters after the time (``id_``, ``mp_``) and the
    archive's scheme may differ from those in *template*.
    """
    before, _, rest = template.partition("{timestamp}")
    host, path = _host_and_rest(before)
    there, tail = _host_and_rest(url)
    between = _MODIFIER_RE.sub("", rest.removesuffix("{url}"))
    match = re.match(rf"([0-9]{{4,14}})(?:[a-z]{{2}}_)?{re.escape(between)}", tail[len(path) :], re.ASCII)
    if host != there or not tail.startswith(path) or match is None or moment(match[1]) is None:
        return None
    original = _ORIGINAL_RE.fullmatch(tail, len(path) + match.end())
    return original and Replayed(match[1], f"{original[1].lower()}://{original[2]}")


def _host_and_rest(url: str) -> tuple[str, str]:
    """Return the host and port of *url*, and what follows; usual ports are dropped, as schemes may differ."""
    match = _HOST_RE.match(url)
    return (_USUAL_PORT_RE.sub("", match[1].lower()), url[match.end() :]) if match else ("", "")


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
