"""Brings lines and catalogue back into agreement after a kill, a power cut, or the loss of the catalogue.

The lines are the truth. Lines that the catalogue has not read are indexed; a torn end is moved to ``quarantine/``; a
catalogue that has read more than there is, is rebuilt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from zlib import crc32

from crawler.archive.catalogue import Catalogue
from crawler.archive.depths import pass_on_depths
from crawler.archive.description import describe
from crawler.archive.files import comes_of_a_full_disk, sync_directory
from crawler.archive.intact import intact_record, is_key, parted
from crawler.archive.losses import Loss, of_records
from crawler.archive.lostpictures import LostPictures, ask_for_lost
from crawler.archive.manifest_lines import MANIFEST_NAME
from crawler.archive.mending import Taken
from crawler.archive.places import line_at
from crawler.archive.quarantine import cut_off, note_repairs, noted_repairs
from crawler.archive.schema import NO_CRC
from crawler.archive.segments import LinePlace, all_segments, is_sealed, read_lines, segment_name
from crawler.archive.tombstones import Withdrawn, settle_withdrawn
from crawler.archive.warcs import Mended
from crawler.archive.witness import KnownKey, Witness, known_of
from crawler.exceptions import CorpusDamaged
from crawler.frontier.local import Frontier
from crawler.jsonl import checksum_holds, decode
from crawler.text import content_sha256

CATALOGUE_NAME = "catalogue.sqlite"
_LINES_A_COMMIT = 1_000
_MAX_NAMED_KEYS = 20
_TORN = "it is torn"
_NO_RECORD = (
    *(ValueError, TypeError, AttributeError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
"""Errors from indexing a line that is not a record of the corpus, or has a number where a text should be."""


@dataclass(slots=True)
class RepairReport:
    """What opening a corpus had to repair: nothing, after a clean end."""

    adopted: int = 0
    """Whole lines that the catalogue had not read yet."""
    rebuilt: str | None = None
    """Why the catalogue was rebuilt."""
    cut: list[LinePlace] = field(default_factory=list)
    """Torn ends that were moved to quarantine/."""
    described: str | None = None
    """Why corpus.json was rebuilt."""
    profiles: list[str] = field(default_factory=list)
    """What is wrong with the site profiles, and what was done or remains to be done about it."""
    damaged: list[tuple[LinePlace, str]] = field(default_factory=list)
    """Lines between others that are not records: left in place, and reported by ``verify``."""
    manifest: str | None = None
    """Why the manifest was moved to quarantine/."""
    damaged_pictures: list[str] = field(default_factory=list)
    """Pictures whose bytes did not match their names, and that were moved to quarantine/."""
    lost_pictures: LostPictures = field(default_factory=LostPictures)
    """Stored pictures whose files are missing, and the keys that are requested again for them."""
    taken: list[Taken] = field(default_factory=list)
    """Damaged bytes that a repair moved to quarantine/."""
    gone: list[str] = field(default_factory=list)
    """Keys whose newest line, known to the old catalogue, is lost."""
    requested_again: int = 0
    """Targets that are pending again because the newest line of their keys is lost or damaged."""
    not_requested: list[str] = field(default_factory=list)
    """Keys of lost lines without a page to request: those of seeds of unknown id."""
    mended: Mended = field(default_factory=Mended)
    """What was repaired in the WARC files."""
    lost: dict[Loss, list[str]] = field(default_factory=dict)
    """Lost captures, each with the records that were made from it."""

    @property
    def is_damage(self) -> bool:
        """Whether lines, pictures, captures, the manifest or site profiles are damaged or lost."""
        pictures = self.damaged_pictures or self.lost_pictures.paths
        lines = self.damaged or self.taken or self.gone
        return bool(lines or pictures or self.lost or self.manifest or self.profiles)

    def messages(self) -> Iterator[str]:
        """Yield a line for a person about each thing that was repaired."""
        if self.described:
            yield f"corpus.json was rebuilt from what lies beside it: {self.described}"
        yield from self.profiles
        if self.rebuilt:
            yield f"the catalogue was rebuilt from the lines: {self.rebuilt}"
        elif self.adopted:
            yield f"{self.adopted} archived lines were taken into the catalogue, which had not read them yet"
        for place in self.cut:
            yield f"{place.segment}: a torn end of {place.length} bytes at {place.offset} was moved to quarantine/"
        for place, reason in self.damaged:
            yield f"{place.segment}: the line at {place.offset} is not a record ({reason}); it is left as it is"
        if self.manifest:
            yield f"{MANIFEST_NAME}: {self.manifest}; it was moved to quarantine/; scrapy corpus seal makes a new one"
        for path in self.damaged_pictures:
            yield f"{path}: its bytes are not those of its name; it was moved to quarantine/"
        paths, keys = self.lost_pictures
        yield from (f"{path}: this picture is lost" for path in paths if path not in self.damaged_pictures)
        if paths:
            yield f"{len(paths)} pictures are requested again by the next crawl, with {len(keys)} articles"
        yield from self._lost_lines()
        yield from self.mended.messages()
        for loss, records in self.lost.items():
            yield f"{loss}{of_records(records)}"

    def _lost_lines(self) -> Iterator[str]:
        yield from map(str, self.taken)
        if self.gone:
            more = f" and {len(self.gone) - _MAX_NAMED_KEYS:,} more" if len(self.gone) > _MAX_NAMED_KEYS else ""
            yield f"lines that are lost or damaged: {', '.join(self.gone[:_MAX_NAMED_KEYS])}{more}"
        if self.requested_again:
            yield f"{self.requested_again:,} targets are pending again, as their lines are lost or damaged"
        for key in self.not_requested:
            yield f"{key}: its line is lost or damaged; crawl its seed again to archive it"


def open_catalogue(
    root: Path, *, rebuild: str | None = None, witness: Witness | None = None
) -> tuple[Catalogue, RepairReport]:
    """Open the catalogue of the corpus at *root*, in agreement with its lines.

    The caller holds the corpus's lock. *rebuild* is a reason to rebuild it in any state. *witness* then says what the
    old catalogue knew; without it, the old catalogue itself is read.
    """
    path = root / CATALOGUE_NAME
    report = RepairReport()
    if rebuild is None and path.exists():
        opened = _open_undamaged(root, path, report)
        if isinstance(opened, Catalogue):
            return opened, report
        rebuild, report = opened, RepairReport()
    elif rebuild is None and all_segments(root):
        rebuild = "it was missing"
    report.rebuilt = rebuild
    witness = witness or Witness(path)
    try:
        return _rebuild(root, path, report, witness), report
    finally:
        witness.close()


def _open_undamaged(root: Path, path: Path, report: RepairReport) -> Catalogue | str:
    """Return the catalogue at *path* after indexing the lines that it lacks, or why it must be rebuilt."""
    try:
        catalogue = Catalogue(path)
    except sqlite3.DatabaseError as error:
        if comes_of_a_full_disk(root, error):
            raise
        return f"it could not be read ({error})"
    try:
        if reason := _disagreement(root, catalogue):
            catalogue.close()
            return reason
        _take_in_tails(root, catalogue, report)
        with catalogue.transaction():
            pass_on_depths(catalogue, partial(line_at, root))
    except BaseException as error:
        catalogue.close()
        if is_malformed(error):
            return f"it could not be read ({error})"
        raise
    return catalogue


def is_malformed(error: BaseException | None) -> bool:
    """Return whether *error* is SQLite's for a database whose pages contradict each other."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.DatabaseError) else 0
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def discard_catalogue(root: Path) -> None:
    """Delete the catalogue of the corpus at *root*; the next opening rebuilds it."""
    _remove(root / CATALOGUE_NAME)


