# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""The search form of words: one form for all ways of writing a word.

SQLite removes diacritics from Latin letters only, so the folding happens here, in the same way for indexed text and for
queries. It works character by character: that is fast (``str.translate``), needs no language, and shows which part of
the original a word came from (:func:`spans`), so that the original can be displayed.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that differ in Unicode, but are the same to a reader (or on another keyboard). Forms with hamza or madda
# decompose, and need no line here.
_SAME_LETTERS = {
    "ي": "ی", "ى": "ی", "ے": "ی",
    "ك": "ک", "ڪ": "ک",
    "ٱ": "ا", "ٲ": "ا", "ٳ": "ا",
    "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ۃ": "ه",
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ŧ": "t", "ŋ": "n",
}  # fmt: skip
_DROPPED = frozenset("ـء")  # tatweel only lengthens the line; many writers leave out the lone hamza
# Each of these is a word of its own: their scripts put no spaces between words, and a phrase finds a sequence of them.
# Kana, Han; Thai and Lao, Tibetan, Burmese, Khmer, with the marks that stand on their letters.
_SPACELESS = (
    *((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    *((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
)
_FIRST_KANA = 0x3041
# Canonical combining classes of accents, Hebrew points and Arabic vowel signs. Others (the viramas and nuktas of
# India, the tone marks of Thailand) are not optional: without them it is another word.
_POINTS, _ACCENTS = range(10, 37), range(200, 256)


class _Folds(dict[int, str]):
    """The folded form of each character, computed at its first use."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if _is_spaceless(char):
            folded = f" {' '.join(unicodedata.normalize('NFKC', char))} "
        else:
            pieces = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
            folded = "".join(_fold_piece(piece) for piece in pieces)
        self[code] = folded
        return folded


def _is_spaceless(char: str) -> bool:
    """Return whether *char* is a word of its own; in scripts before Kana only letters and marks are."""
    if not any(first <= ord(char) <= last for first, last in _SPACELESS):
        return False
    return ord(char) >= _FIRST_KANA or unicodedata.category(char)[0] in "LM"


def _fold_piece(char: str) -> str:
    """Return the folded form of a character that decomposes no further; a space if it belongs to no word."""
    if _is_spaceless(char):  # from a sign that stands for several, such as the name of an era
        return f" {char} "
    if char in _SAME_LETTERS:
        return _SAME_LETTERS[char]
    category = unicodedata.category(char)
    if char in _DROPPED or category == "Cf" or unicodedata.combining(char) in (*_POINTS, *_ACCENTS):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return char if category[0] in "LNM" else " "


_FOLDS = _Folds()
_ASCII_FOLDS = bytes(ord(_FOLDS[code]) for code in range(0x80)) + bytes(range(0x80, 0x100))
_OTHERS_RE = re.compile(r"[^\x00-\x7f]+")

FOLDING = 3
"""Increase this when a change of :func:`fold` changes any result: older indexes are then rebuilt."""


def fold(text: str) -> str:
    """Return the words of *text* in their search form, separated by spaces.

    Case, diacritics, vowel signs, presentation forms, joiners and tatweel make no difference, and neither do the forms
    of alef, yeh, kaf and heh, or the script of digits.

    >>> fold("Straße, CAFÉ-bar: ١٢۳")
    'strasse cafe bar 123'
    >>> fold("كِتابٌ عربي") == fold("کتاب عربی")
    True
    """
    # ASCII as bytes, which is several times faster: each of its characters becomes one byte, which is itself in UTF-8.
    folded = text.encode("utf-8", "surrogatepass").translate(_ASCII_FOLDS).decode("utf-8", "surrogatepass")
    return " ".join(_OTHERS_RE.sub(lambda others: others[0].translate(_FOLDS), folded).split())


def spans(text: str) -> list[tuple[int, int, str]]:
    """Return the words of *text* as (start, end, folded): ``text[start:end]`` is the word as it was written.

    >>> spans("Ça va?")
    [(0, 2, 'ca'), (3, 5, 'va')]
    """
    found: list[tuple[int, int, str]] = []
    start, end, word = 0, 0, ""
    for place, char in enumerate(text):
        first, *others = _FOLDS[ord(char)].split(" ")
        if first:
            start, end, word = (start if word else place), place + 1, word + first
        elif word and not others:  # a dropped mark belongs to the word that it is written on
            end = place + 1
        for piece in others:
            if word:
                found.append((start, end, word))
            start, end, word = place, place + 1, piece
    if word:
        found.append((start, end, word))
    return found
