"""The language of capture indexes: queries to a CDX server, and its answers, in every common dialect.

A line is ``urlkey timestamp original mimetype statuscode digest length`` (the Wayback Machine's), ``urlkey timestamp
{json}`` (pywb's) or one JSON object (Common Crawl's, which is pywb's with ``output=json``). Sources:
https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server,
https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html, https://index.commoncrawl.org
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import orjson

from crawler.net import url_origin
from crawler.recover.holdings import IndexLine
from crawler.warc.dates import instant

PAGE_LINES = 5_000
"""Lines requested at a time: about 0.7 MB, which a CDX server sends in a second."""

_TIMESTAMP_RE = re.compile(r"[0-9]{4,14}", re.ASCII)
_STATUS_RE = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_FILENAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,511}", re.ASCII)
_MAX_URL_LETTERS = 4_000
_MAX_LINE_LETTERS = 20_000
_CDX_FIELDS = 7
_MAX_INTEGER = 2**63 - 1


class Answer(NamedTuple):
    """The answer of an index: its readable lines in order, the number of unreadable ones, and the resume key."""

    lines: tuple[IndexLine, ...]
    broken: int
    resume: str | None


def wayback_query(cdx: str, prefix: str, resume: str | None = None) -> str:
    """Return the URL that requests from the CDX server *cdx* the captures whose URLs begin with *prefix*.

    Redirects and errors are left out if the server knows regular expressions in filters (pywb does not); lines without
    a status are kept.
    """
    asked = {"url": prefix, "matchType": "prefix", "filter": "!statuscode:[345]..", "limit": str(PAGE_LINES)}
    asked["showResumeKey"] = "true"
    if resume:
        asked["resumeKey"] = resume
    return f"{cdx}?{urlencode(asked, quote_via=quote, safe='/:')}"


def commoncrawl_query(index: str, collection: str, prefix: str) -> str:
    """Return the URL that requests from *index* the captures in *collection* of URLs that begin with *prefix*."""
    asked = {
        "url": prefix,
        "matchType": "prefix",
        "output": "json",
        "filter": "!~status:[345]..",
        "limit": str(PAGE_LINES),
    }
    return f"{index}/{collection}-index?{urlencode(asked, quote_via=quote, safe='/:')}"


def read_answer(body: bytes) -> Answer:
    """Read the answer of an index. Raises ValueError if it is not empty and has no index line."""
    lines: list[IndexLine] = []
    broken, resume, blank = 0, None, False
    for raw in body.split(b"\n"):
        text = raw.strip().decode("utf-8", "replace")
        if not text:
            blank = True
        elif (line := read_line(text)) is not None:
            lines.append(line)
            blank = False
        elif blank and lines and resume is None and " " not in text:
            resume = text[:_MAX_URL_LETTERS]
        else:
            broken += 1
    if broken and not lines:
        raise ValueError("not an answer of a capture index")
    return Answer(tuple(lines), broken, resume)


def read_line(text: str) -> IndexLine | None:
    """Return the capture in a line of an index, None if there is none.

    >>> read_line("ir,alalam,en)/news/1 20160227101112 http://en.alalam.ir/news/1 text/html 200 ABC 9000").status
    200
    """
    if len(text) > _MAX_LINE_LETTERS:
        return None
    if text.startswith("{"):
        facts = _object(text)
        return _line(facts.get("timestamp"), facts)
    parts = text.split(" ", 2)
    if len(parts) != 3:  # noqa: PLR2004 - key, timestamp, the rest
        return None
    if parts[2].startswith("{"):
        facts = _object(parts[2])
        return _line(parts[1], facts)
    fields = text.split(" ")
    if len(fields) < _CDX_FIELDS:
        return None
    names = ("url", "mime", "status", "digest", "length")
    return _line(fields[1], dict(zip(names, (*fields[2:6], fields[6]), strict=True)))


def moment(timestamp: str) -> datetime | None:
    """Return the instant of up to 14 digits, None if there is no such instant; month and day 00 count as 01.

    >>> moment("20160227101112").isoformat()
    '2016-02-27T10:11:12+00:00'
    """
    return instant(timestamp)


def _object(text: str) -> dict[str, Any]:
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _line(timestamp: Any, facts: dict[str, Any]) -> IndexLine | None:
    url = facts.get("url", facts.get("original"))
    if not isinstance(timestamp, str) or not _TIMESTAMP_RE.fullmatch(timestamp):
        return None
    if not isinstance(url, str) or len(url) > _MAX_URL_LETTERS or url_origin(url) is None:
        return None
    filename = facts.get("filename")
    mime = facts.get("mime-detected") or facts.get("mime") or facts.get("mimetype")
    status = str(facts.get("status", facts.get("statuscode", "")))
    return IndexLine(
        timestamp=timestamp,
        url=url,
        mime=str(mime or "").partition(";")[0].strip()[:100].lower(),
        status=int(status) if _STATUS_RE.fullmatch(status) else None,
        digest=str(facts.get("digest", ""))[:100],
        length=_number(facts.get("length")),
        offset=_number(facts.get("offset")),
        filename=filename
        if isinstance(filename, str) and _FILENAME_RE.fullmatch(filename) and ".." not in filename
        else None,
    )


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(_MAX_INTEGER)) else None
