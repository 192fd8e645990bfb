"""Parses dates and digests of records, in all forms that tools write, so that they can be compared."""

from __future__ import annotations

import hashlib
import re
from base64 import b32decode
from binascii import Error as Base32Error
from datetime import UTC, datetime

_DIGITS_RE = re.compile(r"[0-9]{4,14}", re.ASCII)
_SPACED_RE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ _]([0-9]{2}:)", re.ASCII)
_LONG_FRACTION_RE = re.compile(r"(\.[0-9]{6})[0-9]+", re.ASCII)
_FIRST = "00000101000000"
_LENGTHS = {hashlib.new(name, usedforsecurity=False).digest_size: name for name in ("md5", "sha1", "sha256", "sha512")}


def instant(date: str | None) -> datetime | None:
    """Return the instant of a ``WARC-Date``, an ARC date or a CDX timestamp, None if it is invalid.

    ISO 8601 with or without time, fraction and zone (default UTC), or 4 to 14 digits; a month or day 00 counts as 01.

    >>> instant("2016-02-27T10:11:12.5Z").isoformat(), instant("201602271011").isoformat()
    ('2016-02-27T10:11:12.500000+00:00', '2016-02-27T10:11:00+00:00')
    """
    text = (date or "").strip()
    if _DIGITS_RE.fullmatch(text):
        filled = text + _FIRST[len(text) :] if len(text) % 2 == 0 else ""
        month, day = (part if part != "00" else "01" for part in (filled[4:6], filled[6:8]))
        text, form = filled[:4] + month + day + filled[8:], "%Y%m%d%H%M%S"
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            return None
    text = _LONG_FRACTION_RE.sub(r"\1", _SPACED_RE.sub(r"\1T\2", text))
    if len(text) in {4, 7}:  # a year alone, or a year and a month
        text += "-01-01"[: 10 - len(text)] if len(text) == 4 else "-01"  # noqa: PLR2004
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def same_second(one: str | None, other: str | None) -> bool:
    """Return whether two dates are in the same second: some tools write fractions on one side only."""
    first, second = instant(one), instant(other)
    if first is None or second is None:
        return one == other
    return first.replace(microsecond=0) == second.replace(microsecond=0)


def plain_digest(digest: str | None) -> str | None:
    """Return a payload digest as ``algorithm:hex``, None if there is none. An unknown form is returned unchanged.

    >>> plain_digest("SHA-1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ")
    'sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709'
    """
    if not digest or digest.strip() in {"-", ""}:
        return None
    algorithm, colon, value = digest.strip().rpartition(":")
    algorithm = algorithm.lower().replace("-", "").replace("_", "")
    raw = _bytes_of(value, algorithm)
    if raw is None:
        return digest.strip().lower()
    return f"{algorithm if colon else _LENGTHS[len(raw)]}:{raw.hex()}"


def digest_like(digest: str, payload: bytes) -> str | None:
    """Return the digest of *payload* by the algorithm of the plain *digest*, None if the algorithm is unknown."""
    algorithm = digest.partition(":")[0]
    if algorithm not in _LENGTHS.values():
        return None
    return f"{algorithm}:{hashlib.new(algorithm, payload, usedforsecurity=False).hexdigest()}"


def _bytes_of(value: str, algorithm: str) -> bytes | None:
    """Return the bytes of *value*, in hexadecimal or Base32, if their length is that of *algorithm*."""
    sizes = [size for size, name in _LENGTHS.items() if algorithm in {"", name}]
    for decode in (bytes.fromhex, _from_base32):
        try:
            raw = decode(value)
        except (ValueError, Base32Error):
            continue
        if len(raw) in sizes:
            return raw
    return None


def _from_base32(value: str) -> bytes:
    bare = value.rstrip("=").upper()
    return b32decode(bare + "=" * (-len(bare) % 8))
