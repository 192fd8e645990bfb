# ruff: noqa: RUF001 - the punctuation of other scripts is the subject
"""A text during cleaning: its paragraphs, and the parts that belong into other fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from crawler.text.normal import normalized

_EDGES = " \"'“”„«»‘’‹›.,:;!?…-–—·|\u061b\u060c\u06d4。，、：；「」『』"
_FIRST_PARAGRAPHS, _LAST_PARAGRAPHS, _MAX_EDGE_CHARACTERS = 3, 5, 300
"""Where boilerplate is searched: in this many first and last paragraphs, up to this many characters long."""


@dataclass(frozen=True, slots=True)
class Story:
    """Paragraphs, the fields split off from them, and other data of the page that rules use.

    ``captions`` and ``related`` (titles of related items) are in the form of :func:`core`; ``boilerplate`` are the keys
    (:func:`~crawler.text.boilerplate.paragraph_key`) of paragraphs that are known to recur on the site.
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
    """Return *paragraph* in a form that different settings of one sentence share: no outer quotes, no stops, no case.

    >>> core("“We will Stay.”") == core("We will stay")
    True
    """
    return normalized(paragraph).strip(_EDGES)


def edge_paragraphs(paragraphs: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the paragraphs that may be boilerplate of the site, with their numbers."""
    count = len(paragraphs)
    numbers = (
        range(count)
        if count <= _FIRST_PARAGRAPHS + _LAST_PARAGRAPHS
        else (*range(_FIRST_PARAGRAPHS), *range(count - _LAST_PARAGRAPHS, count))
    )
    return [(number, paragraphs[number]) for number in numbers if len(paragraphs[number]) <= _MAX_EDGE_CHARACTERS]
