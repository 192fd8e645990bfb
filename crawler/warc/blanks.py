r"""Blank records: they take the place of a withdrawn record in a WARC file, as long as it was to the byte.

So every other record stays where it is, and no index and no line that names a place in the file has to change. A blank
is a whole gzip member with a ``metadata`` record that names no URL; replay tools do not index it. It is stored without
compression, because only then its length can be chosen.
"""

from __future__ import annotations

import struct
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_FRAME_BYTES: Final = len(_HEADER) + 8
_BLOCK_HEAD_BYTES: Final = 5
_MAX_BLOCK_BYTES: Final = 65_535
_MESSAGE: Final = b"This record was withdrawn."
_END: Final = b"\r\n\r\n"


def blank_record(length: int, place: str, date: str) -> bytes:
    r"""Return a blank record of *length* bytes, for *place* (``file:offset``) and with that WARC-Date.

    Equal arguments give equal bytes. Raises ``ValueError`` if *length* is less than that of any record.

    >>> import gzip
    >>> blank = blank_record(400, "warc/a.warc.gz:0", "2026-12-01T00:00:00Z")
    >>> len(blank), gzip.decompress(blank).splitlines()[:2]
    (400, [b'WARC/1.1', b'WARC-Type: metadata'])
    """
    blocks = 1
    while (size := length - _FRAME_BYTES - _BLOCK_HEAD_BYTES * blocks) > _MAX_BLOCK_BYTES * blocks:
        blocks += 1
    content = _record(size, place, date)
    parts = [content[at : at + _MAX_BLOCK_BYTES] for at in range(0, size, _MAX_BLOCK_BYTES)]
    parts += [b""] * (blocks - len(parts))
    data = b"".join(
        struct.pack("<BHH", number == len(parts), len(part), len(part) ^ 0xFFFF) + part
        for number, part in enumerate(parts, 1)
    )
    return _HEADER + data + struct.pack("<LL", crc32(content), len(content))


def _record(size: int, place: str, date: str) -> bytes:
    """Return a WARC record of *size* bytes."""
    head = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <{uuid5(NAMESPACE_URL, place).urn}>\r\n"
        f"WARC-Date: {date}\r\nContent-Type: text/plain\r\nContent-Length: "
    ).encode()
    room = size - len(head) - 2 * len(_END)
    digits = next((digits for digits in range(1, 19) if 0 <= room - digits < 10**digits), None)
    if digits is None:
        raise ValueError(f"no record is as short as {size} bytes")
    count = room - digits
    block = _MESSAGE[:count].ljust(count)
    return head + str(count).rjust(digits).encode() + _END + block + _END


def is_blank(headers: dict[str, str], place: str) -> bool:
    """Return whether a record with these *headers* (names in lower case) is the blank one of *place*."""
    return headers["warc-record-id"] == f"<{uuid5(NAMESPACE_URL, place).urn}>"
