"""Snippets: the piece of the original text that best shows why it was found, with the hits marked."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from crawler.corpus.search.folding import spans
from crawler.corpus.search.query import Term

_SPACE_RE = re.compile(r"\s+")
_MAX_CHARACTERS = 300_000
"""The rest of a longer text is not searched for snippets; a record with a hit there is found, without the snippet."""
_LEAD_SHARE_INVERSE = 5
"""One word in this many of the snippet comes before the first hit."""


class Snippet(NamedTuple):
    """A piece of a text on one line; ``marks`` are the (start, end) of the hits in it, in characters."""

    text: str
    marks: list[tuple[int, int]]


class _Hit(NamedTuple):
    """A term found at the words ``first`` to ``last`` of a text."""

    first: int
    last: int
    term: int


def snippet(text: str, terms: list[Term], words: int = 32) -> Snippet:
    """Return the *words* words of *text* with the most different *terms*; its beginning if there are none.

    >>> from crawler.corpus.search.query import parse
    >>> snippet("He went to the Holy City.", parse('"holy city"'))
    Snippet(text='He went to the Holy City.', marks=[(15, 24)])
    """
    text = text[:_MAX_CHARACTERS]
    found = spans(text)
    hits = _hits([word for *_, word in found], terms)
    first = min(_window(hits, words), max(0, len(found) - words))
    last = min(first + words, len(found))
    start = found[first][0] if first else 0
    end = found[last][0] if last < len(found) else len(text)
    return _one_line(
        text,
        start,
        end,
        [(found[h.first][0], found[h.last][1]) for h in hits if found[h.first][0] >= start and found[h.last][1] <= end],
    )


def _hits(words: list[str], terms: list[Term]) -> list[_Hit]:
    hits = []
    for place, word in enumerate(words):
        for number, (wanted, prefix) in enumerate(terms):
            last = place + len(wanted) - 1
            if len(wanted) > 1:
                if word != wanted[0] or last >= len(words) or tuple(words[place:last]) != wanted[:-1]:
                    continue
                word_there = words[last]
            else:
                word_there = word
            if word_there == wanted[-1] or (prefix and word_there.startswith(wanted[-1])):
                hits.append(_Hit(place, last, number))
    return hits


def _window(hits: list[_Hit], words: int) -> int:
    """Return the first word of the window with the most different terms, and among those with the most hits."""
    best, start = (0, 0), 0
    firsts = [hit.first for hit in hits]
    for number, hit in enumerate(hits[:1000]):
        inside = hits[number : bisect_right(firsts, hit.first + words - words // _LEAD_SHARE_INVERSE - 1)]
        worth = (len({other.term for other in inside}), len(inside))
        if worth > best:
            best, start = worth, max(0, hit.first - words // _LEAD_SHARE_INVERSE)
    return start


def _one_line(text: str, start: int, end: int, hits: list[tuple[int, int]]) -> Snippet:
    """Cut *text* from *start* to *end*, fold white space, and shift *hits* (positions in *text*) accordingly."""
    shown = "… " if start else ""
    marks: list[tuple[int, int]] = []
    place = start
    for first, last in hits:
        if first < place:  # inside the hit before
            continue
        shown += _SPACE_RE.sub(" ", text[place:first])
        hit = _SPACE_RE.sub(" ", text[first:last])
        marks.append((len(shown), len(shown) + len(hit)))
        shown += hit
        place = last
    shown += _SPACE_RE.sub(" ", text[place:end]).rstrip()
    return Snippet(shown + (" …" if end < len(text) else ""), marks)