def _disagreement(root: Path, catalogue: Catalogue) -> str | None:
    """Return how the catalogue is ahead of the lines; None if it is not."""
    sizes = {
        segment_name(path): None if path.suffix != ".jsonl" else path.stat().st_size for path in all_segments(root)
    }
    for name, (end, _) in catalogue.segments().items():
        if name not in sizes:
            return f"{name}, which it had read, is gone"
        size = sizes[name]
        if size is not None and size < end:
            return f"{name} is {end - size} bytes shorter than what it had read"
    return None


def _take_in_tails(root: Path, catalogue: Catalogue, report: RepairReport) -> None:
    read = catalogue.segments()
    for path in all_segments(root):
        name = segment_name(path)
        start = read.get(name, (0, 0))[0]
        if (path.suffix == ".jsonl" and path.stat().st_size > start) or name not in read:
            _take_in(root, catalogue, path, start, report)


def _rebuild(root: Path, path: Path, report: RepairReport, witness: Witness) -> Catalogue:
    fresh = path.with_suffix(".rebuild")
    _remove(fresh)
    try:
        _fill(root, fresh, report, witness)
    except BaseException:
        _remove(fresh)  # the disk may be full because of it
        raise
    witness.close()
    for old in (Path(f"{path}-wal"), Path(f"{path}-shm")):
        old.unlink(missing_ok=True)
    fresh.rename(path)
    sync_directory(root)
    return Catalogue(path)


def _fill(root: Path, fresh: Path, report: RepairReport, witness: Witness) -> None:
    """Create a catalogue of all lines at *fresh*."""
    catalogue = Catalogue(fresh)
    try:
        for segment in all_segments(root):
            _take_in(root, catalogue, segment, 0, report, witness)
        withdrawn = Withdrawn.of(root)
        with catalogue.transaction():
            settle_withdrawn(catalogue.connection, withdrawn)
            pass_on_depths(catalogue, partial(line_at, root))
            report.lost_pictures = ask_for_lost(root, catalogue)
            _request_again(root, catalogue, witness, report, withdrawn)
        catalogue.connection.execute("PRAGMA journal_mode = DELETE")  # so that all is in one file, which can be renamed
    finally:
        catalogue.close()


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def _request_again(
    root: Path, catalogue: Catalogue, witness: Witness, report: RepairReport, withdrawn: Withdrawn
) -> None:
    """Make targets pending for which the *witness* or the log of repairs knows a newer line than there is now.

    What is *withdrawn* is not lost.
    """
    prefix = f"{describe(root)['site']}/"

    def is_lost(known: KnownKey) -> bool:
        if known.key in withdrawn.keys:
            return False
        if not known.key.startswith(prefix) or not is_key(known.key):
            return False
        held = catalogue.highest_version(known.key)
        return held is None or held.version < known.version

    gone = [known for known in witness.newest() if is_lost(known)]
    if gone:
        note_repairs(root, [{"reason": "its line is gone", **known._asdict()} for known in gone])
    report.gone = [known.key for known in gone]
    lost = {known.key: known for known in chain(filter(is_lost, _repaired(root)), gone)}
    report.requested_again = Frontier(catalogue).request_again(lost, lost)
    report.not_requested = [key for key in lost if not key.rpartition("/")[2].isdigit()]


