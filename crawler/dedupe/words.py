# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""A text as a row of word hashes, the same for all ways of writing a text; for all scripts, at the speed of numpy.

Case, punctuation, diacritics, vowel signs, joiners, presentation forms, the Arabic and Persian forms of a letter and
the script of digits make no difference. In scripts without spaces between words each character is a word. This
folding is for comparison, and coarser than that of the search. Indexes store its results, so any change needs a new
:data:`FOLDING`.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

FOLDING = 2
"""Increase this when a change of :func:`words_of` changes any result: older indexes are then rebuilt."""

MIN_WORDS = 20
"""A shorter text says too little to be called a copy: ``Watch the video`` is the text of a thousand articles."""

SPACELESS = np.uint16(0x8000)
"""Marks words that are one character of a script without spaces; the other 15 bits are the hash."""

Words = NDArray[np.uint16]

_MAX_CHARACTERS = 1 << 17
"""Later characters of a text are ignored."""
_SEPARATOR, _DROPPED = 0, 1
_LINE_END = ord("\n")
_SENTENCE_ENDS = np.array([ord(char) for char in ".!?:…\n"], np.uint16)
_SAME_LETTERS = str.maketrans("يىےكڪٱةہھەۃ", "یییککاههههه")
_BASE = 0x9E3779B1
_FIRST = 0x2C1B3C6D
_LAST_OF_PLANE = 0xFFFF
# Han, Kana; Thai, Lao; Tibetan; Burmese; Khmer
_SPACELESS_RANGES = (
    *((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x0E00, 0x0EFF)),
    *((0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF)),
)
_FIRST_SPACELESS = min(first for first, _ in _SPACELESS_RANGES)


def words_of(text: str) -> Words:
    """Return the hashes of the words of *text*, in order.

    >>> list(words_of("Café, “ЧАЙ” ١٢")) == list(words_of("cafe чай 12"))
    True
    >>> len(words_of("东京 2020")), len(words_of("کتاب‌ها"))
    (3, 1)
    """
    letters, starts, alone = _read(text)
    if not starts.size:
        return np.empty(0, np.uint16)
    powers, inverses = _powers()
    hashes = np.add.reduceat(letters * powers[: letters.size], starts)  # 64 bits, of which the lower 32 count
    hashes *= inverses.take(starts)
    words = hashes.view("<u2")[1::4] >> np.uint16(1)
    if alone is not None:
        words |= alone[starts] * SPACELESS
    return words


def figures_of(text: str) -> NDArray[np.bool_]:
    """Return which words of *text* have a digit in them.

    >>> figures_of("On 4 May, ١٢ of the 2nd").tolist()
    [False, True, False, True, False, False, True]
    """
    letters, starts, _ = _read(text)
    if not starts.size:
        return np.empty(0, np.bool_)
    return np.logical_or.reduceat((letters >= ord("0")) & (letters <= ord("9")), starts)


def names_of(text: str) -> NDArray[np.bool_] | None:
    """Return which words of *text* are names, judged by their capitals; None for a script without capitals.

    A capital at the beginning of a sentence does not count, unless the next word has one too.

    >>> names_of("Yesterday it rained. Ann Lee of Porto left.").tolist()
    [False, False, False, True, True, False, True, False]
    """
    letters, starts, _ = _read(text)
    codes = np.frombuffer(text[:_MAX_CHARACTERS].encode("utf-16-le", "surrogatepass"), np.uint16)
    codes = codes[_tables()[0].take(codes) != _DROPPED]
    if codes.size != letters.size:
        return None
    has_capital = _of_category("Lu", "Lt").take(codes[starts])
    if np.count_nonzero(_of_category("Lo").take(codes[starts])) > starts.size // 2:
        return None
    padded = np.concatenate((np.array([_LINE_END, _LINE_END], np.uint16), codes))
    begins = (padded[starts + 1] == _LINE_END) | np.isin(padded[starts], _SENTENCE_ENDS)
    names: NDArray[np.bool_] = has_capital & (~begins | np.append(has_capital[1:], np.False_))
    return names


def _read(text: str) -> tuple[NDArray[np.uint8 | np.uint16], NDArray[np.int64], NDArray[np.bool_] | None]:
    """Return the folded letters of *text*, where its words start, and which letters are of scripts without spaces."""
    text = text[:_MAX_CHARACTERS]
    letters: NDArray[np.uint8 | np.uint16]
    if text.isascii():
        letters = np.frombuffer(text.encode().translate(_ascii_table()), np.uint8)
    else:
        folds, is_spaceless = _tables()
        letters = folds.take(np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16))
        kept = letters != _DROPPED
        if np.count_nonzero(kept) != kept.size:
            letters = letters[kept]
        if letters.max(initial=0) >= _FIRST_SPACELESS:
            alone = is_spaceless.take(letters)
            begins = letters != _SEPARATOR
            begins[1:] &= ~begins[:-1] | alone[1:] | alone[:-1]
            return letters, begins.nonzero()[0], alone
    in_words = letters != _SEPARATOR
    begins = in_words.copy()
    np.greater(in_words[1:], in_words[:-1], out=begins[1:])
    return letters, begins.nonzero()[0], None


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Return the folded form of each character of the Basic Multilingual Plane, and which have no spaces between words.

    Characters beyond it (emoji, rare Han characters) are surrogates here, which belong to no word.
    """
    folds = np.array([_fold(code) for code in range(0x10000)], np.uint16)
    is_spaceless = np.zeros(0x10000, np.bool_)
    for first, last in _SPACELESS_RANGES:
        is_spaceless[first : last + 1] = True
    return folds, is_spaceless


@cache
def _of_category(*categories: str) -> NDArray[np.bool_]:
    """Return which characters of the Basic Multilingual Plane are of *categories*."""
    return np.array([unicodedata.category(chr(code)) in categories for code in range(0x10000)], np.bool_)


@cache
def _ascii_table() -> bytes:
    """Return the folded form of each ASCII character, as a table for ``bytes.translate``; none is dropped."""
    return bytes(_fold(code) for code in range(128)) + bytes(128)


def _fold(code: int) -> int:
    """Return the code of the folded form of a character, ``_SEPARATOR`` or ``_DROPPED``."""
    char = chr(code)
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf") or char in "ـء":
        return _DROPPED
    if category == "Nd":
        return ord(str(unicodedata.decimal(char)))
    if category[0] not in "LNM":
        return _SEPARATOR
    base = unicodedata.normalize("NFKD", char).casefold().translate(_SAME_LETTERS)
    base = "".join(piece for piece in base if not unicodedata.combining(piece))
    if len(base) == 1 and ord(base) <= _LAST_OF_PLANE:
        return ord(base)
    return code  # a ligature, a Hangul syllable: equal only to itself


@cache
def _powers() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return multiples of the powers of an odd number modulo 2**32, and the inverses of the powers.

    The inverses remove the effect of a word's position. The multiples spread the first letters over all bits, too.
    """
    return _powers_of(_BASE, _FIRST), _powers_of(pow(_BASE, -1, 1 << 32), 1)


def _powers_of(base: int, first: int) -> NDArray[np.uint32]:
    powers = np.full(_MAX_CHARACTERS, base, np.uint32)
    powers[0] = first
    return np.multiply.accumulate(powers)
