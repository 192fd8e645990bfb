"""Identifies a file by its first bytes, never by its name, and finds its parts: layers and members."""

from __future__ import annotations

import io
import re
import struct
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, cast

from crawler.exceptions import SeedError
from crawler.inputs import open_input, shown
from crawler.seeds.unpacked import BUFFER_BYTES, UNPACK_ERRORS, Unbounded, UnpackBudget, Unpacked
from crawler.text.charset import wide_charset
from crawler.warc.framing import begins_record
from crawler.writable import writable

STDIN = "-"
Kind = Literal["text", "archive", "parquet"]
Report = Callable[[SeedError], None]
if TYPE_CHECKING:
    Stream: TypeAlias = io.BufferedReader[Any]  # generic only in its type stubs

STREAM_ERRORS = (*UNPACK_ERRORS, tarfile.TarError, zipfile.BadZipFile, NotImplementedError)
"""Errors that reading a part can raise. NotImplementedError: a compression that this Python's zipfile does not know."""

HEAD_BYTES = 1 << 16
_MAX_DEPTH = 5
"""The greatest depth of layers and containers within one another."""
_MAX_SPOOLED_BYTES = 8 << 30
"""Limit on the copy on disk of a ZIP or Parquet file from a pipe or another container; both are read from their end."""
_MAX_TAR_HEADER_BYTES = 1 << 20
_SPOOL_MEMORY_BYTES = 16 << 20
_ENCRYPTED = 1
"""The bit in a ZIP member's flags for an encrypted member."""
_WACZ_PAGES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wacz")
"""Endings of files with pages in a WACZ; its lists of pages hold texts of the same pages."""
_LONG_TAR_HEADERS = (*tarfile.GNU_TYPES[:2], tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_MIN_BINARY_BYTES = 512
_MAX_CONTROL_SHARE = 0.05
_CONTROLS = bytes({*range(1, 0x20), 0x7F} - {*b"\t\n\x0b\f\r\x1a\x1b\x1e"})

_COMPRESSED_RE = re.compile(
    rb"\x1f\x8b|\xfd7zXZ\0|BZh[1-9](?:1AY&SY|\x17rE8P\x90)|\x5d\0\0[\0-\x08\x10\x20\x40\x80]"
    rb"|\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"
)
"""gzip, xz, bzip2, LZMA; Zstandard, and its skippable frames."""
_ZIP_RE = re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)")
_UNREAD = (
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (rb"Rar!\x1a\x07", "a RAR archive"),
    (rb"%PDF-\d", "a PDF"),
    (rb"SQLite format 3\0", "an SQLite database"),
    (rb"PARE[\0-\x1f]", "an encrypted Parquet file"),
    (rb"ORC[\0-\x08\x0e-\x1f\x80-\xff]", "an ORC file"),
    (rb"Obj\x01", "an Avro file"),
    (rb"ARROW1\0|\xff\xff\xff\xff.\0\0\0", "an Arrow file"),
    (rb"FEA1[\0-\x1f]", "a Feather file"),
    (rb"\x89HDF\r\n", "an HDF5 file"),
    (rb"\x93NUMPY", "a NumPy array"),
    (rb"[\x02\x03\x04]\x22\x4d\x18|\x02\x21\x4c\x18", "LZ4 data"),
    (rb"\xff\x06\0\0sNaPpY", "Snappy data"),
    (rb"\x1f[\x9d\xa0]", "data of compress (.Z)"),
    (rb"LZIP[\0\x01]|\x89LZO\0", "data of lzip or lzop"),
    (rb"MSCF\0", "a cabinet file"),
    (rb"!<arch>\n", "an ar archive"),
    (rb"07070[127][0-9a-fA-F]{40}|\xc7\x71|\x71\xc7", "a cpio archive"),
    (rb"\xed\xab\xee\xdb", "an RPM package"),
    (rb"xar!\0", "a xar archive"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Microsoft Office"),
    (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|....ftypavif", "a picture"),
    (rb"RIFF....(?:AVI |WAVE)|....ftyp|\x1aE\xdf\xa3|OggS\0|fLaC\0|ID3[\x02-\x04]", "a film or a sound"),
    (rb"\x7fELF|MZ[\x90\0]|\xca\xfe\xba\xbe|\0asm", "a program"),
    (rb"PGDMP[\0-\x08]", "a PostgreSQL dump in its own format"),
)
_UNREAD_RE = re.compile(b"|".join(b"(%b)" % pattern for pattern, _ in _UNREAD), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One stream of pages in a file: all of it, or a member of a container.

    ``name`` is the path as given, with ``!/`` and the member's name for each container. ``kind`` is ``archive`` for
    WARC and ARC. ``file`` is a seekable file, for a part that is read from its end (Parquet). ``position`` returns how
    many bytes of the file were read.
    """

    name: str
    kind: Kind
    stream: Stream
    head: bytes
    position: Callable[[], int]
    file: IO[bytes] | None = None


class _CountedFile(io.RawIOBase):
    """A file that counts the bytes read from it, and fills the whole given buffer even from a slow pipe."""

    def __init__(self, raw: IO[bytes], *, seekable: bool) -> None:
        self._raw, self._seekable = raw, seekable
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readinto(self, buffer: Any) -> int:
        view, filled = memoryview(buffer), 0
        while filled < len(view) and (data := self._raw.read(len(view) - filled)):
            view[filled : filled + len(data)] = data
            filled += len(data)
        self.count += filled
        return filled


class _Member(io.RawIOBase):
    """A member of an archive; its bytes count as unpacked."""

    def __init__(self, stream: IO[bytes], budget: UnpackBudget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._budget.spend(len(data))
        return len(data)


def parts_of(source: str, report: Report, opened: IO[bytes] | None = None) -> Generator[Part]:
    """Yield the parts of *source* (a path, a URL, or ``-`` for standard input), each to be read before the next.

    *opened* is the file if it is open already; it is closed. Errors within a container go to *report*, and the rest is
    read. Raises SeedError for a file that cannot be opened or is of a kind that is not read, and :data:`STREAM_ERRORS`
    if the file itself is broken, after all parts before the damage.
    """
    try:
        raw = opened or (sys.stdin.buffer if source == STDIN else open_input(source))
    except OSError as error:
        raise SeedError(shown(source), f"cannot be read ({error.strerror or error})") from error
    name = writable(shown(source))
    try:
        is_file = source != STDIN and raw.seekable()
        counted = _CountedFile(cast("IO[bytes]", raw), seekable=is_file)
        opening = _Opening(counted, report, UnpackBudget(name, lambda: counted.count))
        stream = io.BufferedReader(counted, BUFFER_BYTES)
        yield from opening.parts(_NestedStream(name, stream, 0))
    finally:
        if source != STDIN:
            raw.close()


@dataclass(frozen=True, slots=True)
class _NestedStream:
    """A stream that may contain another."""

    name: str
    stream: Stream
    depth: int

    def inner(self, stream: io.RawIOBase, name: str) -> _NestedStream:
        """Return the contained stream."""
        if self.depth >= _MAX_DEPTH:
            raise SeedError(self.name, f"not read: more than {_MAX_DEPTH} containers in one another")
        return _NestedStream(name, io.BufferedReader(stream, BUFFER_BYTES), self.depth + 1)


class _Opening:
    """Opens one file, layer by layer."""

    def __init__(self, counted: _CountedFile, report: Report, budget: UnpackBudget) -> None:
        self._counted, self._report, self._budget = counted, report, budget

    def parts(self, layer: _NestedStream) -> Iterator[Part]:
        """Yield the parts of *layer*, of any kind."""
        head = layer.stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        if _COMPRESSED_RE.match(head):
            yield from self._unpacked(layer)
        elif _ZIP_RE.match(head):
            with _seekable(layer) as file:
                yield from self._zipped(layer, file)
        elif _is_tar(head):
            yield from self._tarred(layer)
        elif head.startswith(b"PAR1"):
            with _seekable(layer) as file:
                yield self._part(layer, "parquet", head, file)
        elif begins_record(head):
            yield self._part(layer, "archive", head)
        elif (what := unread(head)) is not None:
            raise SeedError(layer.name, f"not read: {what}")
        else:
            yield self._part(layer, "text", head)

    def _part(self, layer: _NestedStream, kind: Kind, head: bytes, file: IO[bytes] | None = None) -> Part:
        return Part(layer.name, kind, layer.stream, head, lambda: self._counted.count, file)

    def _unpacked(self, layer: _NestedStream) -> Iterator[Part]:
        raw = Unpacked(layer.stream, self._budget)
        inner = layer.inner(raw, layer.name)
        if inner.stream.peek(1) or raw.error is None:
            yield from self.parts(inner)
        raw.check()

    def _zipped(self, layer: _NestedStream, file: IO[bytes]) -> Iterator[Part]:
        try:
            archive = zipfile.ZipFile(file)
        except (ValueError, struct.error) as error:
            raise zipfile.BadZipFile(str(error)) from error
        with archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                raise SeedError(layer.name, "not read: a document of an office program")
            pages = _WACZ_PAGES if "datapackage.json" in names else ("",)
            for member in archive.infolist():
                if not member.is_dir() and member.filename.endswith(pages):
                    with reporting(f"{layer.name}!/{writable(member.filename)}", self._report) as name:
                        if member.flag_bits & _ENCRYPTED:
                            raise SeedError(name, "not read: it has a password")
                        with archive.open(member) as stream:
                            yield from self.parts(layer.inner(_Member(stream, self._budget), name))

    def _tarred(self, layer: _NestedStream) -> Iterator[Part]:
        headers = _tar_headers()
        with tarfile.open(fileobj=layer.stream, mode="r|", tarinfo=headers, ignore_zeros=True) as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                with reporting(f"{layer.name}!/{writable(member.name)}", self._report) as name:
                    stream = archive.extractfile(member) if member.isreg() else None
                    if stream is not None:
                        yield from self.parts(layer.inner(_Member(stream, self._budget), name))
                    elif not member.isdir():
                        raise SeedError(name, "not read: a link or a device")
        if headers.broken:
            raise tarfile.ReadError(f"{headers.broken} blocks of 512 bytes are not headers, where headers should be")


@contextmanager
def reporting(name: str, report: Report, *, is_file: bool = False) -> Iterator[str]:
    """Report errors in reading *name*, so that what follows it is still read; a bomb ends its whole file."""
    try:
        yield name
    except SeedError as error:
        if isinstance(error, Unbounded) and not is_file:
            raise
        report(error)
    except STREAM_ERRORS as error:
        report(cut_off(name, error))


def cut_off(name: str, error: BaseException) -> SeedError:
    """Return the error for *name*, whose reading *error* ended; it is also its ``__cause__``."""
    found = SeedError(name, f"cannot be read to its end ({error})")
    found.__cause__ = error
    return found


class _TarHeader(tarfile.TarInfo):
    """A tar header that counts broken headers, and uses no more memory than a header needs."""

    broken = 0

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError:
            cls.broken += 1
            raise

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in _LONG_TAR_HEADERS and self.size > _MAX_TAR_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar_headers() -> type[_TarHeader]:
    """Return a class of headers with its own count."""
    return type("TarHeader", (_TarHeader,), {})


@contextmanager
def _seekable(layer: _NestedStream) -> Iterator[IO[bytes]]:
    """Yield *layer* as a seekable file: the file itself, or a copy of the data from a pipe."""
    if layer.stream.seekable():
        layer.stream.seek(0)
        yield layer.stream
        return
    with tempfile.SpooledTemporaryFile(_SPOOL_MEMORY_BYTES) as spooled:
        size = 0
        while block := layer.stream.read(BUFFER_BYTES):
            size += len(block)
            if size > _MAX_SPOOLED_BYTES:
                raise SeedError(
                    layer.name, f"not read: longer than {_MAX_SPOOLED_BYTES} bytes, and within another file"
                )
            spooled.write(block)
        spooled.seek(0)
        yield cast("IO[bytes]", spooled)


def unread(head: bytes) -> str | None:
    """Return the kind of a stream that begins with *head*, if Gleaner does not read that kind."""
    match = _UNREAD_RE.match(head)
    if match is not None:
        return _UNREAD[(match.lastindex or 1) - 1][1]
    if len(head) < _MIN_BINARY_BYTES or wide_charset(head) is not None:
        return None
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return "binary data" if controls > len(head) * _MAX_CONTROL_SHARE else None


def _is_tar(head: bytes) -> bool:
    try:
        return bool(tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape").name)
    except tarfile.HeaderError:
        return False
