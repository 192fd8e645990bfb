"""Carries out withdrawals: removes from a corpus everything that its tombstones name.

Everything follows from the tombstones, which are durable before the first step. So each step can be done again, and
after a kill at any instant the next opening of the corpus does all of them:

1. Segments: the lines without those of the key, and without what other lines say of it, become durable in a new file;
   then manifest and seal describe that file; then it takes the place of the old one. A kill before that leaves a
   segment that holds the lines, so it is written again.
2. WARC files, in the same order (:mod:`crawler.archive.blanking`).
3. Pictures: removed from the manifest, then deleted.
4. The catalogue: one transaction, and then a new file, without free pages. If it does not fit the lines, it is deleted
   and rebuilt.
5. What can be rebuilt is deleted: the index of near duplicates, other databases, reports of runs.
6. ``quarantine/``: what may hold withdrawn lines or captures.

Then :class:`~crawler.archive.writer.Corpus` takes back into articles/ what was a duplicate of a withdrawn record only,
and the tombstones are finished.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import orjson

from crawler.archive.blanking import blank_withdrawn
from crawler.archive.catalogue import Catalogue
from crawler.archive.files import CorpusLock, sync_directory, write_atomically, write_pieces_atomically
from crawler.archive.intact import NotIntactError, check_line, key_in, parted
from crawler.archive.manifest_lines import relist
from crawler.archive.near import remove_near_index
from crawler.archive.quarantine import FOLDER as QUARANTINE
from crawler.archive.quarantine import LOG_NAME, note_repairs, noted_repairs
from crawler.archive.repair import CATALOGUE_NAME, discard_catalogue, open_catalogue
from crawler.archive.sealing import Seal, keep_plain_form, rewrite_segment
from crawler.archive.segments import (
    LinePlace,
    all_segments,
    open_segment,
    read_lines,
    seal_path,
    segment_name,
)
from crawler.archive.tombstones import (
    Withdrawn,
    read_tombstones,
    settle_withdrawn,
    write_tombstones,
)
from crawler.archive.warcs import INDEX_NAME
from crawler.exceptions import CorpusDamaged, CorpusLocked
from crawler.frontier.targets import target_id
from crawler.jsonl import CHECKSUM_FIELD, checksum_holds, with_checksum

_TEMPORARY = (".tmp-*", "*/.tmp-*", "images/*/.tmp-*", "runs/*/.tmp-*")
FETCHED = ".merge-*"
REPORTS = ("report.html", "runs/*/report.html")
_KEPT_DATABASES = (CATALOGUE_NAME, INDEX_NAME)
_VERSION_RE = re.compile(rb'"version":(\d{1,18}),"content_sha256":')
_MOVE_RECORD = "UPDATE records SET segment = ?, offset = ?, length = ?, crc = ? WHERE tid = ? AND version = ?"
_PICTURE_RE = re.compile(r"([0-9a-f]{64})\..+\.damaged")
_HARMLESS_RE = re.compile(
    r"(?:corpus\.json|withdrawn\.jsonl|site[^/]*\.toml|(?:tag)?manifest-sha256\.txt|.*\.seal\.json)-.*", re.DOTALL
)


def carry_out(root: Path, withdrawn: Withdrawn) -> None:
    """Remove all that is *withdrawn* from the corpus at *root*, whose lock the caller holds.

    Its catalogue is closed. Raises ``CorpusDamaged`` if a line that stays is not intact.
    """
    _sweep(root)
    open_catalogue(root)[0].close()  # it has read all lines, and a torn end is cut off
    for path in all_segments(root):
        _clean_segment(root, path, withdrawn)
    blank_withdrawn(root, withdrawn)
    _remove_pictures(root, withdrawn)
    _clean_catalogue(root, withdrawn)
    remove_near_index(root)
    _remove_fetched(root)
    for path in (path for path in root.glob("*.sqlite*") if not path.name.startswith(_KEPT_DATABASES)):
        _remove(path)
    for pattern in REPORTS:
        for path in root.glob(pattern):
            _remove(path)
    _clean_quarantine(root, withdrawn)


def finish(root: Path) -> None:
    """Note that all tombstones of the corpus at *root* are carried out."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_tombstones(root, [replace(one, finished=one.finished or now) for one in read_tombstones(root)])


def _sweep(root: Path) -> None:
    """Remove the unfinished files that a kill left: they may hold withdrawn bytes."""
    for pattern in _TEMPORARY:
        for path in root.glob(pattern):
            if path.is_file() and not path.is_symlink():
                path.unlink()


def _remove_fetched(root: Path) -> None:
    """Remove what stopped merges have fetched, and what no running one uses."""
    for folder in root.glob(FETCHED):
        if folder.is_symlink() or not folder.is_dir():
            continue
        with suppress(CorpusLocked), CorpusLock(folder):
            shutil.rmtree(folder)
            sync_directory(root)


def _remove(path: Path) -> None:
    if path.is_file() or path.is_symlink():
        path.unlink()
        sync_directory(path.parent)


def _clean_segment(root: Path, path: Path, withdrawn: Withdrawn) -> None:
    """Rewrite the segment at *path* if it holds withdrawn lines, or lines that say something of a withdrawn article."""
    if path.suffix == ".jsonl":
        keep_plain_form(path)
    changed, left = False, 0
    for line, new in _cleaned(path, withdrawn):
        changed = changed or line is not new
        left += new is not None
    if not changed:
        return
    sealed = seal_path(path)
    name, seal_name = path.relative_to(root).as_posix(), sealed.relative_to(root).as_posix()
    if not left and sealed.exists():
        relist(root, {name: None, seal_name: None})
        sealed.unlink()
        _remove(path)
        return

    def describe(seal: Seal) -> None:
        if sealed.exists():
            content = seal.encode()
            relist(root, {name: seal.file_sha256, seal_name: hashlib.sha256(content).hexdigest()})
            write_atomically(sealed, content)

    rewrite_segment(path, (new for _, new in _cleaned(path, withdrawn) if new is not None), describe)


