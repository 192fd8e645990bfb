"""Search queries: words, "phrases" and prefixes*. A record must have all of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from crawler.corpus.search.folding import fold
from crawler.exceptions import ConfigError

_PART_RE = re.compile(r'"([^"]*)(?:"(\*?)|$)|([^\s"]+)')
_MAX_TERMS = 32
_MAX_WORDS = 200


class Term(NamedTuple):
    """Folded words that must follow each other; with ``prefix`` the last one is the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool


def parse(question: str) -> list[Term]:
    """Return the terms of *question*. The only errors are a question without words, and one with too many.

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
    if len(terms) > _MAX_TERMS or sum(len(term.words) for term in terms) > _MAX_WORDS:
        raise ConfigError(f"search for at most {_MAX_TERMS} words or phrases at a time")
    return list(dict.fromkeys(terms))


def expression(terms: list[Term]) -> str:
    """Return *terms* as an FTS5 expression. Folded words contain no quotes, so they cannot end the string."""
    return " AND ".join(f'"{" ".join(term.words)}"{" *" if term.prefix else ""}' for term in terms)
