"""A corpus as a bag (BagIt 1.0, RFC 8493), which archivists check with tools of their own.

The corpus itself is no bag, as BagIt wants what it protects under ``data/``. So a bag is made beside it: all that is
final, every file checked against what the corpus promises of it while it is copied, never what is only an index.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from crawler import __version__
from crawler.archive.description import describe_checked
from crawler.archive.files import CorpusLock, sha256_of_file, sync_directory, write_all, write_errors
from crawler.archive.losses import LOSSES_NAME
from crawler.archive.manifest_lines import MANIFEST_NAME, TAG_NAME, ManifestEntry, read_manifest
from crawler.archive.sealing import Compression
from crawler.archive.tombstones import TOMBSTONES_NAME
from crawler.corpus.fixity.manifest import seal_held
from crawler.corpus.output import output_errors
from crawler.exceptions import ConfigError, CorpusDamaged

_CHUNK_BYTES = 1024 * 1024


class Bag(NamedTuple):
    """A bag that was made: where, how many files are under ``data/``, and their bytes."""

    path: Path
    files: int
    bytes: int


def make_bag(root: Path, out: Path, compression: Compression | None = None, *, link: bool = False) -> Bag:
    """Seal the corpus at *root* and make a bag of it at *out*, whole or not at all.

    With *link* its files are the corpus's own (hard links): it takes no room, but what changes the one changes the
    other. Raises ``ConfigError`` if *out* is there or inside the corpus, ``CorpusDamaged`` for a file that is gone or
    not what it must be.
    """
    site = describe_checked(root)["site"]
    if out.exists() or out.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{out}: give a path for the bag that does not exist yet and is outside the corpus")
    with write_errors(root), CorpusLock(root):
        seal_held(root, compression)
        with output_errors(str(out), root):
            return _make(root, out, str(site), link=link)


def _make(root: Path, out: Path, site: str, *, link: bool) -> Bag:
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".tmp-", dir=out.parent))
    try:
        files, size = _fill(root, unfinished, site, link=link)
        unfinished.chmod(0o755)
        unfinished.rename(out)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_directory(out.parent)
    return Bag(out, files, size)


def _fill(root: Path, bag: Path, site: str, *, link: bool) -> tuple[int, int]:
    files = size = 0
    manifest = bag / MANIFEST_NAME
    with manifest.open("wb") as lines:
        for path, sha256 in _payload(root):
            source, target = root / path, bag / "data" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if link:
                os.link(source, target, follow_symlinks=False)
            found = sha256_of_file(target) if link else _copy(source, target)
            if sha256 and found != sha256:
                raise CorpusDamaged(str(source), "it differs from what the corpus recorded; see scrapy corpus verify")
            lines.write(ManifestEntry(f"data/{path}", found).encode())
            files, size = files + 1, size + target.stat().st_size
    info = (
        f"Bagging-Date: {datetime.now(UTC):%Y-%m-%d}\n"
        f"Bag-Software-Agent: gleaner {__version__}\n"
        f"External-Identifier: {site}\n"
        "External-Description: A corpus of news articles: JSON lines, pictures, captures\n"
        f"Payload-Oxum: {size}.{files}\n"
    )
    (bag / "bag-info.txt").write_text(info, encoding="utf-8")
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", encoding="utf-8")
    tags = [
        ManifestEntry(name, sha256_of_file(bag / name)).encode()
        for name in ("bag-info.txt", "bagit.txt", MANIFEST_NAME)
    ]
    (bag / f"tag{MANIFEST_NAME}").write_bytes(b"".join(tags))
    for directory, _, names in os.walk(bag):
        for name in names:
            _sync(Path(directory, name))
        sync_directory(Path(directory))
    return files, size


def _payload(root: Path) -> Iterator[ManifestEntry]:
    """Yield what goes under ``data/``: what the manifest lists, the manifest, and what runs left (of unknown hash)."""
    for offset, entry in read_manifest(root / MANIFEST_NAME):
        if entry is None or not (root / entry.path).is_file():
            raise CorpusDamaged(str(root / MANIFEST_NAME), f"what its line at {offset} lists is missing")
        yield entry
    for name in (MANIFEST_NAME, TAG_NAME, LOSSES_NAME, TOMBSTONES_NAME):
        if (root / name).is_file():
            yield ManifestEntry(name, "")
    for path in sorted((root / "runs").rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield ManifestEntry(path.relative_to(root).as_posix(), "")


def _copy(source: Path, target: Path) -> str:
    """Copy *source* to *target*; return the SHA-256 of the bytes on their way."""
    digest = hashlib.sha256()
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(reader, "rb") as file, target.open("xb", buffering=0) as copy:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            write_all(copy.fileno(), chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
