"""Search queries: words, "phrases" and beginnings*, all of which a record must have."""

from __future__ import annotations

import re
from typing import NamedTuple

from crawler.corpus.search.folding import fold
from crawler.exceptions import ConfigError

_PART_RE = re.compile(r'"([^"]*)(?:"(\*?)|$)|([^\s"]+)')
_MOST_TERMS = 32
_MOST_WORDS = 200


class Term(NamedTuple):
    """Folded words that must stand side by side; with ``prefix`` the last is only how a word begins."""

    words: tuple[str, ...]
    prefix: bool


def parse(question: str) -> list[Term]:
    """Return the terms of *question*. Nothing in it is ever an error, save that there is no word in it, or too many.

    A word that folds to several (``don't``, ``3.5``, a row of Chinese characters) is a phrase of them.

    >>> parse('"Holy City" gaz*')
    [Term(words=('holy', 'city'), prefix=False), Term(words=('gaz',), prefix=True)]
    """
    terms = []
    for phrase, star, word in _PART_RE.findall(question):
        words = tuple(fold(phrase or word).split())
        if words:
            terms.append(Term(words, bool(star) or (phrase or word).rstrip().endswith("*")))
    if not terms:
        raise ConfigError("there is no word to search for")
    if len(terms) > _MOST_TERMS or sum(len(term.words) for term in terms) > _MOST_WORDS:
        raise ConfigError(f"search for at most {_MOST_TERMS} words or phrases at a time")
    return list(dict.fromkeys(terms))


def expression(terms: list[Term]) -> str:
    """Return *terms* as an FTS5 expression. Folded words hold no quote, so nothing in them can end the string."""
    return " AND ".join(f'"{" ".join(term.words)}"{" *" if term.prefix else ""}' for term in terms)
