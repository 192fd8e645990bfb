"""Pictures whose files are lost: found by name, and requested again with the articles that show them.

No list of them is kept: the lines say which pictures are stored, and the folder shows which files are there. So lost
pictures are found again whenever the catalogue is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from crawler.archive.catalogue import Catalogue
from crawler.archive.files import sync_directory
from crawler.archive.pictures import is_there, is_whole
from crawler.archive.segments import all_segments, read_lines
from crawler.exceptions import CorpusDamaged
from crawler.frontier.local import Frontier
from crawler.items import Article, Image
from crawler.jsonl import decode

_NAMES_A_PICTURE = b'"path":"images/'


class LostPictures(NamedTuple):
    """The paths of stored pictures whose files are missing, and the keys that are requested again for them."""

    paths: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def has_more_pictures(root: Path, catalogue: Catalogue, article: Article) -> bool:
    """Return whether *article* has a picture that failed before, or a new copy of a lost one."""

    def is_more(image: Image, held: Image) -> bool:
        if held.status != "stored":
            return True
        return image.path != held.path and not is_there(root, held.path, held.bytes)

    stored = [image for image in article.images if image.status == "stored"]
    known = ((image, catalogue.picture(image.pic or image.url or "")) for image in stored)
    return any(held is not None and is_more(image, held) for image, held in known)


def quarantine_damaged(root: Path) -> list[str]:
    """Move pictures of the corpus at *root* whose bytes do not match their names to quarantine/.

    Returns their paths. Reads every picture. The caller holds the corpus's lock.
    """
    damaged = [path for path in sorted((root / "images").glob("??/*")) if _is_damaged(path)]
    if damaged:
        quarantine = root / "quarantine"
        quarantine.mkdir(exist_ok=True)
        for path in damaged:
            path.rename(quarantine / f"{path.name}-{sum(1 for _ in quarantine.iterdir())}.damaged")
            sync_directory(path.parent)
        sync_directory(quarantine)
    return [path.relative_to(root).as_posix() for path in damaged]


def _is_damaged(path: Path) -> bool:
    return not path.name.startswith(".tmp-") and not path.is_dir() and not is_whole(path, path.stem)


def ask_for_lost(root: Path, catalogue: Catalogue) -> LostPictures:
    """Make articles pending that show stored pictures whose files are missing, inside a transaction."""
    rows = catalogue.connection.execute("SELECT path, bytes FROM pictures WHERE status = 'stored'")
    lost = {path for path, size in rows if not is_there(root, path, size)}
    keys = sorted(set(_showing(root, lost))) if lost else []
    Frontier(catalogue).request_again(keys)
    return LostPictures(tuple(sorted(map(str, lost))), tuple(keys))


def _showing(root: Path, paths: set[str]) -> Iterator[str]:
    """Yield the keys of the records that show one of the pictures at *paths*."""
    for segment in all_segments(root):
        with suppress(CorpusDamaged):  # verify reports it
            for _, line in read_lines(segment):
                if _NAMES_A_PICTURE in line and (key := _key_showing(line, paths)):
                    yield key


def _key_showing(line: bytes, paths: set[str]) -> str | None:
    try:
        article = decode(line)
    except ValueError:
        return None
    return article.key if any(image.status == "stored" and image.path in paths for image in article.images) else None
