"""Recognizes refusals of archives: a site that an archive excludes, and pages of an outage. Pure.

The words are those of the Wayback Machine (its ``...AccessControlException``), of pywb and of OpenWayback; a status 451
always means that something is withheld.
"""

from __future__ import annotations

import re
from html import unescape
from http import HTTPStatus

from crawler.net.statuses import REFUSED

_READ_BYTES = 8 * 1024
_MAX_NOTICE_BYTES = 64 * 1024
_MAX_NOTICE_LETTERS = 1500
"""A page of an outage is short; an article about an outage is mostly longer."""
_MAX_REASON_LETTERS = 100

_EXCLUDED_RE = re.compile(
    r"AccessControlException|Blocked Site Error|blocked by robots|excluded by (?:the )?(?:site|domain) ?owner"
    r"|(?:has|have) been excluded from|(?:due to|because of|disallowed by|denied by|by) (?:its |the )?robots\.txt",
    re.IGNORECASE,
)
_SURELY_EXCLUDED_RE = re.compile(
    r"AccessControlException|Blocked Site Error|excluded from the Wayback Machine", re.IGNORECASE
)
"""Words that no article contains, so they count whatever the status is."""
_WITHHELD_RE = re.compile(
    r"\b(?:site|host|domain|url|page|resource|content|collection|capture)s?\b[^.<>]{0,60}"
    r"\b(?:excluded|exclusion|withheld|embargoed|blocked|restricted|not available due to|taken down)"
    r"|\b(?:excluded|blocked|withheld|removed|restricted|denied) (?:by|at|on|upon|per|due to|from)\b[^.<>]{0,30}"
    r"\b(?:owner|publisher|webmaster|robots|rights|request|archive|policy|access control)"
    r"|legal reasons|access control",
    re.IGNORECASE,
)
_OF_A_GUARD_RE = re.compile(r"cloudflare|captcha|too many requests|rate limit|request rate|slow ?down", re.IGNORECASE)
"""Words that refuse the client, not the site: such a refusal is temporary."""
_OUTAGE_RE = re.compile(
    r"temporarily (?:offline|unavailable|down|out of service)|(?:offline|down|closed) for (?:scheduled )?maintenance"
    r"|(?:scheduled|ongoing|under) maintenance"
    r"|services? (?:is |are )?(?:currently |temporarily )*(?:unavailable|offline)"
    r"|bad gateway|gateway time-?out|internal server error|too many requests",
    re.IGNORECASE,
)
_TAG_RE = re.compile(r"<[^<>]{0,2000}>")
_CLASS_RE = re.compile(r"\A(?:[\w.]+\.)?(\w+): *")


def exclusion(status: int, body: bytes) -> str | None:
    """Return the archive's own reason for excluding a site; None if the answer does not say that it excludes it.

    >>> exclusion(403, b"org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots")
    'Blocked By Robots'
    >>> exclusion(403, b"<title>403 Forbidden</title>") is None
    True
    """
    text = _text(body)
    if status in REFUSED:
        if _OF_A_GUARD_RE.search(text):
            return None
        match = _EXCLUDED_RE.search(text) or _WITHHELD_RE.search(text)
        return _reason(text, match) if match or status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS else None
    match = _SURELY_EXCLUDED_RE.search(text) if len(body) <= _MAX_NOTICE_BYTES else None
    return _reason(text, match) if match else None


def is_outage(body: bytes) -> bool:
    """Return whether a page of status 200 says that the service is down at the moment.

    >>> is_outage(b"<title>Internet Archive</title>Temporarily offline")
    True
    """
    text = _text(body)
    is_short = len(body) <= _MAX_NOTICE_BYTES and sum(map(len, text.split())) <= _MAX_NOTICE_LETTERS
    return is_short and _OUTAGE_RE.search(text) is not None


def _text(body: bytes) -> str:
    """Return the text at the start of *body*, its lines kept."""
    return unescape(_TAG_RE.sub("\n", body[:_READ_BYTES].decode("utf-8", "replace")))


def _reason(text: str, match: re.Match[str] | None) -> str:
    """Return the line that contains *match*, without the names of classes before it."""
    if match is None:
        return "unavailable for legal reasons"
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    line = " ".join(text[start : end if end >= 0 else len(text)].split())
    while shorter := _CLASS_RE.match(line):
        line = line[shorter.end() :] or shorter[1]
        if line == shorter[1]:
            break
    printable = "".join(letter for letter in line.rpartition('": "')[2] if letter.isprintable())
    return printable.strip("{}\"' ")[:_MAX_REASON_LETTERS]
