"""Looks for bytes anywhere in a folder: in files as they are, and in what is compressed in them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from crawler.zstd import zstd

_GZIP = b"\x1f\x8b\x08"


def files_with(root: Path, *needles: bytes) -> list[str]:
    """Return ``file: needle`` for each of *needles* that a file under *root* holds."""
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        for data in _contents(path.read_bytes()):
            found += [f"{path.relative_to(root)}: {needle!r}" for needle in needles if needle in data]
    return sorted(set(found))


def _contents(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield *data*, and the content of each gzip member and zstd frame in it, at whatever offset."""
    yield data
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        yield zstd.decompress(data)
    start = data.find(_GZIP)
    while start >= 0 and depth < 3:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content = inflate.decompress(data[start:])
        except zlib.error:
            content = b""
        if content:
            yield from _contents(content, depth + 1)
        start = data.find(_GZIP, start + 1)
