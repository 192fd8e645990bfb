"""Stories that the invented site published twice: how the later article edits the text of the earlier one.

All are shorter than the earlier one by a tenth at least, and keep most of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from crawler.replica.draw import Draw

Edit = Literal["shortened", "new head", "paragraphs dropped"]
EDITS: tuple[Edit, ...] = get_args(Edit)

_MAX_REMAINING_SHARE = 0.85
"""Of the words of the earlier article."""


def edited(edit: Edit, paragraphs: Sequence[str], draw: Draw, head: str) -> tuple[str, ...]:
    """Return *paragraphs* after an *edit*; a new head is the sentence *head*, in the place of the first paragraph."""
    room = _MAX_REMAINING_SHARE * _words(paragraphs)
    if edit == "shortened":
        return _cut(paragraphs, room)
    kept = [head, *paragraphs[1:]] if edit == "new head" else list(paragraphs)
    while _words(kept) > room and len(kept) > 1:
        kept.pop(1 + draw.below(len(kept) - 1))
    return tuple(kept)


def _cut(paragraphs: Sequence[str], room: float) -> tuple[str, ...]:
    """Return the beginning of *paragraphs*, in whole sentences as far as one paragraph has several."""
    kept: list[str] = []
    for paragraph in paragraphs:
        sentences: list[str] = []
        for sentence in paragraph.replace(". ", ".\n").split("\n"):
            if _words([*kept, *sentences, sentence]) > room:
                return (*kept, " ".join(sentences)) if sentences else tuple(kept)
            sentences.append(sentence)
        kept.append(" ".join(sentences))
    return tuple(kept)


def _words(paragraphs: Sequence[str]) -> int:
    return sum(len(paragraph.split()) for paragraph in paragraphs)
