"""A corpus behind a URL: its lines are fetched before a merge, its WARC files and pictures when they are needed.

What is fetched waits in a hidden folder of the corpus that is merged into, so a merge that is stopped and run again
fetches no segment twice. The folder is removed once the merge is complete. A store lists its own files; an HTTP server
lists none, so there the corpus must be sealed, and its manifest is the list.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from crawler.archive.description import DESCRIPTION_NAME, PROFILE_NAME, describe
from crawler.archive.files import CorpusLock, write_errors
from crawler.archive.manifest_lines import MANIFEST_NAME, TAG_NAME, manifest_problem, read_manifest
from crawler.archive.ownprofile import MAX_PROFILE_BYTES
from crawler.archive.segments import FAMILIES, following_names, is_segment, seal_path
from crawler.archive.tombstones import TOMBSTONE_START, TOMBSTONES_NAME
from crawler.archive.warcs import FOLDER, WARC_PATTERN
from crawler.corpus.merge.others import OtherCorpus, OtherWarc
from crawler.corpus.merge.remotefiles import RemoteFiles
from crawler.exceptions import CorpusDamaged, CorpusError
from crawler.inputs.retries import Refused

_MAX_DESCRIPTION_BYTES = 1 << 20
_SEGMENT_STARTS: Final = (b"{", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""JSON, gzip, Zstandard. An HTTP server may answer with a page to a name that it does not have."""
_PICTURES: Final = "images/"
"""They are named by their SHA-256, so the manifest is not needed for them."""
_BAG_PAYLOAD = "data"

OnProgress = Callable[[int, int], None]