def _repaired(root: Path) -> Iterator[KnownKey]:
    for facts in noted_repairs(root):
        version = facts.get("version")
        wanted = (facts.get(name) for name in ("depth", "title", "pic"))
        if known := known_of(facts.get("key"), version if isinstance(version, int) else 1, *wanted):
            yield known
        ends = facts.get("keys")
        for key in ends if isinstance(ends, list) else ():
            if isinstance(key, str):
                yield KnownKey(key, 1)


def _take_in(
    root: Path, catalogue: Catalogue, path: Path, start: int, report: RepairReport, witness: Witness | None = None
) -> None:
    """Index the lines of the segment at *path* from the offset *start* on, :data:`_LINES_A_COMMIT` a transaction.

    After the last line that the catalogue had read, the first bad line begins the torn end (what follows it was never
    acknowledged either). With a *witness* all lines are indexed again, and only bad lines with no good one after them
    are a torn end, if the witness had not read them. A sealed segment has no torn end: nothing is ever cut off it.
    """
    name, sealed = segment_name(path), is_sealed(path)
    keep_damaged = sealed or witness is not None
    bad: list[tuple[LinePlace, str]] = []
    lines = _readable(path, start, report)
    end, more = start, True
    while more:
        part = list(islice(lines, _LINES_A_COMMIT))
        more = len(part) == _LINES_A_COMMIT
        count = 0
        with catalogue.transaction():
            for place, reason in _index_all(catalogue, name, part, witness):
                if reason is not None:
                    bad.append((place, reason))
                    if not keep_damaged:
                        more = False
                        break
                    continue
                report.damaged += bad
                bad.clear()
                end, count = place.offset + place.length, count + 1
            catalogue.advance(name, end)
        report.adopted += count
    read = witness.end(name) if witness else 0
    rotten = [one for one in bad if sealed or (one[0].offset + one[0].length <= read and one[1] != _TORN)]
    if rotten:
        report.damaged += rotten
        last = rotten[-1][0]
        with catalogue.transaction():
            catalogue.advance(name, last.offset + last.length)
    if torn := bad[len(rotten) :]:
        offset = torn[0][0].offset
        report.cut.append(LinePlace(name, offset, cut_off(root, path, offset)))


def _readable(path: Path, start: int, report: RepairReport) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a segment as far as it can be decompressed."""
    end = start
    try:
        for offset, line in read_lines(path, start):
            yield from ((offset + at, piece) for at, piece in parted(line))
            end = offset + len(line)
    except CorpusDamaged as error:
        report.damaged.append((LinePlace(segment_name(path), end, 0), str(error)))


def _index_all(
    catalogue: Catalogue, segment: str, lines: list[tuple[int, bytes]], witness: Witness | None
) -> Iterator[tuple[LinePlace, str | None]]:
    """Index *lines* of *segment*; yield for each why it is not a record of this corpus, None if it is.

    They are indexed together. If that fails for one of them, they are indexed one by one as the caller iterates.
    """
    places = [LinePlace(segment, offset, len(line)) for offset, line in lines]
    try:
        with catalogue.savepoint():
            for place, (_, line) in zip(places, lines, strict=True):
                _index(catalogue, line, place, witness)
    except _NO_RECORD:
        for place, (_, line) in zip(places, lines, strict=True):
            try:
                with catalogue.savepoint():
                    _index(catalogue, line, place, witness)
            except _NO_RECORD as error:
                yield place, str(error)
            else:
                yield place, None
    else:
        yield from ((place, None) for place in places)


def _index(catalogue: Catalogue, line: bytes, place: LinePlace, witness: Witness | None) -> None:
    if not line.endswith(b"\n"):
        raise ValueError(_TORN)
    if not checksum_holds(line):
        intact_record(line, witness.crc_of(place) if witness else None)
    article = decode(line)
    if (article.near_duplicate_of is not None) != place.segment.startswith("duplicates-"):
        raise ValueError("it belongs in the other folder of segments")
    of, rule = article.near_duplicate_of, article.duplicate_rule
    # A line may have changed between its writing and this reading. Its CRC proves that its text has not.
    crc = crc32(line) if content_sha256(article.text) == article.content_sha256 else NO_CRC
    catalogue.index(article, place, crc, version=article.version, duplicate_of=of, rule=rule)
