"""``manifest-sha256.txt`` in a corpus: the SHA-256 of every file that will never change again, and how it is made.

Its lines are those of a BagIt manifest (RFC 8493, section 2.1.3), with paths from the corpus's own root, sorted; so
``sha256sum -c manifest-sha256.txt`` checks it too. The corpus itself is no bag, as it has no ``data/``:
:mod:`crawler.corpus.fixity.bags` makes one of it.

A listed file stays listed: a later :func:`seal` adds lines, but neither computes the hash of a listed file again nor
removes a missing one. It replaces only the seals and forms of segments that were compressed since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crawler.archive.description import DESCRIPTION_NAME, PROFILE_NAME, describe_checked
from crawler.archive.files import CorpusLock, sha256_of_file, write_errors
from crawler.archive.losses import read_losses
from crawler.archive.manifest_lines import (
    MANIFEST_NAME,
    ManifestEntry,
    manifest_problem,
    read_manifest,
    replace_manifest,
)
from crawler.archive.ownprofile import earlier_profiles
from crawler.archive.reading import has_catalogue
from crawler.archive.repair import RepairReport, open_catalogue
from crawler.archive.sealing import Compression, Seal, read_seal, seal_closed
from crawler.archive.segments import all_segments, open_segment, seal_path, segment_name, segment_paths
from crawler.archive.warcs import mend_warcs
from crawler.corpus.fixity.listed import LISTED_BUT_MISSING
from crawler.corpus.fixity.verify import verify_held
from crawler.exceptions import CorpusDamaged

_PICTURE_RE = re.compile(r"[0-9a-f]{64}")
_LISTED_ONCE = (DESCRIPTION_NAME, "site", "warc/")


class Sealed(NamedTuple):
    """What :func:`seal` did: new seals, files listed now, those listed that are gone, and what opening mended."""

    seals: list[Seal]
    listed: int
    missing: list[str]
    repairs: RepairReport


def seal(root: Path, compression: Compression | None = None) -> Sealed:
    """Close and seal every segment of the corpus at *root*, and list every file in it that is final.

    The next crawl begins new segments. Raises ``CorpusError`` if there is no corpus, another process writes to it, or
    a segment is not what it was sealed as.
    """
    describe_checked(root)
    with write_errors(root), CorpusLock(root):
        return seal_held(root, compression)


def seal_held(root: Path, compression: Compression | None) -> Sealed:
    """Do what :func:`seal` does for a caller that holds the corpus's lock. All is checked before a byte is written."""
    if not has_catalogue(root):
        open_catalogue(root)[0].close()
    _refuse_problems(root)
    catalogue, report = open_catalogue(root)
    catalogue.close()
    mend_warcs(root)
    _refuse_losses(root)
    if problem := manifest_problem(root):
        raise CorpusDamaged(str(root / MANIFEST_NAME), f"{problem}; scrapy corpus repair removes it")
    seals = seal_closed(root, compression, last_too=True)
    listed = 0
    held = _listed_without_hash(root)

    def lines() -> Iterator[bytes]:
        nonlocal listed
        for path, sha256 in _final_files(root):
            yield ManifestEntry(path, held.pop(path, "") or sha256 or sha256_of_file(root / path)).encode()
            listed += 1
        for path in sorted(held):
            yield ManifestEntry(path, held[path]).encode()

    replace_manifest(root, lines())
    return Sealed(seals, listed, sorted(held), report)


def _refuse_problems(root: Path) -> None:
    """Raise ``CorpusDamaged`` if verify finds anything but that files which were listed are gone: they stay listed."""
    for path in all_segments(root):
        with open_segment(path):  # one that may not be read is not damaged
            pass
    problems = [one for one in verify_held(root).problems if not one.message.endswith(LISTED_BUT_MISSING)]
    if problems:
        first = problems[0]
        place = "" if first.offset is None else f" at {first.offset}"
        more = f", and {len(problems) - 1} more problems" if len(problems) > 1 else ""
        raise CorpusDamaged(
            str(root),
            f"{first.file}{place}: {first.message}{more}; nothing was sealed: scrapy corpus verify names them",
        )


def _refuse_losses(root: Path) -> None:
    """Raise ``CorpusDamaged`` for lost captures that ``repair`` has not recorded: the manifest would hide the loss."""
    fresh = [one for one in read_losses(root).values() if one.repaired is None]
    if fresh:
        more = f", and {len(fresh) - 1} more" if len(fresh) > 1 else ""
        raise CorpusDamaged(str(root), f"{fresh[0]}{more}; scrapy corpus repair records them")


def _listed_without_hash(root: Path) -> dict[str, str]:
    """Return the listed files whose hash is in no name or seal (path to SHA-256), and the missing files."""
    path = root / MANIFEST_NAME
    if not path.exists():
        return {}
    there = set(map(segment_name, all_segments(root)))
    held = {}
    for _, entry in read_manifest(path):
        if entry and (entry.path.startswith(_LISTED_ONCE) or not (root / entry.path).exists()):
            compressed_since = segment_name(Path(entry.path)) in there
            if not compressed_since:
                held[entry.path] = entry.sha256
    return held


def _final_files(root: Path) -> Iterator[ManifestEntry]:
    """Yield the files that nothing will change any more, by path; those of :data:`_LISTED_ONCE` without their hash.

    A picture is named by its hash, a segment's is in its seal: neither is read again.
    """
    yield from _segments(root, "articles")
    yield ManifestEntry(DESCRIPTION_NAME, "")
    yield from _segments(root, "duplicates")
    for directory in sorted((root / "images").glob("??")):
        for picture in sorted(directory.iterdir()):
            if _PICTURE_RE.fullmatch(picture.stem):
                yield ManifestEntry(picture.relative_to(root).as_posix(), picture.stem)
    for path in (*earlier_profiles(root), root / PROFILE_NAME):
        if path.is_file() and not path.is_symlink():
            yield ManifestEntry(path.name, "")
    for path in sorted((root / "warc").rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield ManifestEntry(path.relative_to(root).as_posix(), "")


def _segments(root: Path, family: str) -> Iterator[ManifestEntry]:
    for path in segment_paths(root, family):
        seal_file = seal_path(path)
        if not seal_file.exists():
            continue
        seal_of_it = read_seal(seal_file)
        if seal_of_it.file != path.name:
            raise CorpusDamaged(str(path), f"{seal_file.name} is the seal of {seal_of_it.file!r}")
        yield ManifestEntry(path.relative_to(root).as_posix(), seal_of_it.file_sha256)
        yield ManifestEntry(seal_file.relative_to(root).as_posix(), sha256_of_file(seal_file))
