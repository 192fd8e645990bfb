"""Shingles, the runs of words that two texts can share, and the keys: the smallest hashes among them.

The *n* smallest hashes of a text are a fair sample of its shingles, and two texts sample in the same way: a shingle in
both is among the smallest of both, or of neither, unless their lengths differ much (Broder 1997, bottom-k sketches).
So texts that share a tenth of their shingles share about a tenth of their keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crawler.dedupe.words import SPACELESS, Words

SHINGLE_WORDS = 3
"""Words of a shingle: any two texts share pairs of words, but few share three in a row."""
SHINGLE_CHARACTERS = 5
"""Characters of a shingle that begins with a character of a script without spaces."""
KEYS_PER_TEXT = 20
"""Keys of a text. A copy with every fourth word replaced shares about 8 of them, plus or minus 2."""

_MULTIPLY = np.uint64(0xFF51AFD7ED558CCD)
_MULTIPLY_AGAIN = np.uint64(0xC4CEB9FE1A85EC53)
_THREE = np.uint64(0xAFD7ED558CCD_0000)
"""Multiplying four words by this mixes the first three and drops the fourth."""
_S16, _S32, _S48 = np.uint64(16), np.uint64(32), np.uint64(48)
_PADDING_WORDS = 2
_UPPER = np.uint64(0xFFFFFFFF_00000000)
_MAX_CANDIDATE_KEYS = 3 * KEYS_PER_TEXT // 2
"""Number of smallest hashes that are read: repeated shingles seldom use up so many."""


def shingles_of(words: Words) -> tuple[NDArray[np.uint64], NDArray[np.bool_] | None]:
    """Return the hash of the shingle that begins at each word, and which ones are wide (None: none is).

    Each word except the last two has one. If *words* end in a script without spaces, the last shingles are too narrow,
    and are hashed as if nothing followed.
    """
    if words.size < SHINGLE_WORDS:
        return np.empty(0, np.uint64), None
    padded = np.zeros(words.size + _PADDING_WORDS, "<u2")
    padded[: words.size] = words
    four = np.ndarray((words.size - 2,), "<u8", padded, 0, (2,))  # each word with the three after it
    hashes = four * _THREE
    spaceless = words[:-2] >= SPACELESS
    if not np.count_nonzero(spaceless):
        return hashes, None
    rest = four >> _S48 | padded[4 : 4 + hashes.size].astype(np.uint64) << _S16
    return np.where(spaceless, hashes ^ _mixed(rest | np.uint64(1)), hashes), spaceless


def keys_of(ascending: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the keys of a text: the :data:`KEYS_PER_TEXT` smallest hashes of its shingles, given *ascending*.

    They are spread evenly over all numbers of 32 bits. They are the upper halves of the result; the lower halves are 0.
    """
    smallest = _different(ascending[:_MAX_CANDIDATE_KEYS])
    if smallest.size < KEYS_PER_TEXT < ascending.size:
        smallest = _different(ascending)
    return smallest[:KEYS_PER_TEXT] * _MULTIPLY_AGAIN & _UPPER


def _different(ascending: NDArray[np.uint64]) -> NDArray[np.uint64]:
    repeated = ascending[1:] == ascending[:-1]
    return np.delete(ascending, repeated.nonzero()[0]) if np.count_nonzero(repeated) else ascending


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return *hashes*, changed in place, with every bit spread over the upper half."""
    hashes *= _MULTIPLY
    hashes ^= hashes >> _S32
    hashes *= _MULTIPLY_AGAIN
    return hashes
