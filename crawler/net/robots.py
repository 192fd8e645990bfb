"""What an answer to the request for robots.txt means (RFC 9309, section 2.3.1)."""

from __future__ import annotations

import codecs
from http import HTTPStatus
from typing import Literal

MAX_ROBOTS_BYTES = 500 * 1024
"""How much of a robots.txt is read: the minimum of the standard (section 2.5), which is enough in practice."""

Meaning = Literal["rules", "no rules", "unreachable"]


def robots_meaning(status: int) -> Meaning:
    """Return what the *status* of the answer for robots.txt means, after redirects.

    ``unreachable``: the rules are unknown, so everything counts as forbidden for now. A 429 is unreachable, although
    the standard's 4xx mean "no rules": a host that asks for fewer requests must not get more.

    >>> [robots_meaning(status) for status in (200, 404, 403, 429, 500, 301)]
    ['rules', 'no rules', 'no rules', 'unreachable', 'unreachable', 'unreachable']
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "rules"
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return "no rules" if is_refusal and status != HTTPStatus.TOO_MANY_REQUESTS else "unreachable"


def readable_part(body: bytes) -> bytes:
    r"""Return the part of a robots.txt that is read, cut at the end of a line if it is too long; UTF-16 as UTF-8.

    >>> len(readable_part(b"Disallow: /a\n" * 100_000)) <= MAX_ROBOTS_BYTES
    True
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:2].count(0) == 1:
        big = body[0] in {0, codecs.BOM_UTF16_BE[0]}
        text = body[: 2 * MAX_ROBOTS_BYTES].decode("utf-16-be" if big else "utf-16-le", "replace")
        body = text.lstrip("\ufeff").encode()
    if len(body) <= MAX_ROBOTS_BYTES:
        return body
    return body[: body.rfind(b"\n", 0, MAX_ROBOTS_BYTES) + 1]
