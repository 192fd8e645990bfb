"""Seals closed segments: compresses them if asked to, and writes a file beside each that says what must be in it.

A seal is made after the lines are synced and committed, never while a group waits. It takes seconds for a segment of
256 MiB (reading, hashing, compressing), so it happens at the end of a crawl, and in ``scrapy corpus seal``. A crawl
that is killed leaves its closed segments unsealed, which harms nothing; the next crawl that ends seals them.

The order of its writes, for a segment that is to be compressed; every step is durable before the next begins:

1. The seal of the plain file, atomically. From here on nothing is appended to it, even if it is the last.
2. A temporary file with the compressed lines; it is read back, and must hold exactly the lines of the seal.
3. Its rename to ``.jsonl.gz`` or ``.jsonl.zst``. The plain file beside it still counts.
4. The seal of the compressed file in place of that of the plain one.
5. The plain file is removed.

A kill in between leaves a temporary file, or both forms, or a seal of the form that does not count. Sealing again
continues from there, and :func:`seal_segment` makes the same files whatever was left.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, cast, get_args

import orjson

from crawler.archive.files import replacing, sync_directory, write_atomically
from crawler.archive.intact import CrcOf, Damage, NotIntactError, check_line, key_in
from crawler.archive.segments import (
    FAMILIES,
    MAX_LINE_BYTES,
    LinePlace,
    is_sealed,
    open_segment,
    read_lines,
    seal_path,
    segment_name,
    segment_paths,
)
from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.zstd import zstd

Compression = Literal["gzip", "zstd"]

SUFFIXES: dict[Compression, str] = {"gzip": ".gz", "zstd": ".zst"}
_GZIP_LEVEL = 6
_ZSTD_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 9,
    zstd.CompressionParameter.checksum_flag: 1,
}
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a closed segment must be, sizes in bytes: the ``file`` as it is on disk, and the lines in it."""

    segment: str
    file: str
    file_bytes: int
    file_sha256: str
    lines: int
    lines_bytes: int
    lines_sha256: str
    first_key: str | None
    last_key: str | None

    def encode(self) -> bytes:
        """Return the content of the seal's file, which follows from the segment alone."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def compression_named(name: str | None) -> Compression | None:
    """Return the compression that the setting ARCHIVE_COMPRESSION names; raise ``ConfigError`` for another word."""
    if name is None or name.lower() in {"", "none"}:
        return None
    for compression in get_args(Compression):
        if name.lower() == compression:
            return cast("Compression", compression)
    raise ConfigError(f"ARCHIVE_COMPRESSION is {name!r}; give gzip, zstd or none")


def measure(path: Path) -> Seal:
    """Return the seal that the segment at *path* would get; raise ``CorpusDamaged`` if it cannot be decompressed."""
    seal = _measure_lines(path, path.suffix)
    return seal if path.suffix == ".jsonl" else _with_file(seal, path)


def _with_file(seal: Seal, path: Path) -> Seal:
    """Return *seal* with the compressed file at *path* in place of the plain one."""
    as_it_lies = _measure_lines(path, ".jsonl")
    return replace(seal, file=path.name, file_bytes=as_it_lies.lines_bytes, file_sha256=as_it_lies.lines_sha256)


def _measure_lines(path: Path, suffix: str) -> Seal:
    sha256, size, lines, first, last = hashlib.sha256(), 0, 0, b"", b""
    with open_segment(path, suffix) as file:
        while chunk := file.read(_CHUNK_BYTES):
            sha256.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            if b"\n" not in first and len(first) < MAX_LINE_BYTES:
                first += chunk
            last += chunk
            last = last[last.rfind(b"\n", 0, -1) + 1 :][-MAX_LINE_BYTES:]
    digest = sha256.hexdigest()
    return Seal(
        segment=segment_name(path),
        file=path.name,
        file_bytes=size,
        file_sha256=digest,
        lines=lines,
        lines_bytes=size,
        lines_sha256=digest,
        first_key=_key(first.partition(b"\n")[0]),
        last_key=_key(last),
    )


def _key(line: bytes) -> str | None:
    try:
        key = orjson.loads(line)["key"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None
    return key if isinstance(key, str) else None


def read_seal(path: Path) -> Seal:
    """Return the seal in the file at *path*; raise ``CorpusDamaged`` if it is not a seal."""
    try:
        content = path.read_bytes()
        seal = Seal(**orjson.loads(content))
    except (OSError, orjson.JSONDecodeError, TypeError) as error:
        raise CorpusDamaged(str(path), f"it is not the seal of a segment: {error}") from error
    return seal


def seal_closed(
    root: Path,
    compression: Compression | None,
    *,
    last_too: bool = False,
    within: float | None = None,
    crc_of: CrcOf | None = None,
) -> list[Seal]:
    """Seal the closed segments of the corpus at *root* that have no seal yet; return the new seals.

    The caller holds the corpus's lock, and its catalogue has read all lines. With *last_too* the segments that still
    grow are closed first, and segments that were sealed uncompressed are compressed now. After *within* seconds no
    further segment is begun; the next call continues. *crc_of* returns the CRCs in the catalogue. Raises
    ``CorpusDamaged`` for a segment with a line that is not as it was written: a seal would declare it intact.
    """
    began = time.monotonic()
    seals: list[Seal] = []
    for family in FAMILIES:
        paths = segment_paths(root, family)
        if paths:
            _sweep(root / family)
        for path in paths:
            if not last_too and path == paths[-1] and not is_sealed(path):
                continue
            if within is not None and time.monotonic() - began > within:
                return seals
            if not seal_path(path).exists():
                _check_lines(path, crc_of)
            seal = _seal_if_due(path, compression, reseal=last_too)
            if seal:
                seals.append(seal)
    return seals


def _check_lines(path: Path, crc_of: CrcOf | None) -> None:
    for offset, line in read_lines(path):
        try:
            check_line(line, crc_of)
        except NotIntactError as error:
            damage = Damage(LinePlace(segment_name(path), offset, len(line)), key_in(line), str(error))
            raise CorpusDamaged(str(path), f"{damage}; scrapy corpus repair moves it to quarantine/") from error


def _seal_if_due(path: Path, compression: Compression | None, *, reseal: bool) -> Seal | None:
    """Seal the segment at *path* unless it is sealed; with *reseal* also if it is sealed but not yet compressed."""
    sealed = seal_path(path)
    if path.stat().st_size == 0:
        return None
    if sealed.exists() and read_seal(sealed).file == path.name and not _compressed_forms(path):
        compressible = path.suffix == ".jsonl" and compression is not None
        if not (reseal and compressible):
            return None
    return seal_segment(path, compression)


def seal_segment(path: Path, compression: Compression | None) -> Seal:
    """Seal the closed segment at *path*, compressed if *compression* says so; return its seal.

    Raises ``CorpusDamaged``, and keeps the plain file, if it does not match an earlier seal, or if decompressing the
    new file does not return the same lines.
    """
    seal = measure(path)
    sealed = seal_path(path)
    if sealed.exists() and (held := read_seal(sealed)).lines_sha256 != seal.lines_sha256:
        raise CorpusDamaged(str(path), f"its lines differ from those that {held.file} was sealed with")
    write_atomically(sealed, seal.encode())
    if path.suffix == ".jsonl":
        for leftover in _compressed_forms(path):
            leftover.unlink()
        if compression:
            seal = _compress(path, seal, SUFFIXES[compression])
        sync_directory(path.parent)
    return seal


def rewrite_segment(path: Path, lines: Iterable[bytes], before: Callable[[Seal], None] | None = None) -> None:
    """Replace the lines of the segment at *path* by *lines*, in the same form, atomically; then renew its seal.

    *before* receives the seal that the new file would get, once that file is durable and before it takes the place of
    the old one; then the seal is left to the caller.
    """

    def describe(written: Path) -> None:
        if before is not None:
            before(_seal_of_unnamed(written, path))

    with (
        replacing(path, describe) as file,
        nullcontext(file) if path.suffix == ".jsonl" else _compressor(file, path.suffix) as out,
    ):
        for line in lines:
            out.write(line)
    if before is None and seal_path(path).exists():
        write_atomically(seal_path(path), measure(path).encode())


def _seal_of_unnamed(temporary: Path, path: Path) -> Seal:
    """Return the seal of the file at *temporary*, which will be the segment at *path*."""
    seal = replace(_measure_lines(temporary, path.suffix), segment=segment_name(path), file=path.name)
    if path.suffix == ".jsonl":
        return seal
    as_it_lies = _measure_lines(temporary, ".jsonl")
    return replace(seal, file_bytes=as_it_lies.lines_bytes, file_sha256=as_it_lies.lines_sha256)


def keep_plain_form(path: Path) -> None:
    """Remove the compressed forms that a kill while sealing left beside the plain segment at *path*, which counts."""
    if _compressed_forms(path):
        seal_segment(path, None)


def _compressed_forms(path: Path) -> list[Path]:
    if path.suffix != ".jsonl":
        return []
    forms = (path.with_name(path.name + suffix) for suffix in SUFFIXES.values())
    return [form for form in forms if form.exists()]


def _compress(path: Path, seal: Seal, suffix: str) -> Seal:
    target = path.with_name(path.name + suffix)

    def check(written: Path) -> None:
        if _measure_lines(written, suffix).lines_sha256 != seal.lines_sha256:
            raise CorpusDamaged(str(written), f"the compressed form of {seal.segment} differs from the plain one")

    with replacing(target, check) as file, _compressor(file, suffix) as compressor, open_segment(path) as plain:
        shutil.copyfileobj(plain, compressor, _CHUNK_BYTES)
    compressed = _with_file(seal, target)
    write_atomically(seal_path(path), compressed.encode())
    os.unlink(path)  # noqa: PTH108 - where tests inject crashes
    return compressed


@contextmanager
def _compressor(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """Return a writer that compresses to *file*, without a name or a time: equal lines make equal files."""
    if suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as gz:
            yield cast("BinaryIO", gz)
    else:
        with zstd.ZstdFile(file, "wb", options=_ZSTD_OPTIONS) as zst:
            yield cast("BinaryIO", zst)


def _sweep(directory: Path) -> None:
    """Remove unfinished files that a kill left in *directory*."""
    for leftover in directory.glob(".tmp-*"):
        leftover.unlink()
