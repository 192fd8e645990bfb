# ruff: noqa: RUF001 - the punctuation of other scripts is the subject
"""A text on its way through the rules: its paragraphs, and what of it belongs into fields of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from crawler.text.normal import normalized

_EDGES = " \"'“”„«»‘’‹›.,:;!?…-–—·|\u061b\u060c\u06d4。，、：；「」『』"
_HEAD, _TAIL, _LONGEST = 3, 5, 300
"""Where boilerplate stands: among so many first and last paragraphs, and no longer than so many characters."""


@dataclass(frozen=True, slots=True)
class Story:
    """Paragraphs, and the fields split off from them; with what else a page tells that rules can go by.

    ``captions`` and ``related`` (titles of related items) are in the form of :func:`core`; ``boilerplate`` are the
    :func:`~crawler.text.boilerplate.paragraph_key` of what is known to recur on the site.
    """

    paragraphs: tuple[str, ...]
    dateline: str | None = None
    credit: str | None = None
    captions: frozenset[str] = frozenset()
    related: frozenset[str] = frozenset()
    boilerplate: frozenset[int] = frozenset()

    def without(self, numbers: Iterable[int]) -> Story:
        """Return the story without the paragraphs *numbers*."""
        gone = frozenset(numbers)
        if not gone:
            return self
        return replace(self, paragraphs=tuple(p for number, p in enumerate(self.paragraphs) if number not in gone))


def core(paragraph: str) -> str:
    """Return what two settings of one sentence have in common: neither quotes nor stops around it, nor case.

    >>> core("“We will Stay.”") == core("We will stay")
    True
    """
    return normalized(paragraph).strip(_EDGES)


def edge_paragraphs(paragraphs: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the paragraphs, with their numbers, among which a site's boilerplate is looked for."""
    count = len(paragraphs)
    numbers = range(count) if count <= _HEAD + _TAIL else (*range(_HEAD), *range(count - _TAIL, count))
    return [(number, paragraphs[number]) for number in numbers if len(paragraphs[number]) <= _LONGEST]
