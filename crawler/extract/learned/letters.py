# ruff: noqa: E501, RUF001, PLR2004 - punctuation of other scripts; numbers that the forest learned with
"""Counts the characters of texts, for all blocks of a page at once."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""One value for each block of a page."""

_UPPER, _DIGIT, _SPACE, _COMMA, _STOP, _QUOTE, _PART, _LETTER, _DENSE, _CLOSE, _OPEN, _FOREIGN = (
    1 << bit for bit in range(12)
)
_SETS = {
    _COMMA: ",،、，;؛；",
    _STOP: ".!?…。！？؟۔।",
    _QUOTE: '"“”„«»「」『』',
    _PART: "|/·•»",
    _CLOSE: '"”’»)]』」）',
    _OPEN: "\"'“‘«-–—•*「『",
}
_WHOLE = 1.5
"""Letters that a Chinese, Japanese or Korean character counts in addition to one."""

CALLS = {
    "read more": "read (?:more|also|next|the full)|also read|see also|more (?:on|from|in)|related|recommended|watch|listen"
    "|most (?:read|popular)|trending|latest|top stories|what you|up next|here.s|más|veja|leggi|siehe|auch interessant|voir"
    "|click|don.t miss|you may|what to read|view|continue|lire|leia|mehr|lesen|à lire|lees|läs|czytaj|devam[ıi]|ayr[ıi]ca"
    "|читайте|по теме|смотрите|اقرأ|بیشتر|مطالب مرتبط|قد يعجبك|المزيد|קרא|עוד ב|相关|相關|推荐|阅读|更多|延伸閱讀|関連|あわせて",
    "sign up": "subscribe|sign up|get the|join|follow|share|like us|download|support|donate|newsletter|enter your|log ?in"
    "|register|suscr|inscr|abonn|подпис|اشترك|عضویت|הירשם|订阅|訂閱|关注|扫一扫|分享",
    "picture credit": "photo|image|picture|credit|file|getty|source|courtesy|photograph|video|illustration|foto|bild|фото"
    "|источник|الصورة|المصدر|عکس|منبع|צילום|图片|来源|來源|责任编辑|写真",
    "byline": r"(?:by|von|par|por|written|reporting|story by|edited|posted|updated|published|last updated|автор"
    r"|опубликовано|بقلم|نویسنده|מאת|作者|编辑|记者)\b",
    "rights": r"©|copyright|all rights|\(c\)|disclaimer|this (?:article|story)|terms|privacy|все права|جميع الحقوق"
    "|کلیه حقوق|版权",
    "advertisement": r"advertis|sponsored|promoted|ad\b|affiliate|we may earn|реклама|إعلان|تبلیغ|广告",
    "readers": r"comment|leave a|reply|tags?\b|topics?\b|filed|categor|print|email|коммент|تعليق|نظر|תגובות|评论|标签",
}
"""The first words of lines that call on the reader to do something, or speak about the page, by kind.

The position of each kind in this table, from 1, is its number; the forest was trained with these numbers. The patterns
are for casefolded text, which is matched three times as fast as with case ignored.
"""
CALL_RE = re.compile(rf"\W{{0,3}}(?:{'|'.join(f'({words})' for words in CALLS.values())})")

_DENSE_RE = re.compile("[\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_RIGHTS = (
    "©", "rights reserved", "getty images", "cookie", "newsletter", "subscri", "privacy policy", "sign up", "sign in",
    "donat",
)  # fmt: skip
"""For casefolded text, too."""


class Letters(NamedTuple):
    """Measures of the characters of each block: counts, shares of its length or of its letters, and flags.

    ``size`` is the amount of text in Latin letters, ``ends_in_stop`` whether a full stop ends it.
    """

    size: Column
    words: Column
    size_of_word: Column
    commas: Column
    ends_in_stop: Column
    ends_in_mark: Column
    pauses: Column
    upper_share: Column
    digit_share: Column
    begins_upper: Column
    begins_with_mark: Column
    separators: Column
    quotes: Column
    questions: Column
    ends_in_colon: Column
    foreign_share: Column
    letter_share: Column
    braces: Column


class Phrases(NamedTuple):
    """For each block: the number of the call that it begins with, its rights notices, and how many blocks equal it."""

    call: Column
    rights: Column
    copies: Column


