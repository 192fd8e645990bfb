"""Pictures on disk: named by their SHA-256, so each byte sequence is there once, and checked before they are kept."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from crawler.archive.files import sync_directory, write_atomically

_FORMATS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "GIF": ("image/gif", "gif")}
_FORMATS["WEBP"] = ("image/webp", "webp")
MAX_PIXELS = 100_000_000
"""The largest picture that is kept, by what its header says: a bomb is refused before anything decodes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What the first bytes of a picture or video tell: ``media_type``, file ``extension``, size in pixels."""

    media_type: str
    extension: str
    width: int | None = None
    height: int | None = None


def identify(data: bytes) -> Media:
    """Tell what *data* is by its own header, whatever its name or server said. Nothing is decoded.

    Raises ``ValueError`` with the reason for anything but a JPEG, PNG, GIF or WebP picture of at most
    :data:`MAX_PIXELS`, or an MP4 video.
    """
    if data[4:8] == b"ftyp":
        return Media(media_type="video/mp4", extension="mp4")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=tuple(_FORMATS)) as picture:
                (width, height), format_name = picture.size, picture.format or ""
    except Pillow.DecompressionBombError as error:
        raise ValueError("too many pixels") from error
    except Exception as error:  # Pillow raises many kinds for a broken header
        raise ValueError("not a picture") from error
    if width * height > MAX_PIXELS:
        raise ValueError("too many pixels")
    media_type, extension = _FORMATS[format_name]
    return Media(media_type=media_type, extension=extension, width=width, height=height)


def store(root: Path, data: bytes, extension: str) -> tuple[str, str]:
    """Keep *data* in the corpus at *root*, durably; return its path relative to *root* and its SHA-256.

    May be called by several threads at once.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    directory = root / "images" / sha256[:2]
    path = directory / f"{sha256}.{extension}"
    if not path.exists():
        if not directory.is_dir():
            directory.mkdir(parents=True, exist_ok=True)
            sync_directory(directory.parent)
        write_atomically(path, data)
    return path.relative_to(root).as_posix(), sha256
