# ruff: noqa: RUF001 - the punctuation of other scripts is the subject
"""Paragraphs that say again what stands elsewhere: captions of pictures, and quotes pulled out of the text."""

from __future__ import annotations

import re
from collections import Counter

from crawler.text.story import Story, core

_SHORT_CAPTION = 40
_SHORT_QUOTE = 60
"""Characters: what is shorter and stands twice may be a heading, a list's entry or a refrain."""

_WIDE = 3
"""A Han, kana or Hangul character says as much as so many of other scripts."""

_WIDE_RE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MANY = 400
"""Paragraphs: what has more is a list or a book, where things may well be said twice."""

_CREDIT_RE = re.compile(
    r"©|\(c\)|\b(?:photo(?:graph)?s?|picture|image|foto|bild|cr[ée]dits?|фото)\s*(?:[:/]|by\b|par\b|von\b)|\bcourtesy\b"
    r"|\bgetty\b|\b(?:reuters|afp|epa|dpa|ap)\W*$|(?:عکس|تصوير|صورة|צילום|图片|图|摄|圖)\s*[:：/]",
    re.IGNORECASE,
)
_ENDED_RE = re.compile(r"[.!?…؟۔。！？][\"'”’»)\]]*$")


def drop_captions(story: Story) -> Story:
    """Drop paragraphs that are the caption of a picture of the page.

    Only those that cannot be a sentence of the text which the caption repeats: because it stands in the text once
    more, or names the photographer, or ends without a full stop.
    """
    if not story.captions:
        return story
    cores = [core(paragraph) for paragraph in story.paragraphs]
    left = Counter(cores)
    gone = []
    for number, (paragraph, form) in enumerate(zip(story.paragraphs, cores, strict=True)):
        if form not in story.captions or _length(form) < _SHORT_CAPTION:
            continue
        if left[form] > 1 or _CREDIT_RE.search(paragraph) or not _ENDED_RE.search(paragraph):
            left[form] -= 1
            gone.append(number)
    return story.without(gone)


def drop_pull_quotes(story: Story) -> Story:
    """Drop paragraphs that stand, word for word, within a longer one, or twice in a row."""
    if len(story.paragraphs) > _MANY:
        return story
    cores = [core(paragraph) for paragraph in story.paragraphs]
    whole = "\n".join(f" {form} " for form in cores)
    gone = []
    for number, form in enumerate(cores):
        if _length(form) < _SHORT_QUOTE:
            continue
        again = number > 0 and cores[number - 1] == form
        if again or (whole.count(form) > 1 and any(_within(form, other) for other in cores)):
            gone.append(number)
    return story.without(gone)


def _within(form: str, other: str) -> bool:
    """Return whether *form* is a part of the longer *other* that begins and ends where words do."""
    if len(other) <= len(form):
        return False
    start = other.find(form)
    if start < 0:
        return False
    end = start + len(form)
    wide = bool(_WIDE_RE.match(form))
    return wide or not ((start and other[start - 1].isalnum()) or (end < len(other) and other[end].isalnum()))


def _length(form: str) -> int:
    """Return the length of *form* in characters, wide ones counted as what they say."""
    return len(form) + (_WIDE - 1) * len(_WIDE_RE.findall(form))
