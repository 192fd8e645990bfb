"""Proves that nothing of what was withdrawn is left in a corpus, by keys and hashes: nobody keeps the content.

Other checks of ``verify`` prove that catalogue and index say what lines and WARC files hold. So it is enough to ask
these two.
"""

from __future__ import annotations

import mmap
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from crawler.archive.blanking import withdrawn_captures
from crawler.archive.quarantine import FOLDER as QUARANTINE
from crawler.archive.repair import CATALOGUE_NAME
from crawler.archive.tombstones import TOMBSTONES_NAME, Withdrawn
from crawler.archive.warcs import INDEX_NAME
from crawler.archive.withdrawal import FETCHED, REPORTS, is_harmless
from crawler.corpus.fixity.checks import Problem
from crawler.exceptions import CorpusDamaged
from crawler.frontier.targets import target_id
from crawler.warc.index import CaptureIndex

_MEND = "scrapy corpus repair takes it out"
_OWN_DATABASES = (CATALOGUE_NAME, INDEX_NAME)


def withdrawn_problems(root: Path, connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield what is left of withdrawn articles and pictures in the corpus at *root*, by its catalogue's *connection*.

    The caller holds the corpus's lock.
    """
    try:
        withdrawn = Withdrawn.of(root)
    except CorpusDamaged as error:
        yield Problem(TOMBSTONES_NAME, None, f"{error}; scrapy corpus repair moves the line to quarantine/")
        return
    if not withdrawn:
        return
    if withdrawn.is_unfinished:
        message = "a withdrawal was interrupted; the next crawl or command that writes carries it out"
        yield Problem(TOMBSTONES_NAME, None, message)
    yield from _lines(connection, withdrawn)
    yield from _pictures(root, connection, withdrawn)
    yield from _captures(root, withdrawn)
    yield from _other_files(root, withdrawn)


def _lines(connection: sqlite3.Connection, withdrawn: Withdrawn) -> Iterator[Problem]:
    for key in sorted(withdrawn.keys):
        tid = target_id(key)
        for segment, offset in connection.execute("SELECT segment, offset FROM records WHERE tid = ?", (tid,)):
            yield Problem(segment, offset, f"{key} is withdrawn, and a line of it is here; {_MEND}")
        for (state,) in connection.execute(
            "SELECT state FROM targets WHERE tid = ? AND (title IS NOT NULL OR pic IS NOT NULL OR state != 'dropped')",
            (tid,),
        ):
            message = f"{key} is withdrawn, and the catalogue says more of it (state {state}); {_MEND}"
            yield Problem(CATALOGUE_NAME, None, message)
    for text in sorted(withdrawn.texts):
        rows = connection.execute(
            "SELECT segment, offset, key FROM records JOIN targets USING (tid) WHERE content_sha256 = ?",
            (bytes.fromhex(text),),
        )
        for segment, offset, key in rows:
            message = f"{key} has the text of a withdrawn article: withdraw it, too"
            yield Problem(segment, offset, message)


def _pictures(root: Path, connection: sqlite3.Connection, withdrawn: Withdrawn) -> Iterator[Problem]:
    for sha256 in sorted(withdrawn.pictures):
        for path in (root / "images" / sha256[:2]).glob(f"{sha256}.*"):
            yield Problem(path.relative_to(root).as_posix(), None, f"this picture is withdrawn; {_MEND}")
        for (name,) in connection.execute("SELECT name FROM pictures WHERE sha256 = ?", (sha256,)):
            yield Problem(CATALOGUE_NAME, None, f"the picture {name} is withdrawn, and is listed; {_MEND}")


def _captures(root: Path, withdrawn: Withdrawn) -> Iterator[Problem]:
    if not (root / INDEX_NAME).exists():
        return
    with suppress(sqlite3.Error), closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index:
        if index.has_tables:
            for one in withdrawn_captures(root, index, withdrawn):
                yield Problem(one.file, one.offset, f"this capture of {one.url} is withdrawn; {_MEND}")


def _other_files(root: Path, withdrawn: Withdrawn) -> Iterator[Problem]:
    for path in sorted(root.glob(FETCHED)):
        message = (
            "a stopped merge left this folder, which may hold something withdrawn: run the merge again, or delete it"
        )
        yield Problem(path.name, None, message)
    folder = root / QUARANTINE
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and not is_harmless(path, withdrawn):
            yield Problem(path.relative_to(root).as_posix(), None, f"it may hold something withdrawn; {_MEND}")
    keys = re.compile(b"|".join(re.escape(key.encode()) + rb"(?!\d)" for key in sorted(withdrawn.keys)) or rb"(?!)")
    for path in sorted(root.glob("*.sqlite*")):
        if not path.name.startswith(_OWN_DATABASES) and _holds(path, keys):
            yield Problem(path.name, None, f"it names what is withdrawn: delete it, or {_MEND}")
    moments = [datetime.fromisoformat(one.withdrawn).timestamp() for one in withdrawn.tombstones]
    for path in (path for pattern in REPORTS for path in sorted(root.glob(pattern))):
        if path.stat().st_mtime < max(moments):
            yield Problem(path.relative_to(root).as_posix(), None, f"this report is older than a withdrawal; {_MEND}")


def _holds(path: Path, keys: re.Pattern[bytes]) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return keys.search(view) is not None
