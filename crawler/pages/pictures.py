"""From the bytes of a fetched picture to what it is and shows: the work of CPU per picture, for a process of its own.

Pillow's decoders meet what strangers made here. So they are only those of a few formats, only for pictures of so many
pixels, and, in a reader, with limits on memory and CPU that the system itself holds them to.
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

from crawler.pages.media import PICTURE_FORMATS, Media, identify

DECODED_PIXELS = 25_000_000
"""Larger pictures are kept, but not decoded, so their ``phash`` is unknown."""

_MEMORY = 256 * 1024 * 1024
_CPU_SECONDS = 10
_SIDE, _KEPT = 32, 8
_ENOUGH_DRAFT = 256
_LEAST_CONTRAST = 2.0
"""Grey levels (standard deviation): a picture of less is one colour, whose hash would be noise."""

_STEPS = np.arange(_SIDE)
_COSINES = np.cos(np.pi * (2 * _STEPS[None, :] + 1) * _STEPS[:, None] / (2 * _SIDE))


def look(data: bytes) -> Media:
    """Return what *data* is, decoded as far as a perceptual hash needs.

    In a process of the readers only: anywhere else, without the limits, only its header is read. Raises ``ValueError``
    with the reason, a word or two, for what is no picture or video to keep.
    """
    media = identify(data)
    if media.width is None or media.height is None or multiprocessing.parent_process() is None:
        return media
    if media.width * media.height > DECODED_PIXELS:
        return media
    with _limits():
        return replace(media, phash=_decoded_hash(data))


def _decoded_hash(data: bytes) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
                picture.draft("L", (_ENOUGH_DRAFT, _ENOUGH_DRAFT))
                picture.load()
                return perceptual_hash(picture)
    except MemoryError:
        return None
    except Exception as error:  # Pillow raises many kinds for broken data
        raise ValueError("truncated or broken") from error


def perceptual_hash(picture: Pillow.Image) -> str | None:
    """Return the pHash of *picture*, 16 hex digits; None for a picture of one colour.

    The 8 x 8 lowest frequencies of the cosine transform of the picture, grey and 32 x 32, and whether each is above
    their median (Zauner 2010, http://www.phash.org/docs/pubs/thesis_zauner.pdf): what the package ImageHash computes,
    without its SciPy.
    """
    grey = picture.convert("RGBA").convert("L") if picture.mode in {"P", "PA"} else picture.convert("L")
    levels = np.asarray(grey.resize((_SIDE, _SIDE), Pillow.Resampling.LANCZOS), dtype=np.float64)
    if levels.std() < _LEAST_CONTRAST:
        return None
    lowest = (_COSINES @ levels @ _COSINES.T)[:_KEPT, :_KEPT].ravel()
    bits = np.packbits(lowest > np.median(lowest))
    return bits.tobytes().hex()


@contextmanager
def _limits() -> Iterator[None]:
    """Hold this process to so much more memory, and so many more seconds of CPU, than it has used; then it is ended."""
    memory = resource.getrlimit(resource.RLIMIT_AS)
    cpu = resource.getrlimit(resource.RLIMIT_CPU)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    try:
        _limit(resource.RLIMIT_CPU, int(used) + _CPU_SECONDS, cpu)
        if size := _address_space():
            _limit(resource.RLIMIT_AS, size + _MEMORY, memory)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, memory)
        resource.setrlimit(resource.RLIMIT_CPU, cpu)


def _limit(kind: int, soft: int, held: tuple[int, int]) -> None:
    allowed = [limit for limit in held if limit != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min([soft, *allowed]), held[1]))


def _address_space() -> int | None:
    """Return the bytes of address space that this process has; None where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()