class RemoteCorpus(OtherCorpus):
    """The corpus at *url*, also the bag of one, to be merged into the corpus at *into*, which is created if needed.

    Raises ``CorpusError``, which names the URL, for what cannot be read, and ``CorpusDamaged`` if the list of its files
    is not what was written.
    """

    def __init__(self, url: str, into: Path) -> None:
        folder = hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        super().__init__(into / f".merge-{folder}")
        self._into = into
        self._files = RemoteFiles(url)
        self.name = self._files.name
        self._hashes: dict[str, str] = {}
        """The SHA-256 of files by path, as the manifest has them."""
        self._paths: list[str] = []

    @contextmanager
    def fetched(self, on_progress: OnProgress = lambda _done, _total: None) -> Iterator[None]:
        """Hold the fetched lines while the merge runs, and remove them if it ends well.

        *on_progress* receives how many files of how many were fetched. One merge of a URL into a corpus runs at a time.
        """
        with write_errors(self._into):
            is_new = not self._into.exists()
            self.root.mkdir(parents=True, exist_ok=True)
        lock = CorpusLock(self.root)
        is_kept = False
        try:
            self._find_files()
            is_kept = True
            self._fetch_lines(on_progress)
            yield
            is_kept = False
        finally:
            if not is_kept:
                shutil.rmtree(self.root, ignore_errors=True)
                if is_new:
                    with suppress(OSError):  # it has a corpus in it by now
                        self._into.rmdir()
            lock.release()

    def picture(self, path: str, max_bytes: int) -> bytes | None:
        """Return the file *path*, but no more than about *max_bytes*; None if the server has none."""
        try:
            return self._files.read(path, max_bytes)
        except Refused:
            return None

    def warcs(self) -> Iterator[OtherWarc]:
        """Yield the WARC files of the corpus."""
        for path in self._paths:
            folder, _, name = path.rpartition("/")
            if folder == FOLDER and fnmatchcase(name, WARC_PATTERN):
                yield OtherWarc(name, self._hashes.get(path))

    @contextmanager
    def warc(self, warc: OtherWarc) -> Iterator[Path]:
        """Fetch *warc*, and give its path as long as it is needed."""
        path = f"{FOLDER}/{warc.name}"
        self._fetch_listed(path)
        try:
            yield self.root / path
        finally:
            (self.root / path).unlink()

    def _find_files(self) -> None:
        """Fetch corpus.json, of the corpus or of the bag around it, and find which files there are."""
        try:
            self._fetch(DESCRIPTION_NAME, _MAX_DESCRIPTION_BYTES)
        except Refused as error:
            outside, self._files = self._files, self._files.inside(_BAG_PAYLOAD)
            try:
                self._fetch(DESCRIPTION_NAME, _MAX_DESCRIPTION_BYTES)
            except Refused:
                raise CorpusError(outside.name, f"there is no corpus here ({DESCRIPTION_NAME}: {error})") from error
        try:
            describe(self.root)
        except CorpusError as error:
            raise type(error)(self.name, str(error).removeprefix(f"corpus {error.path}: ")) from error
        self._fetch_tombstones()
        has_manifest = self._read_manifest()
        if self._files.lists:
            self._paths = [path for folder in (*FAMILIES, FOLDER) for path in self._files.listed(folder)]
        elif has_manifest:
            self._paths = sorted(self._hashes)
        else:
            message = f"an HTTP server does not list its files, and there is no {MANIFEST_NAME}"
            raise CorpusError(self.name, f"{message}; run scrapy corpus seal there first")

    def _fetch_tombstones(self) -> None:
        """Fetch what was withdrawn there, if there is such a list; the answer of an HTTP server may be another page."""
        path = self.root / TOMBSTONES_NAME
        path.unlink(missing_ok=True)
        with suppress(Refused):
            self._fetch(TOMBSTONES_NAME)
        if path.exists() and not path.read_bytes().startswith(TOMBSTONE_START):
            path.unlink()

    def _read_manifest(self) -> bool:
        """Fetch the manifest, and return whether there is a usable one."""
        for name in (MANIFEST_NAME, TAG_NAME):
            (self.root / name).unlink(missing_ok=True)
            with suppress(Refused):
                self._fetch(name)
        if not (self.root / MANIFEST_NAME).exists():
            return False
        if problem := manifest_problem(self.root):
            message = f"its {MANIFEST_NAME} cannot be used: {problem}"
            if not self._files.lists:
                raise CorpusDamaged(self.name, message)
            self.flaws.append(f"{self.name}: {message}")
            return False
        for _, entry in read_manifest(self.root / MANIFEST_NAME):
            if entry is not None and not entry.path.startswith(_PICTURES):
                self._hashes[entry.path] = entry.sha256
        return True

    def _fetch_lines(self, on_progress: OnProgress) -> None:
        """Fetch the segments, their seals and the site profile."""
        segments = [path for path in self._paths if _is_segment_path(path)]
        seals = dict.fromkeys(seal_path(Path(path)).as_posix() for path in segments)
        wanted = [*segments, *(path for path in seals if path in self._paths)]
        if PROFILE_NAME in self._hashes or self._files.lists:
            with suppress(Refused):
                self._fetch(PROFILE_NAME, MAX_PROFILE_BYTES)
        for done, path in enumerate(wanted):
            on_progress(done, len(wanted))
            if not self._is_fetched(path):
                self._fetch_listed(path)
        if not self._files.lists:
            self._check_nothing_newer()

    def _check_nothing_newer(self) -> None:
        """Raise ``CorpusError`` if a segment follows those that the manifest lists."""
        for family in FAMILIES:
            for name in following_names(self.root, family):
                if self._files.begins_with(f"{family}/{name}", _SEGMENT_STARTS):
                    message = f"{family}/{name} is newer than its {MANIFEST_NAME}; run scrapy corpus seal there first"
                    raise CorpusError(self.name, message)

    def _is_fetched(self, path: str) -> bool:
        here, sha256 = self.root / path, self._hashes.get(path)
        if sha256 is None or not here.exists():
            return False
        with here.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def _fetch_listed(self, path: str) -> None:
        try:
            self._fetch(path)
        except Refused as error:
            raise CorpusError(self.name, f"{path} is listed, but cannot be read: {error}") from error

    def _fetch(self, path: str, max_bytes: int | None = None) -> None:
        """Fetch the file *path*, and compare it with the manifest."""
        try:
            sha256 = self._files.fetch(path, self.root / path, max_bytes)
        except Refused:
            raise
        except OSError:
            with write_errors(self._into):
                raise
        if sha256 != self._hashes.get(path, sha256):
            self.flaws.append(f"{self.name}: {path}: its SHA-256 is not that in {MANIFEST_NAME}")


def _is_segment_path(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder in FAMILIES and is_segment(name, folder)
