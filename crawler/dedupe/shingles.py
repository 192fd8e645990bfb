"""Shingles, the runs of words that two texts can share, and the keys: the smallest hashes among them.

The *n* smallest of all hashes of a text are a fair sample of its shingles, and two texts sample alike: a shingle that
both have is among the smallest of both, or of neither, unless their lengths differ much (Broder 1997, bottom-k
sketches). So texts that share a tenth of their shingles share about a tenth of their keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crawler.dedupe.words import SPACELESS, Words

WIDTH = 3
"""Words of a shingle: any two texts share pairs of words, few share three in a row."""
WIDTH_SPACELESS = 5
"""Characters of one that begins with a character of a script without spaces."""
KEYS = 24
"""A copy with every fourth word swapped shares 10 of them, give or take 3."""

_MULTIPLY = np.uint64(0xFF51AFD7ED558CCD)
_MULTIPLY_AGAIN = np.uint64(0xC4CEB9FE1A85EC53)
_S16, _S32 = np.uint64(16), np.uint64(32)
_WORTH_PARTING = 1500
"""Hashes. Fewer are sorted before their smallest are found."""


def shingles_of(words: Words) -> tuple[NDArray[np.uint64], NDArray[np.bool_] | None]:
    """Return the hash of the shingle that begins at each word, and which are wide ones (None: none is).

    There is one for each word but the last two; in *words* that end in a script without spaces the last that are
    narrower than they should be are hashed as if nothing followed.
    """
    if words.size < WIDTH:
        return np.empty(0, np.uint64), None
    wide = words.astype(np.uint64)
    hashes = wide[:-2] | wide[1:-1] << _S16 | wide[2:] << _S32
    spaceless = words[:-2] >= SPACELESS
    if not np.count_nonzero(spaceless):
        return _mixed(hashes), None
    rest = np.zeros(hashes.size, np.uint64)
    rest[:-1] |= wide[3:]
    rest[:-2] |= wide[4:] << _S16
    return _mixed(np.where(spaceless, hashes ^ _mixed(rest | np.uint64(1)), hashes)), spaceless


def keys_of(words: Words) -> NDArray[np.uint32]:
    """Return the :data:`KEYS` smallest different hashes of the shingles of *words*, ascending."""
    hashes = (shingles_of(words)[0] >> _S32).astype(np.uint32)
    if hashes.size > _WORTH_PARTING:
        smallest = np.partition(hashes, 2 * KEYS)[: 2 * KEYS]
        keys = _different(smallest)
        if keys.size >= KEYS:
            return keys[:KEYS]
    return _different(hashes)[:KEYS]


def _different(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Sort *hashes*, and return each once."""
    hashes.sort()
    repeated = hashes[1:] == hashes[:-1]
    return np.delete(hashes, np.flatnonzero(repeated)) if np.count_nonzero(repeated) else hashes


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return *hashes*, changed in place, with every bit spread over the upper half."""
    hashes *= _MULTIPLY
    hashes ^= hashes >> _S32
    hashes *= _MULTIPLY_AGAIN
    return hashes
