"""Identifies pictures and videos by their first bytes."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageFile, features

_FORMATS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "GIF": ("image/gif", "gif")}
_FORMATS["WEBP"] = ("image/webp", "webp")
_FORMATS["BMP"] = ("image/bmp", "bmp")
_FORMATS["ICO"] = ("image/vnd.microsoft.icon", "ico")
_FORMATS["MPO"] = _FORMATS["JPEG"]  # several pictures in one file, from some cameras; any JPEG viewer shows the first


if features.check("avif"):
    _FORMATS["AVIF"] = ("image/avif", "avif")
PICTURE_FORMATS = tuple(name for name in _FORMATS if name != "MPO")
"""The formats that Pillow may try; its other decoders are never called."""

_MP4 = ("video/mp4", "mp4")
_VIDEOS = {  # by the start of the brand in their ftyp box
    b"iso": _MP4, b"mp4": _MP4, b"avc": _MP4, b"dash": _MP4, b"M4V": _MP4, b"MSNV": _MP4, b"mmp4": _MP4, b"f4v": _MP4,
    b"qt": ("video/quicktime", "mov"), b"3g": ("video/3gpp", "3gp"),
}  # fmt: skip
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_SNIFFED_BYTES = 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_GIF_HEAD_BYTES = 13
_GIF_IMAGE = 0x2C
_GIF_BLOCKS = {0x21: 2, _GIF_IMAGE: 11}
"""The bytes of a block before its data, by its first byte; an image also has its own colour table before the last."""


TRUNCATED = "truncated: "
"""The start of the flaw of an incomplete picture."""
_BAD_PART = "a part beside the pixels is broken"
_RIFF_HEAD = struct.Struct("<4sI4s")
MAX_PIXELS = 100_000_000
"""The largest picture that is kept, by its header: a decompression bomb is refused before anything decodes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a picture or video is: ``media_type``, file ``extension``, size in pixels.

    ``phash`` is the perceptual hash (:mod:`crawler.pages.likeness`) of a picture that was decoded. ``flaw`` says what
    is wrong with a picture that browsers still show; ``is_truncated`` whether a part of it is missing.
    """

    media_type: str
    extension: str
    width: int | None = None
    height: int | None = None
    phash: str | None = None
    flaw: str | None = None

    @property
    def is_truncated(self) -> bool:
        return self.flaw is not None and self.flaw.startswith(TRUNCATED)


def identify(data: bytes) -> Media:
    """Return what *data* is by its own header, whatever its name or server said. Nothing is decoded.

    Raises ``ValueError`` with the reason, a word or two, for anything but a JPEG, PNG, GIF, WebP, AVIF, BMP or ICO
    picture of at most :data:`MAX_PIXELS`, or a video.
    """
    if data[4:8] == b"ftyp" and data[8:12] not in _AVIF_BRANDS:
        return _video(data[8:12])
    try:
        (width, height), format_name = _header(data)
        flaw = truncated(short) if (short := shortage(data)) else None
    except Pillow.DecompressionBombError as error:
        raise ValueError("too many pixels") from error
    except ValueError:
        data, flaw = mended(data)
        try:
            with lenient():
                (width, height), format_name = _header(data)
        except Pillow.DecompressionBombError as error:
            raise ValueError("too many pixels") from error
        except ValueError as error:
            raise ValueError(_instead(data)) from error
    if width * height > MAX_PIXELS:
        raise ValueError("too many pixels")
    media_type, extension = _FORMATS[format_name]
    return Media(media_type=media_type, extension=extension, width=width, height=height, flaw=flaw)


def _header(data: bytes) -> tuple[tuple[int, int], str]:
    """Return size and format of a picture. Raises ValueError if it is not one, DecompressionBombError if too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
                return picture.size, picture.format or ""
    except Pillow.DecompressionBombError:
        raise
    except Exception as error:  # Pillow raises many kinds of errors for a broken header
        raise ValueError("not a picture") from error


@contextmanager
def lenient() -> Iterator[None]:
    """Let Pillow accept pictures with missing data, and PNGs whose broken parts hold no pixels."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def mended(data: bytes) -> tuple[bytes, str]:
    """Return unreadable *data* changed so that Pillow may read it, and the flaw to record.

    A WebP whose header announces more bytes than there are gets the true number.
    """
    short = shortage(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and short:
        return _RIFF_HEAD.pack(b"RIFF", len(data) - 8, b"WEBP") + data[12:], truncated(short)
    return data, _BAD_PART if data.startswith(_PNG) and not short else truncated(short)


def truncated(short: int | None) -> str:
    """Return the flaw of a picture that lacks *short* bytes (None: an unknown number).

    >>> truncated(2), truncated(None)
    ('truncated: 2 bytes short', 'truncated: its end is missing')
    """
    if not short:
        return f"{TRUNCATED}its end is missing"
    return f"{TRUNCATED}{short} byte{'s' if short > 1 else ''} short"


def shortage(data: bytes) -> int | None:
    """Return how many bytes are missing from *data* by its own lengths; None if none are missing or it is unknown.

    >>> shortage(b"RIFF" + (100).to_bytes(4, "little") + bytes(98))
    2
    """
    if data[:4] == b"RIFF":
        return max(0, 8 + int.from_bytes(data[4:8], "little") - len(data)) or None
    if data.startswith(_PNG):
        at = len(_PNG)
        while at + 8 <= len(data):
            end = at + 12 + int.from_bytes(data[at : at + 4])
            if data[at + 4 : at + 8] == b"IEND":
                return max(0, end - len(data)) or None
            at = end
        return max(0, at - len(data)) + 12  # and the chunk IEND
    return 1 if data.startswith(b"GIF8") and _lacks_trailer(data) else None


def _lacks_trailer(data: bytes) -> bool:
    """Return whether *data*, a GIF, ends after a whole block, without the byte that ends all of them."""
    at = _GIF_HEAD_BYTES + _palette_bytes(data, _GIF_HEAD_BYTES - 3)
    while at < len(data):
        kind = data[at]
        if kind not in _GIF_BLOCKS:
            return False
        at += _GIF_BLOCKS[kind] + (_palette_bytes(data, at + _GIF_BLOCKS[kind] - 2) if kind == _GIF_IMAGE else 0)
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at == len(data)


def _palette_bytes(data: bytes, flags_at: int) -> int:
    """Return the length of the colour table that the flags at *flags_at* declare."""
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _video(brand: bytes) -> Media:
    for start, (media_type, extension) in _VIDEOS.items():
        if brand.startswith(start):
            return Media(media_type=media_type, extension=extension)
    raise ValueError("a format that is not kept")


def _instead(data: bytes) -> str:
    """Return what *data*, which is not a picture, looks like."""
    if not data.strip(b"\0\t\n\r "):
        return "empty"
    if data[:4] in {b"RIFF", _PNG[:4]}:
        return "truncated or broken"
    start = data[:_SNIFFED_BYTES].lstrip(b"\xef\xbb\xbf\t\n\r ").lower()
    if b"<svg" in start:
        return "SVG"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<?xml", b"<!--", b"<p", b"<div")):
        return "a page"
    return "not a picture"
