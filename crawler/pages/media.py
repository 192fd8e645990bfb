"""What a file is, told from its first bytes: pictures and videos."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import features

_FORMATS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "GIF": ("image/gif", "gif")}
_FORMATS["WEBP"] = ("image/webp", "webp")
_FORMATS["MPO"] = _FORMATS["JPEG"]  # of several pictures, as some cameras make: what shows the first shows a JPEG


if features.check("avif"):
    _FORMATS["AVIF"] = ("image/avif", "avif")
PICTURE_FORMATS = tuple(name for name in _FORMATS if name != "MPO")
"""What Pillow may take a picture for; its decoders for all else are never reached."""

_MP4 = ("video/mp4", "mp4")
_VIDEOS = {  # by how the brand of their ftyp box begins
    b"iso": _MP4, b"mp4": _MP4, b"avc": _MP4, b"dash": _MP4, b"M4V": _MP4, b"MSNV": _MP4, b"mmp4": _MP4, b"f4v": _MP4,
    b"qt": ("video/quicktime", "mov"), b"3g": ("video/3gpp", "3gp"),
}  # fmt: skip
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_SNIFFED = 1024


MAX_PIXELS = 100_000_000
"""The largest picture that is kept, by what its header says: a bomb is refused before anything decodes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a picture or video is: ``media_type``, file ``extension``, size in pixels.

    ``phash`` is the perceptual hash (:mod:`crawler.pages.likeness`) of a picture that was decoded.
    """

    media_type: str
    extension: str
    width: int | None = None
    height: int | None = None
    phash: str | None = None


def identify(data: bytes) -> Media:
    """Tell what *data* is by its own header, whatever its name or server said. Nothing is decoded.

    Raises ``ValueError`` with the reason, a word or two, for anything but a JPEG, PNG, GIF, WebP or AVIF picture of
    at most :data:`MAX_PIXELS`, or a video.
    """
    if data[4:8] == b"ftyp" and data[8:12] not in _AVIF_BRANDS:
        return _video(data[8:12])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
                (width, height), format_name = picture.size, picture.format or ""
    except Pillow.DecompressionBombError as error:
        raise ValueError("too many pixels") from error
    except Exception as error:  # Pillow raises many kinds for a broken header
        raise ValueError(_instead(data)) from error
    if width * height > MAX_PIXELS:
        raise ValueError("too many pixels")
    media_type, extension = _FORMATS[format_name]
    return Media(media_type=media_type, extension=extension, width=width, height=height)


def _video(brand: bytes) -> Media:
    for start, (media_type, extension) in _VIDEOS.items():
        if brand.startswith(start):
            return Media(media_type=media_type, extension=extension)
    raise ValueError("a format that is not kept")


def _instead(data: bytes) -> str:
    """Return what *data*, which is no picture, looks like."""
    if not data.strip(b"\0\t\n\r "):
        return "empty"
    start = data[:_SNIFFED].lstrip(b"\xef\xbb\xbf\t\n\r ").lower()
    if b"<svg" in start:
        return "SVG"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<?xml", b"<!--", b"<p", b"<div")):
        return "a page"
    return "not a picture"
