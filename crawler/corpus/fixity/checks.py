"""The parts into which checking a corpus is cut, so that processes can share them; each reads a few MiB.

A part is a plain value, and what comes of it is one: :func:`check` may run anywhere. It raises ``sqlite3.Error``
only; damage of every other kind is a :class:`Problem`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from crawler.archive.files import sha256_of_file
from crawler.archive.losses import CapturePlace
from crawler.archive.repair import CATALOGUE_NAME
from crawler.archive.sealing import measure, read_seal
from crawler.archive.segments import MAX_LINE_BYTES, LinePlace, open_segment, segment_name, segment_paths
from crawler.corpus.fixity.linecheck import LineChecker
from crawler.corpus.fixity.warccheck import check_warc
from crawler.exceptions import CorpusDamaged
from crawler.sqlite import connect_to_read

_LINES_AT_ONCE = 64
_LONG_LINE = 1024 * 1024


class Problem(NamedTuple):
    """Something that is not as promised: in which file, where in it (a byte offset, or None), and what."""

    file: str
    offset: int | None
    message: str


class LinesCheck(NamedTuple):
    """The lines of the segment *file* that begin in [*start*, *stop*); *read* is how far the catalogue has read it."""

    file: str
    start: int
    stop: int | None
    read: int


class SealFile(NamedTuple):
    """The seal in *file*, against its segment."""

    file: str


class Digest(NamedTuple):
    """Any *file*, against its SHA-256 in the manifest."""

    file: str
    sha256: str


class PicturesCheck(NamedTuple):
    """The pictures in the folder *file*, against their names."""

    file: str


class DatabaseCheck(NamedTuple):
    """The catalogue, against SQLite's own rules."""

    file: str = CATALOGUE_NAME


class WarcFile(NamedTuple):
    """The WARC file *file*: its records, and the index of them."""

    file: str


Part = LinesCheck | SealFile | Digest | PicturesCheck | DatabaseCheck | WarcFile


@dataclass(slots=True)
class Checked:
    """What came of a part: ``size`` is where its last line ended, ``beyond`` the lines that no catalogue has read."""

    part: Part
    lines: int = 0
    known: int = 0
    beyond: int = 0
    size: int = 0
    pictures: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    lost: dict[CapturePlace, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(root: Path, part: Part, unlisted: frozenset[str] = frozenset()) -> Checked:
    """Check *part* of the corpus at *root*, which the caller has locked; note which *unlisted* pictures lines name."""
    done = Checked(part)
    try:
        match part:
            case LinesCheck():
                _check_lines(root, part, unlisted, done)
            case SealFile():
                _check_seal(root, part, done)
            case Digest():
                _check_digest(root, part, done)
            case PicturesCheck():
                _check_pictures(root, part, done)
            case WarcFile():
                for finding in check_warc(root, part.file):
                    if finding.is_note:
                        done.notes.append(f"{finding.file} at {finding.offset}: {finding.message}")
                    else:
                        done.problems.append(Problem(*finding[:3]))
            case DatabaseCheck():
                _check_database(root, done)
    except (CorpusDamaged, OSError) as error:
        done.problems.append(Problem(part.file, done.size or None, f"it cannot be read further: {error}"))
    return done


@contextmanager
def connect(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of the corpus at *root* for reading."""
    with closing(connect_to_read(root / CATALOGUE_NAME)) as connection:
        connection.text_factory = decode_anything
        yield connection


def decode_anything(text: bytes) -> str:
    """Decode a text of the catalogue, which may be damaged: what is no UTF-8 in it equals nothing that lines say."""
    return text.decode(errors="replace")


def _check_lines(root: Path, part: LinesCheck, unlisted: frozenset[str], done: Checked) -> None:
    path = root / part.file
    name = segment_name(path)
    with connect(root) as connection, open_segment(path) as file:
        checker = LineChecker(root, connection, unlisted)
        done.seen, done.lost = checker.seen, checker.lost
        waiting: list[tuple[LinePlace, bytes]] = []
        for offset, line in _lines_from(file, part.start):
            if part.stop is not None and offset >= part.stop:
                break
            done.size = offset + len(line)
            if offset >= part.read:
                done.beyond += 1
                continue
            done.lines += 1
            waiting.append((LinePlace(name, offset, len(line)), line))
            if len(waiting) == _LINES_AT_ONCE or len(line) > _LONG_LINE:
                _check_some(checker, waiting, part, done)
        _check_some(checker, waiting, part, done)


def _check_some(checker: LineChecker, lines: list[tuple[LinePlace, bytes]], part: LinesCheck, done: Checked) -> None:
    done.problems += (Problem(part.file, place.offset, message) for place, message in checker.check(lines))
    done.known = checker.known
    lines.clear()


def _lines_from(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of *file* that begin at *start* or later, with their offsets."""
    offset = start
    if start:
        file.seek(start - 1)
        offset = start - 1 + len(file.readline(MAX_LINE_BYTES))
    while line := file.readline(MAX_LINE_BYTES):
        yield offset, line
        offset += len(line)


def _check_seal(root: Path, part: SealFile, done: Checked) -> None:
    path = root / part.file
    held = read_seal(path)
    if path.read_bytes() != held.encode():
        done.problems.append(Problem(part.file, None, "it is not written as a seal is"))
    name = path.name.replace(".seal.json", ".jsonl")
    segment_path = next((one for one in segment_paths(root, path.parent.name) if segment_name(one) == name), None)
    if segment_path is None:
        done.problems.append(Problem(part.file, None, f"the segment that it seals, {name}, is gone"))
        return
    found = measure(segment_path)
    if found == held:
        return
    file = segment_path.relative_to(root).as_posix()
    half_done = (
        segment_path.name == name and held.file.startswith(f"{name}.") and found.lines_sha256 == held.lines_sha256
    )
    if half_done:
        done.notes.append(f"{file}: it is also there compressed; the next seal removes one of the two")
        return
    if held.file == name != segment_path.name and replace(found, file=name) == replace(
        held, file_bytes=found.file_bytes, file_sha256=found.file_sha256
    ):
        done.notes.append(f"{file}: it was compressed since it was sealed; the next seal renews its seal")
        return
    for what in held.__slots__:
        was, now = getattr(held, what), getattr(found, what)
        if was != now:
            done.problems.append(Problem(file, None, f"its {what} is {now!r}, but {path.name} says {was!r}"))


def _check_digest(root: Path, part: Digest, done: Checked) -> None:
    if sha256_of_file(root / part.file) != part.sha256:
        done.problems.append(Problem(part.file, None, "its bytes are not those that the manifest lists"))


def _check_pictures(root: Path, part: PicturesCheck, done: Checked) -> None:
    for path in sorted((root / part.file).iterdir()):
        if path.name.startswith(".tmp-"):
            continue
        name = f"{part.file}/{path.name}"
        done.pictures.append(name)
        try:
            if sha256_of_file(path) != path.stem:
                done.problems.append(Problem(name, None, "its bytes are not those of its name"))
        except OSError as error:
            done.problems.append(Problem(name, None, f"it cannot be read: {error.strerror}"))


def _check_database(root: Path, done: Checked) -> None:
    with connect(root) as connection:
        for (message,) in connection.execute("PRAGMA quick_check(10)"):
            if message != "ok":
                text = f"SQLite says: {message}; scrapy corpus repair rebuilds it"
                done.problems.append(Problem(CATALOGUE_NAME, None, text))