def _cleaned(path: Path, withdrawn: Withdrawn) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield each line of the segment at *path*, and what becomes of it: itself, a changed one, or None."""
    for offset, whole in read_lines(path):
        for at, line in parted(whole):
            key = key_in(line)
            if key in withdrawn.keys:
                yield line, None
                continue
            try:
                check_line(line)
            except NotIntactError as error:
                place = f"{segment_name(path)} at {offset + at}: {key or 'a line of unknown key'}: {error}"
                raise CorpusDamaged(
                    str(path.parent.parent), f"{place}; scrapy corpus repair moves it out, then withdraw again"
                ) from error
            yield line, _redacted(line, withdrawn) if withdrawn.may_name(line) else line


def _redacted(line: bytes, withdrawn: Withdrawn) -> bytes:
    record = orjson.loads(line)
    if not withdrawn.redact(record):
        return line
    if checksum_holds(line):
        del record[CHECKSUM_FIELD]
        return with_checksum(orjson.dumps(record))
    return orjson.dumps(record) + b"\n"


def _remove_pictures(root: Path, withdrawn: Withdrawn) -> None:
    for sha256 in sorted(withdrawn.pictures):
        for path in (root / "images" / sha256[:2]).glob(f"{sha256}.*"):
            relist(root, {path.relative_to(root).as_posix(): None})
            _remove(path)


def _clean_catalogue(root: Path, withdrawn: Withdrawn) -> None:
    """Bring the catalogue into agreement with the new segments; without it, the next opening rebuilds it."""
    try:
        with closing(Catalogue(root / CATALOGUE_NAME)) as catalogue:
            connection = catalogue.connection
            connection.execute("PRAGMA secure_delete = ON")
            with catalogue.transaction():
                settle_withdrawn(connection, withdrawn)
                is_whole = _place_lines(root, connection)
            if is_whole:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return
    except sqlite3.DatabaseError:
        pass
    discard_catalogue(root)
    sync_directory(root)


def _place_lines(root: Path, connection: sqlite3.Connection) -> bool:
    """Set the places of all lines in a catalogue; return whether it knows each of them and no others."""
    ends: list[tuple[str, int, int]] = []
    for path in all_segments(root):
        rows, end = [], 0
        for place, key, version, crc in _places(path):
            rows.append((*place, crc, target_id(key), version))
            end = place.offset + place.length
        if rows and connection.executemany(_MOVE_RECORD, rows).rowcount != len(rows):
            return False
        ends.append((segment_name(path), end, len(rows)))
    connection.execute("DELETE FROM segments")
    connection.executemany("INSERT INTO segments (name, bytes, lines) VALUES (?, ?, ?)", ends)
    (records,) = connection.execute("SELECT count(*) FROM records").fetchone()
    return bool(records == sum(lines for _, _, lines in ends))


def _places(path: Path) -> Iterator[tuple[LinePlace, str, int, int]]:
    name = segment_name(path)
    for offset, whole in read_lines(path):
        for at, line in parted(whole):
            key, version = key_in(line), _VERSION_RE.search(line)
            if key is None or version is None:
                raise CorpusDamaged(str(path), f"the line at {offset + at} is not a record")
            yield LinePlace(name, offset + at, len(line)), key, int(version[1]), crc32(line)


def _clean_quarantine(root: Path, withdrawn: Withdrawn) -> None:
    """Remove the files of quarantine/ that cannot be shown to hold nothing withdrawn, and note which."""
    folder = root / QUARANTINE
    if not folder.is_dir():
        return
    removed = [path for path in sorted(folder.iterdir()) if path.is_file() and not is_harmless(path, withdrawn)]
    notes = list(noted_repairs(root))
    told = [facts for facts in notes if facts.get("key") in withdrawn.keys and (facts.get("title") or facts.get("pic"))]
    for facts in told:
        facts["title"] = facts["pic"] = None
    if told:
        write_pieces_atomically(folder / LOG_NAME, (orjson.dumps(facts) + b"\n" for facts in notes))
    if removed:
        reason = "a withdrawal removed it: it holds, or may hold, something withdrawn"
        note_repairs(root, [{"file": path.relative_to(root).as_posix(), "reason": reason} for path in removed])
    for path in removed:
        _remove(path)


def is_harmless(path: Path, withdrawn: Withdrawn) -> bool:
    """Return whether the file at *path* in quarantine/ can be shown to hold nothing *withdrawn*."""
    name = path.name
    if name == LOG_NAME or _HARMLESS_RE.fullmatch(name):
        return True
    if picture := _PICTURE_RE.fullmatch(name):
        return picture[1] not in withdrawn.pictures
    if ".warc" in name:
        return False
    suffix = next((suffix for suffix in (".gz", ".zst") if f".jsonl{suffix}" in name), ".jsonl")
    with suppress(CorpusDamaged, OSError), open_segment(path, suffix) as lines:
        return all(_is_of_others(line, withdrawn) for line in lines)
    return False


def _is_of_others(line: bytes, withdrawn: Withdrawn) -> bool:
    key = key_in(line)
    return key is not None and key not in withdrawn.keys and not withdrawn.may_name(line)
