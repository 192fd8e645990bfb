"""Finds WARC and ARC files: plain, compressed, in folders, by globs, or inside WACZ files."""

from __future__ import annotations

import glob
import io
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from crawler.exceptions import ConfigError, SeedError
from crawler.inputs import expand_input, is_remote, open_input, shown, state_of

_PREFIX = "warc:"
_WACZ = ".wacz"
_WARCS = tuple(f"{kind}{packed}" for kind in (".warc", ".arc") for packed in ("", ".gz", ".zst"))
_MAX_DEPTH = 3
"""The greatest depth of WACZ files within WACZ files."""
_LOCAL_HEADER = 30
"""Bytes of a zip entry's local header before its name; its last two numbers are the lengths of name and extra field."""


class WarcSource(NamedTuple):
    """WARC data: ``name`` for people and records, and bytes of the file ``path`` (also a URL) from ``start`` on."""

    name: str
    path: str
    start: int
    size: int

    def open(self, offset: int = 0) -> io.BufferedReader:
        """Open the data from *offset* on; the reader ends at the end of the data."""
        return io.BufferedReader(_Window(self.path, self.start + offset, self.size - offset), 1 << 16)


def source_path(value: str | None) -> str | None:
    """Return the PATH in the setting SOURCE, ``warc:PATH``; None if it is unset. Raises ``ConfigError`` for others.

    >>> source_path("warc:captures/"), source_path("None")
    ('captures/', None)
    """
    if value in {None, "", "None"}:  # the last comes from -s SOURCE=None
        return None
    path = str(value).removeprefix(_PREFIX)
    if path in {"", value}:
        raise ConfigError(f"SOURCE is {value!r}: give warc:PATH, the path of WARC or WACZ files, or leave it unset")
    return path


def find_sources(spec: str) -> list[WarcSource]:
    """Return the WARC data that *spec* names, also in WACZ files: a file, a folder (with all below it), or a glob.

    Raises ``ConfigError`` if there is none, or a WACZ file cannot be read.
    """
    path = Path(spec)
    if is_remote(spec):
        found = [(_short(name, spec), name) for name in _remote(spec)]
    elif path.is_dir():
        found = [
            (file.relative_to(path).as_posix(), str(file)) for file in sorted(path.rglob("*")) if _is_archive(file)
        ]
    elif path.is_file():
        found = [(path.name, spec)]
    else:
        matches = sorted(map(Path, glob.glob(spec, recursive=True)))  # noqa: PTH207 - Path.glob takes no absolute one
        common = Path(os.path.commonpath([match.parent for match in matches])) if matches else path
        found = [(match.relative_to(common).as_posix(), str(match)) for match in matches if _is_archive(match)]
    # in a record, "warc/..." is a file of its own corpus
    found = [(f"./{name}" if name.startswith("warc/") else name, file) for name, file in found]
    sources = [source for name, file in found for source in _sources(name, file)]
    if not sources:
        raise ConfigError(f"SOURCE: there is no WARC or WACZ file at {shown(spec)!r}")
    return sources


def _remote(spec: str) -> list[str]:
    """Return the files that the URL *spec* names; a file that is named itself is always one."""
    try:
        return [name for name, is_found in expand_input(spec) if not is_found or _is_named_archive(name)]
    except SeedError as error:
        raise ConfigError(f"SOURCE: {error}") from error


def _short(name: str, spec: str) -> str:
    """Return *name* as records have it: below the folder *spec*, else the last part of it."""
    folder = shown(spec).rstrip("/") + "/"
    return shown(name).removeprefix(folder) if shown(name).startswith(folder) else shown(name).rpartition("/")[2]


def _is_archive(path: Path) -> bool:
    return _is_named_archive(path.name) and path.is_file()


def _is_named_archive(name: str) -> bool:
    return name.lower().endswith((*_WARCS, _WACZ))


def _sources(name: str, path: str) -> Iterator[WarcSource]:
    try:
        if is_wacz(path):
            yield from wacz_sources(name, path)
        else:
            yield WarcSource(name, path, 0, state_of(path).size)
    except (OSError, ValueError) as error:
        raise ConfigError(f"SOURCE: {shown(path)}: {error}") from error


def is_wacz(path: str) -> bool:
    """Return whether the file *path* is a WACZ file by its name, or by what it lists as its content."""
    if shown(path).lower().endswith(_WACZ):
        return True
    with WarcSource(path, path, 0, state_of(path).size).open() as file:
        if file.read(2) != b"PK":
            return False
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, NotImplementedError, struct.error):
            return False
    return "datapackage.json" in names and any(map(_is_named_archive, names))


def wacz_sources(name: str, path: str) -> Iterator[WarcSource]:
    """Yield the WARC files in the WACZ file *path*, and in WACZ files within it, read in place.

    Raises ``OSError``, and ``ValueError`` with a message for people if it is not a WACZ file, or its WARC files are
    compressed.
    """
    yield from _in_zip(WarcSource(name, path, 0, state_of(path).size), 0)


def _in_zip(source: WarcSource, depth: int) -> Iterator[WarcSource]:
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                ending = entry.filename.lower()
                if not ending.endswith((*_WARCS, _WACZ)):
                    continue
                if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                    raise ValueError(f"{entry.filename!r} is compressed in it; unpack the file first")
                with source.open(entry.header_offset + _LOCAL_HEADER - 4) as head:
                    skipped = _LOCAL_HEADER + sum(struct.unpack("<HH", head.read(4)))
                place = source.start + entry.header_offset + skipped
                inner = WarcSource(f"{source.name}/{entry.filename}", source.path, place, entry.file_size)
                if not ending.endswith(_WACZ):
                    yield inner
                elif depth < _MAX_DEPTH:
                    yield from _in_zip(inner, depth + 1)
                else:
                    raise ValueError(f"WACZ files stand more than {_MAX_DEPTH} deep in one another")
    except (zipfile.BadZipFile, struct.error) as error:
        raise ValueError(f"it cannot be read as a WACZ file ({error})") from error


class _Window(io.RawIOBase):
    """A part of a file, read-only."""

    def __init__(self, path: str, start: int, size: int) -> None:
        self._file = cast("io.RawIOBase", open_input(path, in_parts=True))
        self._start, self._size, self._position = start, max(0, size), 0
        self._file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)[: max(0, self._size - self._position)]
        count = self._file.readinto(view) or 0
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        self._file.seek(self._start + self._position)
        return self._position

    def close(self) -> None:
        self._file.close()
        super().close()
