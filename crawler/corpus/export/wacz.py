"""WACZ 1.1.1: the WARC files of the corpus with an index and the list of its pages, in one file to open and replay.

https://specs.webrecorder.net/wacz/1.1.1/. Captures are all there, of errors and pictures too; the pages are those of
the records that were selected.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from crawler import __version__
from crawler.archive.description import describe
from crawler.archive.warcs import FOLDER, INDEX_NAME
from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Lines
from crawler.corpus.output import output_file
from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.warc.cdxj import cdxj_line, zipnum
from crawler.warc.index import CaptureIndex, IndexedCapture

_CHUNK_BYTES = 1 << 20
_INDEX = "index.cdx.gz"
_PAGES_HEAD = {"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}

_NO_CAPTURES = "{root} holds no captures: crawl with -s ARCHIVE_WARC=True, then there are some"


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the captures of the corpus at *root*, with the pages of the records, to the file *name*.

    Taken in is what was durable when it began, so a crawl may go on meanwhile.
    """
    if not (root / INDEX_NAME).exists():
        raise ConfigError(_NO_CAPTURES.format(root=root))
    try:
        with closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index, index.frozen():
            files = {file: size for file, (size, _) in sorted(index.files().items()) if size}
            if not files:
                raise ConfigError(_NO_CAPTURES.format(root=root))
            with output_file(name, root, force=options.force) as out:
                package = _Package(out)
                try:
                    return _write(lines, root, package, index, files)
                finally:
                    package.let_go()
    except sqlite3.Error as error:
        raise CorpusDamaged(str(root), f"{INDEX_NAME} cannot be read ({error}); the next crawl rebuilds it") from error


def _write(lines: Lines, root: Path, package: _Package, index: CaptureIndex, files: dict[str, int]) -> Exported:
    for file, size in files.items():
        package.add(f"archive/{Path(file).name}", _pieces(root / file, size), stored=True)
    entries: list[bytes] = []
    captures = (cdxj_line(one, Path(one.file).name) for one in index.all() if one.file in files)
    package.add(f"indexes/{_INDEX}", _noted(zipnum(captures, _INDEX), entries), stored=True)
    package.add("indexes/index.idx", entries)
    pages = _Pages(lines, index, root, files)
    package.add("pages/pages.jsonl", pages)
    package.close(f"{describe(root).get('site')}: a corpus of news articles", pages.first)
    return Exported(pages.written, without_capture=pages.without_capture, lost=tuple(pages.lost))


class _Package:
    """A WACZ file in the making: what is added is listed with its size and hash."""

    def __init__(self, out: Any) -> None:
        self._zip = zipfile.ZipFile(out, "w")
        self._now = datetime.now(UTC)
        self._resources: list[dict[str, Any]] = []

    def add(self, path: str, pieces: Iterable[bytes], *, stored: bool = False) -> None:
        """Add the file *path*; one that is *stored* can be read in place."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(path, self._now.timetuple()[:6])
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for piece in pieces:
                entry.write(piece)
                digest.update(piece)
                size += len(piece)
        name = path.rpartition("/")[2].lower()
        self._resources.append({"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})

    def let_go(self) -> None:
        """Write no more, whether closed or not: a ZipFile that is dropped would, to a file that may be full."""
        self._zip.fp = None

    def close(self, title: str, main: dict[str, Any] | None) -> None:
        """Add the list of all that was added, and its hash."""
        description = {
            "profile": "data-package",
            "resources": self._resources,
            "title": title,
            **({"mainPageUrl": main["url"], "mainPageDate": main["ts"]} if main else {}),
            "created": f"{self._now:%Y-%m-%dT%H:%M:%SZ}",
            "wacz_version": "1.1.1",
            "software": f"gleaner {__version__}",
        }
        content = orjson.dumps(description, option=orjson.OPT_INDENT_2)
        self._zip.writestr("datapackage.json", content, zipfile.ZIP_DEFLATED)
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        self._zip.writestr("datapackage-digest.json", orjson.dumps(digest, option=orjson.OPT_INDENT_2))
        self._zip.close()


class _Pages:
    """The lines of ``pages.jsonl``: the records whose pages are among the captures."""

    def __init__(self, lines: Lines, index: CaptureIndex, root: Path, files: dict[str, int]) -> None:
        self._lines = lines
        self._root = root
        self._files = files
        self._index = index
        self.written = self.without_capture = 0
        self.lost: list[str] = []
        self.first: dict[str, Any] | None = None

    def __iter__(self) -> Iterator[bytes]:
        yield orjson.dumps(_PAGES_HEAD) + b"\n"
        for line in self._lines:
            capture = line.record.get("capture") or {}
            file, offset = str(capture.get("warc_file")), capture.get("warc_offset") or 0
            indexed = self._index.at(file, offset)
            if line.record.get("kind") == "article" and self._is_lost(file, offset, indexed):
                self.lost.append(line.record["key"])
            elif indexed is None or line.record.get("kind") != "article":
                self.without_capture += 1
            else:
                yield self._page(line.record, indexed)

    def _is_lost(self, file: str, offset: int, indexed: IndexedCapture | None) -> bool:
        """Return whether a record whose capture is said to lie at *offset* of *file* has lost it.

        What lies beyond the files as they were when this began was captured since.
        """
        if indexed is None:
            is_read = offset < self._files.get(file, 0)
            return file.startswith(f"{FOLDER}/") and (is_read or not _reaches(self._root / file, offset))
        return indexed.kind == "revisit" and not self._index.has_original(indexed)

    def _page(self, record: dict[str, Any], indexed: IndexedCapture) -> bytes:
        page = {"id": record["key"], "url": indexed.url, "ts": indexed.date}
        words = {name: value for name in ("title", "text") if (value := record.get(name))}
        self.first = self.first or page
        self.written += 1
        return orjson.dumps({**page, **words}) + b"\n"


def _reaches(path: Path, offset: int) -> bool:
    return path.is_file() and path.stat().st_size > offset


def _noted(blocks: Iterable[Any], entries: list[bytes]) -> Iterator[bytes]:
    for block in blocks:
        entries.append(block.entry)
        yield block.data


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while size > 0:
            piece = file.read(min(_CHUNK_BYTES, size))
            if not piece:
                raise CorpusDamaged(str(path), "it is shorter than what was written; see scrapy corpus verify")
            size -= len(piece)
            yield piece
