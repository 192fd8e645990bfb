"""From the bytes of a fetched picture to its type and hash: the CPU work per picture, for a separate process.

Here Pillow's decoders process hostile input. So only a few formats are allowed, only pictures up to a number of pixels,
and, in a reader, the system itself limits memory and CPU.
"""

from __future__ import annotations

import io
import multiprocessing
import resource
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from crawler.pages.media import PICTURE_FORMATS, Media, identify, lenient, mended, truncated

DECODED_PIXELS = 25_000_000
"""Larger pictures are kept, but not decoded, so their ``phash`` is unknown."""

_MAX_MEMORY_BYTES = 256 * 1024 * 1024
_CPU_SECONDS = 10
_SIDE_PIXELS, _KEPT_FREQUENCIES = 32, 8
_DRAFT_PIXELS = 256
_MIN_CONTRAST_LEVELS = 2.0
"""Grey levels (standard deviation): a picture with less has one colour, and its hash would be noise."""

_MIN_ROWS_SHARE = 0.1
"""A truncated picture with less than this share of its rows shows nothing."""

_JPEG, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"

_STEPS = np.arange(_SIDE_PIXELS)
_COSINES = np.cos(np.pi * (2 * _STEPS[None, :] + 1) * _STEPS[:, None] / (2 * _SIDE_PIXELS))


def look(data: bytes) -> Media:
    """Return what *data* is, decoded as far as its perceptual hash needs.

    It is decoded only in a process of the readers; elsewhere, without the limits, only its header is read. A picture
    that browsers show is kept with its ``flaw``. Raises ``ValueError`` with the reason, a word or two, for others.
    """
    media = identify(data)
    if media.width is None or media.height is None or multiprocessing.parent_process() is None:
        return media
    if media.width * media.height > DECODED_PIXELS:
        return media
    with _limits():
        return _looked_at(data, media)


def _looked_at(data: bytes, media: Media) -> Media:
    """Return *media* with the hash of *data*, decoded, and with a flaw if it cannot be decoded to its end."""
    try:
        phash = perceptual_hash(_decoded(data))
        return replace(media, phash=phash, flaw=truncated(_end_mark_shortage(data)) if _lacks_end(data) else media.flaw)
    except MemoryError:
        return media
    except ValueError:
        if media.flaw is None:
            media = replace(media, flaw=truncated(_jpeg_shortage(data)))
    try:
        with lenient():
            picture = _decoded(mended(data)[0])
    except MemoryError:
        return media
    if media.is_truncated and not _shows_something(picture):
        raise ValueError("truncated or broken")
    return replace(media, phash=perceptual_hash(picture))


def _shows_something(picture: Pillow.Image) -> bool:
    """Return whether enough rows of *picture* are left; missing rows have one colour."""
    rows = np.asarray(picture.convert("L")).std(axis=1)
    return float((rows > 0).mean()) >= _MIN_ROWS_SHARE


def _decoded(data: bytes, *, draft: bool = True) -> Pillow.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
                if draft:
                    picture.draft("L", (_DRAFT_PIXELS, _DRAFT_PIXELS))
                picture.load()
                return picture.copy()
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises many kinds of errors for broken data
        raise ValueError("truncated or broken") from error


def _lacks_end(data: bytes) -> bool:
    """Return whether *data* is a JPEG without an end mark after the start of its last scan."""
    return data.startswith(_JPEG) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN)


def _end_mark_shortage(data: bytes) -> int:
    return 1 if data.endswith(b"\xff") else 2


def _jpeg_shortage(data: bytes) -> int | None:
    """Return 2 for a JPEG that lacks only its end mark, 1 for half of it; None if more is missing.

    Bytes after the last pixels are ignored, so all pixels are present if other bytes there change nothing.
    """
    if not data.startswith(_JPEG):
        return None
    pixels = data.removesuffix(b"\xff")
    try:
        one, other = (_decoded(pixels + more + _JPEG_END, draft=False) for more in (b"", b"\xaa" * 64))
    except (ValueError, MemoryError):
        return None
    return _end_mark_shortage(data) if one.tobytes() == other.tobytes() else None


def perceptual_hash(picture: Pillow.Image) -> str | None:
    """Return the pHash of *picture*, 16 hex digits; None for a picture of one colour.

    The 8 x 8 lowest frequencies of the cosine transform of the picture, grey and 32 x 32, and whether each is above
    their median (Zauner 2010, http://www.phash.org/docs/pubs/thesis_zauner.pdf): what the package ImageHash computes,
    without its SciPy.
    """
    grey = picture.convert("RGBA").convert("L") if picture.mode in {"P", "PA"} else picture.convert("L")
    levels = np.asarray(grey.resize((_SIDE_PIXELS, _SIDE_PIXELS), Pillow.Resampling.LANCZOS), dtype=np.float64)
    if levels.std() < _MIN_CONTRAST_LEVELS:
        return None
    lowest = (_COSINES @ levels @ _COSINES.T)[:_KEPT_FREQUENCIES, :_KEPT_FREQUENCIES].ravel()
    bits = np.packbits(lowest > np.median(lowest))
    return bits.tobytes().hex()


@contextmanager
def _limits() -> Iterator[None]:
    """Limit the further memory and CPU seconds of this process; beyond them the system ends it."""
    memory = resource.getrlimit(resource.RLIMIT_AS)
    cpu = resource.getrlimit(resource.RLIMIT_CPU)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    try:
        _limit(resource.RLIMIT_CPU, int(used) + _CPU_SECONDS, cpu)
        if size := _address_space():
            _limit(resource.RLIMIT_AS, size + _MAX_MEMORY_BYTES, memory)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, memory)
        resource.setrlimit(resource.RLIMIT_CPU, cpu)


def _limit(kind: int, soft: int, held: tuple[int, int]) -> None:
    allowed = [limit for limit in held if limit != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min([soft, *allowed]), held[1]))


def _address_space() -> int | None:
    """Return the bytes of address space that this process has; None where the system does not report it."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()
