"""The contact sheet: thumbnails of a few pictures, embedded in the page."""

from __future__ import annotations

import io
import os
import time
import warnings
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from PIL import Image as Pillow

from crawler.archive.pictures import stored_picture
from crawler.corpus.report.details import SingleLines
from crawler.corpus.report.tally import KeyEntry
from crawler.pages.media import PICTURE_FORMATS, lenient

MAX_THUMBNAILS = 24
_MAX_SECONDS = 5.0
_MAX_PICTURE_PIXELS, _MAX_PICTURE_BYTES = 24_000_000, 32 * 1024 * 1024
_THUMBNAIL_PIXELS = (240, 180)


class Thumbnail(NamedTuple):
    """A small picture as a ``data:`` URL, with its size in pixels, and the article that it is of."""

    data_url: str
    width: int
    height: int
    entry: KeyEntry


def contact_sheet(root: Path, candidates: list[KeyEntry], lines: SingleLines) -> list[Thumbnail]:
    """Return thumbnails of the first pictures of *candidates*, each picture once, within a time limit."""
    found: dict[str, Thumbnail] = {}
    deadline = time.monotonic() + _MAX_SECONDS
    for entry in candidates:
        if len(found) == MAX_THUMBNAILS or time.monotonic() > deadline:
            break
        path = stored_picture(lines.record(entry.place))
        if path is None or path in found:
            continue
        made = thumbnail(root / path)
        if made is not None:
            found[path] = Thumbnail(*made, lines.described(entry))
    return list(found.values())


def thumbnail(path: Path) -> tuple[str, int, int] | None:
    """Return a thumbnail of the picture at *path* as a ``data:`` URL with width and height; None if that fails."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file, warnings.catch_warnings(), lenient():
            warnings.simplefilter("ignore")
            if os.fstat(file.fileno()).st_size > _MAX_PICTURE_BYTES:
                return None
            with Pillow.open(file, formats=PICTURE_FORMATS) as picture:
                if picture.width * picture.height > _MAX_PICTURE_PIXELS:
                    return None
                picture.draft("RGB", (2 * _THUMBNAIL_PIXELS[0], 2 * _THUMBNAIL_PIXELS[1]))
                small = picture.convert("RGBA")
        small.thumbnail(_THUMBNAIL_PIXELS)
        on_white = Pillow.new("RGB", small.size, "white")
        on_white.paste(small, mask=small.getchannel("A"))
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for a broken file, and a report can do without
        return None
    out = io.BytesIO()
    on_white.save(out, "WEBP", quality=62, method=4)
    return f"data:image/webp;base64,{b64encode(out.getvalue()).decode()}", *on_white.size
