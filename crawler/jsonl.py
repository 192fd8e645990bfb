"""The one encoder and decoder of the corpus's JSON lines: strict UTF-8, fields in the order of the record.

Each line carries its own checksum, as its last field: ``"crc32":"8f3a2b1c"``, the CRC-32 of all bytes before
``,"crc32":"``. It stands in the line, so it is written with it, moves with it, and outlives every index. Lines that
Gleaner wrote before it had checksums end in another field (:data:`LAST_FIELDS`).
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final, get_args
from zlib import crc32

import orjson

from crawler.items import Article, Attempt, Capture, Image, Kind, RelatedItem

CHECKSUM_FIELD: Final = "crc32"
LAST_FIELDS: Final = frozenset({"run", "credit", "duplicate_rule"})
"""The fields that a line without a checksum may end in: each version of Gleaner added fields at the end."""

_KINDS = frozenset(get_args(Kind))
_FIELDS = tuple(Article.__dataclass_fields__)
_VALUES = attrgetter(*_FIELDS)
_BEFORE_DIGITS, _AFTER_DIGITS = f',"{CHECKSUM_FIELD}":"'.encode(), b'"}'
_CHECKSUM_DIGITS = 8
_CHECKSUM_BYTES = len(_BEFORE_DIGITS) + _CHECKSUM_DIGITS + len(_AFTER_DIGITS)


def encode(article: Article, **changes: Any) -> bytes:
    r"""Return *article* as one line, ending in ``\n``, with every field there and in order, and its checksum.

    *changes* are the values of fields to write in place of its own: :func:`dataclasses.replace`, but quicker.

    Raises ``TypeError`` for what UTF-8 cannot hold (a lone surrogate) or JSON cannot (a number of over 64 bits).
    """
    if not changes:
        return with_checksum(orjson.dumps(article))
    record = dict(zip(_FIELDS, _VALUES(article), strict=True))
    record.update(changes)
    return with_checksum(orjson.dumps(record))


def with_checksum(content: bytes) -> bytes:
    r"""Return the JSON object *content*, which ends in its brace, as a line with its checksum and ``\n``."""
    covered = content[:-1]
    return b'%b%b%08x"}\n' % (covered, _BEFORE_DIGITS, crc32(covered))


def checksum_holds(line: bytes) -> bool | None:
    r"""Tell whether *line* (with or without its ``\n``) is as it was written; None if it carries no checksum."""
    end = len(line) - line.endswith(b"\n")
    start = end - _CHECKSUM_BYTES
    if start < 0 or not line.startswith(_BEFORE_DIGITS, start) or not line.endswith(_AFTER_DIGITS, start, end):
        return None
    digits = start + len(_BEFORE_DIGITS)
    return line[digits : digits + _CHECKSUM_DIGITS] == b"%08x" % crc32(memoryview(line)[:start])


def decode(line: bytes) -> Article:
    """Return the record in *line*.

    Raises ``ValueError`` if it is not a JSON object, lacks or adds a field, or is not what its checksum says.
    """
    holds = checksum_holds(line)
    if holds is False:
        raise ValueError("its bytes do not match its crc32")
    fields = orjson.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    if holds:
        del fields[CHECKSUM_FIELD]
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError("not an article record: it is of no known kind")
    try:
        return _article(fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not an article record: {error}") from error


def _article(fields: dict[str, Any]) -> Article:
    fields["authors"] = tuple(fields["authors"])
    fields["discovered_from"] = tuple(fields["discovered_from"])
    fields["images"] = tuple(Image(**image) for image in fields["images"])
    fields["related"] = tuple(RelatedItem(**item) for item in fields["related"])
    capture = fields["capture"]
    if capture.get("attempts"):
        capture["attempts"] = tuple(Attempt(**attempt) for attempt in capture["attempts"])
    else:  # a list that is not there is an old line's
        capture["attempts"] = ()
    fields["capture"] = Capture(**capture)
    return Article(**fields)
