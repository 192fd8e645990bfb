"""An open corpus: its lock, its parts, and the groups in which changes become durable."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

from crawler.archive.depths import Depths
from crawler.archive.description import describe, open_description
from crawler.archive.files import CorpusLock, write_errors
from crawler.archive.inbag import refuse_bag
from crawler.archive.near import NearDuplicates
from crawler.archive.ownprofile import bring_profile, keep_profile
from crawler.archive.pictures import is_there, store
from crawler.archive.repair import discard_catalogue, is_malformed, open_catalogue
from crawler.archive.sealing import Compression, Seal, seal_closed
from crawler.archive.storedlines import StoredLines
from crawler.archive.tombstones import Withdrawn, WithdrawnContentError
from crawler.archive.warcs import CaptureWriter, mend_warcs
from crawler.archive.withdrawal import carry_out
from crawler.exceptions import ConfigError, CorpusError
from crawler.frontier.local import Frontier
from crawler.items import Image

DEFAULT_SEGMENT_BYTES = 256 * 1024 * 1024


class OpenCorpus:
    """The corpus in *root*, created if needed, locked and repaired, until :meth:`close`.

    *site* is the name of its site profile; a corpus holds one site. One thread at a time may call the methods.

    Raises :class:`~crawler.exceptions.CorpusLocked` if another process has it open, ``ConfigError`` if it is of
    another site or not a folder, ``CorpusDamaged`` if it has another schema, ``DiskFull`` and ``CorpusError`` if it
    cannot be written.
    """

    def __init__(self, root: Path, site: str, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> None:
        self.root = root
        self._site = site
        self._broken: CorpusError | None = None
        self.durable: Future[None] = Future()
        """Of the last group: done once everything in it is durable, or with ``CorpusError`` if that failed."""
        with write_errors(root):
            refuse_bag(root)
            _make_folder(root)
            self._lock = CorpusLock(root)
            try:
                _, rebuilt = open_description(root, site)
                self.withdrawn = Withdrawn.of(root)
                if self.withdrawn.is_unfinished:
                    carry_out(root, self.withdrawn)
                self.catalogue, self.repairs = open_catalogue(root)
                self.repairs.described = rebuilt
                self.captures: CaptureWriter | None = None
                self.near: NearDuplicates | None = None
                self.mended = mend_warcs(root)
                self.frontier = Frontier(self.catalogue)
                self.lines = StoredLines(root, self.catalogue, segment_bytes)
                self.depths = Depths(root, self.catalogue, self.lines.at)
            except BaseException:
                self._lock.release()
                raise

    @contextmanager
    def group(self, *, wait: bool = True) -> Iterator[None]:
        """Make everything done inside durable together when this ends; undo it if it raises.

        With *wait* false this ends earlier, and the future ``durable`` is done later: the next group can be gathered
        while the disk syncs this one. The catalogue may then be committed later, for many groups at once.

        After an error here the corpus refuses further changes: what a failed ``fsync`` left on disk is unknown
        (https://wiki.postgresql.org/wiki/Fsync_Errors). Opening it again repairs it.
        """
        if self._broken:
            raise self._broken
        try:
            with write_errors(self.root):
                self.catalogue.begin()
                yield
                self.durable = self.lines.sync()
                if wait or self.catalogue.wants_commit:
                    self._commit()
        except BaseException as error:
            self._broken = error if isinstance(error, CorpusError) else CorpusError(str(self.root), repr(error))
            with suppress(sqlite3.Error):  # the first error matters
                self.catalogue.rollback()
            raise

    def _commit(self) -> None:
        """Commit to the catalogue what follows from all lines so far; it is written while the disk syncs the lines."""
        try:
            self.depths.pass_on()
        finally:
            self.durable.result()
        self.catalogue.commit()
        if self.near:
            self.near.committed()

    def keep_profile(self, content: bytes) -> Path | None:
        """Keep *content* as the site profile of this corpus, durably (:mod:`crawler.archive.ownprofile`).

        Returns the path of the profile that was kept before, if it is a different one.
        """
        with write_errors(self.root):
            return keep_profile(self.root, content)

    def keep_captures(self, run: str, max_bytes: int, facts: Mapping[str, str]) -> CaptureWriter:
        """Start keeping the captures of *run* in WARC files of about *max_bytes*; *facts* go into their warcinfo."""
        with write_errors(self.root):
            self.captures = CaptureWriter(
                self.root, self._site, run, max_bytes=max_bytes, facts=facts, refuses=self.withdrawn.refuses
            )
        return self.captures

    def take_over(self, other: Path) -> bool:
        """Copy the site profile of the corpus at *other* and how deep its crawls went; *other* is only read.

        Return whether its profile is now this corpus's own.
        """
        with write_errors(self.root):
            brought = bring_profile(self.root, other)
        depth = describe(other).get("depth")
        if depth is not None:
            self.depths.take_over(depth)
        return brought

    def has_picture(self, image: Image) -> bool:
        """Return whether the file of the stored *image* is there. Any thread may call this."""
        return is_there(self.root, image.path, image.bytes)

    def store_picture(self, data: bytes, extension: str) -> tuple[str, str]:
        """Store the bytes of a picture, durably; return its path in the corpus and its SHA-256. For any thread.

        Raises ``WithdrawnContentError`` for a picture that is withdrawn.
        """
        if self.withdrawn.pictures and hashlib.sha256(data).hexdigest() in self.withdrawn.pictures:
            raise WithdrawnContentError
        with write_errors(self.root):
            return store(self.root, data, extension)

    def seal(self, compression: Compression | None, *, within: float) -> list[Seal]:
        """Seal the closed segments (:mod:`crawler.archive.sealing`), outside any group; return the new seals.

        For the end of a crawl: after *within* seconds no further segment is begun, and the next call continues. An
        error here harms no line.
        """
        with write_errors(self.root):
            return seal_closed(self.root, compression, within=within, crc_of=self.catalogue.crc_of)

    def close(self) -> None:
        """Close the corpus and release its lock."""
        try:
            if not self._broken:
                with self.group():
                    pass
            with write_errors(self.root):
                if self.near:
                    self.near.close(keep=self._broken is None)
                if self.captures:
                    self.captures.close()
        finally:
            self.lines.close()
            self.catalogue.close()
            if self._broken and is_malformed(self._broken.__cause__):
                discard_catalogue(self.root)
            self._lock.release()


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(f"corpus {root}: a file is in its place; give another CORPUS_DIR") from error
