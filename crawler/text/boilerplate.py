"""The boilerplate of a site: short paragraphs that recur on many of its pages, learned and not listed."""

from __future__ import annotations

from hashlib import blake2b

from crawler.text.normal import normalized_utf_8
from crawler.text.story import Story, edge_paragraphs


def paragraph_key(paragraph: str) -> int:
    """Return the key under which a corpus counts *paragraph*: 63 bits of the BLAKE2b of its normalized form.

    Catalogues store it; they must be rebuilt if it ever changes.

    >>> paragraph_key("Follow us!") == paragraph_key("FOLLOW  us!")
    True
    """
    return int.from_bytes(blake2b(normalized_utf_8(paragraph), digest_size=8).digest(), "big") >> 1


def edge_keys(text: str) -> list[int]:
    """Return the keys of the paragraphs of *text* that may be boilerplate (short ones at its edges), each once."""
    paragraphs = tuple(text.split("\n\n"))
    return list(dict.fromkeys(paragraph_key(paragraph) for _, paragraph in edge_paragraphs(paragraphs)))


def drop_boilerplate(story: Story) -> Story:
    """Remove paragraphs at the edges that are known to recur on the site, unless nothing would be left."""
    if not story.boilerplate:
        return story
    edges = edge_paragraphs(story.paragraphs)
    gone = [number for number, paragraph in edges if paragraph_key(paragraph) in story.boilerplate]
    return story.without(gone) if len(gone) < len(story.paragraphs) else story
