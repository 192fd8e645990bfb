"""Moves damaged lines of segments to ``quarantine/``, and rewrites the segments without them.

Each step is durable before the next, and all can be repeated after a kill: first the damaged bytes (of a compressed
segment the whole file) are copied to quarantine/, then the log records them, then the whole segment is replaced, then
its seal. The log keeps their keys even when the old catalogue is gone, so their targets are always requested again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.archive.files import sha256_of_file, sync_directory, write_atomically
from crawler.archive.intact import Damage, NotIntactError, intact_record, key_in, parted
from crawler.archive.manifest_lines import MANIFEST_NAME, ManifestEntry, read_manifest, replace_manifest
from crawler.archive.quarantine import keep_bytes, keep_file, note_repairs
from crawler.archive.sealing import measure, read_seal, rewrite_segment
from crawler.archive.segments import (
    FAMILIES,
    LinePlace,
    all_segments,
    read_lines,
    seal_path,
    segment_name,
    segment_paths,
)
from crawler.archive.witness import KnownKey, Witness
from crawler.exceptions import CorpusDamaged

_VERSION_RE = re.compile(rb'"version":(\d{1,9}),')
_DEPTH_RE = re.compile(rb'"depth":(\d{1,4}),"capture"')


@dataclass(frozen=True, slots=True)
class Taken:
    """What was moved out of a corpus, why, and under which path it is kept."""

    damage: Damage
    kept: str

    def __str__(self) -> str:
        return f"{self.damage}; it was moved to {self.kept}"


@dataclass(slots=True)
class _MendableSegment:
    """What is wrong with a segment: damaged pieces, and why it cannot be read further or does not match its seal."""

    pieces: list[tuple[LinePlace, bytes, str]] = field(default_factory=list)
    unreadable: str | None = None
    unsealed: str | None = None
    lines: int = 0


def mend_segments(root: Path, witness: Witness) -> list[Taken]:
    """Move all lines that are not intact out of the corpus at *root*, whose lock the caller holds; return them.

    *witness* is the catalogue that knew the lines. A torn end of a segment that still grows stays; the next opening of
    the corpus cuts it off.
    """
    taken: list[Taken] = []
    for family in FAMILIES:
        for path in segment_paths(root, family):
            found = _look(path, witness)
            if found.pieces or found.unreadable or found.unsealed:
                taken += _mend(root, path, found, witness)
        taken += _orphans(root, family)
    return taken


def take_out(root: Path, lines: Iterable[tuple[LinePlace, str]]) -> list[Taken]:
    """Move *lines*, each with the reason, out of the corpus at *root*, whose lock the caller holds; return them.

    They are whole but cannot be indexed: a record that is there twice, or one that belongs in the other family.
    """
    by_segment: dict[str, dict[int, str]] = {}
    for place, reason in lines:
        by_segment.setdefault(place.segment, {})[place.offset] = reason
    taken: list[Taken] = []
    with closing(Witness(None)) as nobody:
        for path in all_segments(root):
            if reasons := by_segment.get(segment_name(path)):
                taken += _mend(root, path, _listed(path, reasons), nobody)
    return taken


def _listed(path: Path, reasons: dict[int, str]) -> _MendableSegment:
    """Return the lines of the segment at *path* at the offsets of *reasons* as its damage."""
    found = _MendableSegment()
    for offset, line in read_lines(path):
        for at, piece in parted(line):
            if reason := reasons.get(offset + at):
                found.pieces.append((LinePlace(segment_name(path), offset + at, len(piece)), piece, reason))
            else:
                found.lines += 1
    return found


def _look(path: Path, witness: Witness) -> _MendableSegment:
    found, name, end = _MendableSegment(), segment_name(path), 0
    sealed = seal_path(path).exists()
    try:
        for offset, line in read_lines(path):
            end = offset + len(line)
            for at, piece in parted(line):
                place = LinePlace(name, offset + at, len(piece))
                try:
                    intact_record(piece, witness.crc_of(place))
                except NotIntactError as error:
                    found.pieces.append((place, piece, str(error)))
                else:
                    found.lines += 1
    except CorpusDamaged as error:
        found.unreadable = f"it cannot be read beyond {end}: {error}"
    if sealed:
        found.unsealed = _difference(path)
    elif path.suffix == ".jsonl" and found.pieces:
        found.pieces = _without_torn_end(found.pieces, end, witness)
    return found


def _difference(path: Path) -> str | None:
    """Return how the segment at *path* differs from its seal; None if it does not."""
    sealed = seal_path(path)
    try:
        held = read_seal(sealed)
        if sealed.read_bytes() != held.encode():
            return "its seal is not written as a seal is"
        found = measure(path)
    except CorpusDamaged as error:
        return str(error)
    if found == held or (found.lines_sha256 == held.lines_sha256 and path.suffix == ".jsonl"):
        return None
    return "it is not what its seal says"


def _without_torn_end(
    pieces: list[tuple[LinePlace, bytes, str]], end: int, witness: Witness
) -> list[tuple[LinePlace, bytes, str]]:
    """Return *pieces* without those at the end of the segment that come from a kill, not from damage."""
    kept = list(pieces)
    while kept and kept[-1][0].offset + kept[-1][0].length == end:
        place, piece, _ = kept[-1]
        was_read = end <= witness.end(place.segment)
        if was_read or (piece.endswith(b"\n") and key_in(piece)):
            break
        kept.pop()
        end = place.offset
    return kept


def _mend(root: Path, path: Path, found: _MendableSegment, witness: Witness) -> list[Taken]:
    name, sealed = segment_name(path), seal_path(path)
    taken: list[Taken] = []
    whole = keep_file(root, path) if path.suffix != ".jsonl" else None
    seal_kept = keep_file(root, sealed) if sealed.exists() else None
    written = witness.lines(name) if found.pieces else {}
    notes = []
    for place, piece, reason in found.pieces:
        piece_kept = whole or keep_bytes(root, f"{path.name}-{place.offset}", piece)
        known = written.get(place.offset) or _readable_key(piece)
        taken.append(Taken(Damage(place, known.key if known else None, reason), piece_kept))
        notes.append(_facts(root, path, taken[-1], known))
    if whole_reason := found.unreadable or found.unsealed:
        one = Taken(Damage(LinePlace(name, 0, 0), None, whole_reason), whole or seal_kept or name)
        notes.append({**_facts(root, path, one, None), **_ends_of(sealed, seal_kept)})
        if found.unreadable or not found.pieces:
            taken.append(one)
    note_repairs(root, notes)
    if found.lines == 0 and sealed.exists():
        path.unlink()
        sealed.unlink()
        sync_directory(path.parent)
    elif found.pieces or found.unreadable or whole:
        rewrite_segment(path, _intact(path, {place.offset for place, _, _ in found.pieces}))
    else:
        write_atomically(sealed, measure(path).encode())
    return taken


def _intact(path: Path, left_out: set[int]) -> Iterator[bytes]:
    """Yield the lines of the segment at *path* except those at the offsets *left_out*, as far as it can be read."""
    try:
        for offset, line in read_lines(path):
            for at, piece in parted(line):
                if offset + at not in left_out:
                    yield piece
    except CorpusDamaged:
        return


def _orphans(root: Path, family: str) -> Iterator[Taken]:
    """Move the seals of missing segments to quarantine/, and yield them."""
    seals = {seal_path(path) for path in segment_paths(root, family)}
    for sealed in sorted((root / family).glob("*.seal.json")):
        if sealed in seals:
            continue
        kept = keep_file(root, sealed)
        segment = sealed.name.replace(".seal.json", ".jsonl")
        one = Taken(Damage(LinePlace(segment, 0, 0), None, "the segment is gone, only its seal is there"), kept)
        note_repairs(root, [{**_facts(root, sealed, one, None), **_ends_of(sealed, kept)}])
        sealed.unlink()
        sync_directory(sealed.parent)
        yield one


def renew_manifest(root: Path) -> list[Taken]:
    """Update the manifest: it lists segments and seals as they are now, without missing ones.

    The old entries go to the log of repairs; those of missing segments are returned.
    """
    manifest = root / MANIFEST_NAME
    if not manifest.exists():
        return []
    entries = [entry for _, entry in read_manifest(manifest) if entry]
    now = {entry: _current_digest(root, entry) for entry in entries if Path(entry.path).parent.name in FAMILIES}
    changed = {entry: digest for entry, digest in now.items() if digest != entry.sha256}
    if not changed:
        return []
    gone = [entry for entry, digest in changed.items() if digest is None]
    note_repairs(
        root,
        [{"file": entry.path, "listed_sha256": entry.sha256, "sha256": digest} for entry, digest in changed.items()],
    )
    kept = keep_file(root, manifest)
    left = [ManifestEntry(entry.path, changed.get(entry) or entry.sha256) for entry in entries if entry not in gone]
    replace_manifest(root, [entry.encode() for entry in left])
    segments = [Path(entry.path) for entry in gone if not entry.path.endswith(".seal.json")]
    return [Taken(Damage(LinePlace(segment_name(path), 0, 0), None, "the segment is gone"), kept) for path in segments]


def _current_digest(root: Path, entry: ManifestEntry) -> str | None:
    """Return the SHA-256 that the manifest must list for a segment or a seal; None if the segment is missing."""
    path = root / entry.path
    segment = path.with_name(path.name.replace(".seal.json", ".jsonl"))
    listed = next(
        (one for one in segment_paths(root, path.parent.name) if segment_name(one) == segment_name(segment)), None
    )
    if listed is None:
        return None
    if not path.exists():  # it was compressed meanwhile
        return entry.sha256
    return sha256_of_file(path)


def _ends_of(sealed: Path, kept: str | None) -> dict[str, Any]:
    """Return what only a seal says: digests, and the first and last key of its segment."""
    try:
        seal = read_seal(sealed)
    except CorpusDamaged:
        return {"seal": kept}
    return {
        "seal": kept,
        "file_sha256": seal.file_sha256,
        "lines_sha256": seal.lines_sha256,
        "keys": [key for key in (seal.first_key, seal.last_key) if key],
    }


def _readable_key(piece: bytes) -> KnownKey | None:
    """Return what can be read in a damaged line: its key, version and depth."""
    key, version, depth = key_in(piece), _VERSION_RE.search(piece), _DEPTH_RE.search(piece)
    if key is None:
        return None
    return KnownKey(key, int(version[1]) if version else 1, int(depth[1]) if depth else None)


def _facts(root: Path, path: Path, taken: Taken, known: KnownKey | None) -> dict[str, Any]:
    facts = {"file": path.relative_to(root).as_posix(), **taken.damage.facts(), "kept": taken.kept}
    if known:
        facts |= known._asdict()
    return facts