@cache
def _table() -> NDArray[np.uint16]:
    """Return the classes of each character of the basic plane, as bits."""
    table = np.zeros(0x10000, dtype=np.uint16)
    for code in range(0x10000):
        char = chr(code)
        bits = _UPPER * char.isupper() | _DIGIT * char.isdigit() | _SPACE * char.isspace() | _LETTER * char.isalpha()
        dense = 0x3040 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF or 0xF900 <= code <= 0xFAFF
        table[code] = bits | _DENSE * dense | _FOREIGN * (code > 0x24F and char.isalpha())
    for bit, chars in _SETS.items():
        for char in chars:
            table[ord(char)] |= bit
    return table


def weight(text: str) -> float:
    """Return the amount of *text* in Latin letters: a Chinese, Japanese or Korean character counts for more."""
    return len(text) if text.isascii() else len(text) + _WHOLE * len(_DENSE_RE.findall(text))


def counts(texts: Sequence[str]) -> Letters:
    """Return the measures of the characters of *texts*, none of which is empty."""
    joined, starts = _joined(texts)
    encoded = joined.encode("utf-32-le" if sys.byteorder == "little" else "utf-32-be", "replace")
    codes = np.minimum(np.frombuffer(encoded, np.uint32), 0xFFFF).astype(np.uint16)
    del encoded  # four bytes a character, and pages may have millions
    kinds = _table()[codes]
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    last = starts + lengths - 1

    def added(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.add.reduceat(flags, starts, dtype=np.int32).astype(float)

    def total(bit: int) -> NDArray[np.float64]:
        return added(kinds & bit != 0)

    dense = total(_DENSE)
    sizes = lengths + _WHOLE * dense
    words = total(_SPACE) + 1 + dense / 2
    words[:-1] -= 1  # the line end that separates it from the next
    stops = (kinds & _STOP) != 0
    pauses = np.zeros(len(kinds), dtype=bool)
    pauses[:-1] = stops[:-1] & (((kinds[1:] & _SPACE) != 0) | (codes[:-1] > 0x3000)) & (codes[1:] != 10)
    letters = np.maximum(total(_LETTER), 1)
    first, final, before = kinds[starts], kinds[last], kinds[np.maximum(last - 1, starts)]
    ends = (final & _STOP != 0) | ((final & _CLOSE != 0) & (before & _STOP != 0))
    colon = (codes[last] == 0x3A) | (codes[last] == 0xFF1A)
    return Letters(
        size=sizes,
        words=words,
        size_of_word=sizes / words,
        commas=total(_COMMA),
        ends_in_stop=ends,
        ends_in_mark=ends | (final & _CLOSE != 0) | colon,
        pauses=added(pauses),
        upper_share=total(_UPPER) / letters,
        digit_share=total(_DIGIT) / lengths,
        begins_upper=first & _UPPER != 0,
        begins_with_mark=first & _OPEN != 0,
        separators=total(_PART),
        quotes=total(_QUOTE),
        questions=added(codes == ord("?")),
        ends_in_colon=colon,
        foreign_share=total(_FOREIGN) / letters,
        letter_share=letters / lengths,
        braces=added(codes == ord("{")),
    )


def phrases_of(texts: Sequence[str], folded: Sequence[str]) -> Phrases:
    """Return the phrases of each of *texts*; *folded* are the casefolded texts."""
    calls = [match.lastindex or 0 if match else 0 for match in map(CALL_RE.match, folded)]
    whole, starts = _joined(folded)
    rights = _counted((at for phrase in _RIGHTS for at in _occurrences(phrase, whole)), starts)
    times = Counter(texts)
    return Phrases(np.array(calls, dtype=float), rights, np.array([times[text] for text in texts], dtype=float))


def _occurrences(phrase: str, text: str) -> Iterator[int]:
    at = text.find(phrase)
    while at >= 0:
        yield at
        at = text.find(phrase, at + len(phrase))


def _counted(places: Iterable[int], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many of *places* are in each line; the lines begin at *starts*."""
    lines = np.searchsorted(starts, np.fromiter(places, np.int64), side="right") - 1
    return np.bincount(lines, minlength=len(starts)).astype(float)


def _joined(texts: Sequence[str]) -> tuple[str, NDArray[np.int64]]:
    """Return *texts* joined as lines of one text, and where each begins in it."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    return "\n".join(texts), np.cumsum(lengths + 1) - lengths - 1
