# ruff: noqa: RUF001 - the punctuation of other scripts is the subject
"""Removes paragraphs that repeat other text: captions of pictures, and pull quotes."""

from __future__ import annotations

import re
from collections import Counter

from crawler.text.story import Story, core

_MIN_CAPTION_CHARACTERS = 40
_MIN_QUOTE_CHARACTERS = 60
"""Characters. A shorter repeated paragraph may be a heading, an entry of a list or a refrain."""

_WIDE_WEIGHT = 3
"""Characters of other scripts that a Han, kana or Hangul character counts as."""

_WIDE_RE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MAX_PARAGRAPHS = 400
"""Paragraphs. A text with more is a list or a book, in which repetitions are normal."""

_CREDIT_RE = re.compile(
    r"©|\(c\)|\b(?:photo(?:graph)?s?|picture|image|foto|bild|cr[ée]dits?|фото)\s*(?:[:/]|by\b|par\b|von\b)|\bcourtesy\b"
    r"|\bgetty\b|\b(?:reuters|afp|epa|dpa|ap)\W*$|(?:عکس|تصوير|صورة|צילום|图片|图|摄|圖)\s*[:：/]",
    re.IGNORECASE,
)
_ENDED_RE = re.compile(r"[.!?…؟۔。！？][\"'”’»)\]]*$")


def drop_captions(story: Story) -> Story:
    """Remove paragraphs that are the caption of a picture of the page.

    Only those that cannot be a sentence of the text which the caption repeats: the paragraph is in the text once more,
    or names the photographer, or ends without a full stop.
    """
    if not story.captions:
        return story
    cores = [core(paragraph) for paragraph in story.paragraphs]
    left = Counter(cores)
    gone = []
    for number, (paragraph, form) in enumerate(zip(story.paragraphs, cores, strict=True)):
        if form not in story.captions or _length(form) < _MIN_CAPTION_CHARACTERS:
            continue
        if left[form] > 1 or _CREDIT_RE.search(paragraph) or not _ENDED_RE.search(paragraph):
            left[form] -= 1
            gone.append(number)
    return story.without(gone)


def drop_pull_quotes(story: Story) -> Story:
    """Remove paragraphs that are contained, word for word, in a longer one, or that come twice in a row."""
    if len(story.paragraphs) > _MAX_PARAGRAPHS:
        return story
    cores = [core(paragraph) for paragraph in story.paragraphs]
    whole = "\n".join(f" {form} " for form in cores)
    gone = []
    for number, form in enumerate(cores):
        if _length(form) < _MIN_QUOTE_CHARACTERS:
            continue
        is_repeated = number > 0 and cores[number - 1] == form
        if is_repeated or (whole.count(form) > 1 and any(_within(form, other) for other in cores)):
            gone.append(number)
    return story.without(gone)


def _within(form: str, other: str) -> bool:
    """Return whether *form* is part of the longer *other*, and begins and ends there at word boundaries."""
    if len(other) <= len(form):
        return False
    start = other.find(form)
    if start < 0:
        return False
    end = start + len(form)
    wide = bool(_WIDE_RE.match(form))
    return wide or not ((start and other[start - 1].isalnum()) or (end < len(other) and other[end].isalnum()))


def _length(form: str) -> int:
    """Return the length of *form* in characters; a wide one counts as :data:`_WIDE_WEIGHT`."""
    return len(form) + (_WIDE_WEIGHT - 1) * len(_WIDE_RE.findall(form))
