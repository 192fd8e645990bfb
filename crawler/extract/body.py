"""The body of an article: its paragraphs and nothing else."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree, html  # type: ignore[import-untyped]
from trafilatura import bare_extraction

from crawler.extract.blocks import blocks
from crawler.extract.dump import without_dump
from crawler.extract.moments import parse_moment
from crawler.extract.page import Page
from crawler.text import clean_line

_SPACE_RE = re.compile(r"\s+")
_DATE_LINE = 60
_HEAD = 4


class Body(NamedTuple):
    """The paragraphs of an article, their source, and the elements that hold its pictures."""

    paragraphs: list[str]
    source: str
    elements: list[etree._Element]


def find_body(page: Page, title: str | None) -> Body:
    """Return the body of *page*, without *title* and date line at its head and without leaked dumps."""
    if chosen := page.select("body"):
        paragraphs = [block.text for element in chosen for block in blocks(element)]
        if cleaned := _cleaned(paragraphs, title):
            return Body(cleaned, "profile", chosen)
    tree = html.fromstring(etree.tostring(page.root, encoding="unicode", method="html"))  # it changes what it reads
    document = bare_extraction(tree, with_metadata=False, include_comments=False, include_tables=True, fast=True)
    text = document.text if document and not isinstance(document, dict) else None
    return Body(_cleaned((text or "").split("\n"), title), "trafilatura", [page.root])


def _cleaned(paragraphs: list[str], title: str | None) -> list[str]:
    """Return *paragraphs* as clean lines up to a dump, less the title and the date line at their head."""
    cleaned: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        kept = without_dump(paragraph)
        line = clean_line(kept)
        if line and not (number < _HEAD and _is_heading(line, title)):
            cleaned.append(line)
        if len(kept) != len(paragraph):
            break
    return cleaned


def _is_heading(line: str, title: str | None) -> bool:
    if title and line.casefold() == title.casefold():
        return True
    return len(line) <= _DATE_LINE and parse_moment(line) is not None and not re.search(r"\w{3,}\W+(?:\w+\W+){6}", line)
