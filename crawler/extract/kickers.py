"""The kicker of an article: the short line above its headline that says what it is about."""

from __future__ import annotations

import re

from crawler.extract.moments import parse_moment
from crawler.extract.page import Found, Page

_NAME_RE = re.compile(
    r"kicker|eyebrow|overline|over-?title|sup(?:er|ra)?-?title|pre-?title|sur-?titre|ante-?titulo|dachzeile|roo-?titr|ru-?titr"
    r"|spitzmarke|occhiello",
    re.IGNORECASE,
)
_LONGEST = 120
_ABOVE = 12
_UPWARDS = 3


def find_kicker(page: Page, title: str | None) -> Found[str] | None:
    """Return the line shortly above the ``h1`` of *page* whose element is named as kicker, None if there is none."""
    heading = next((number for number, (block, _) in enumerate(page.blocks) if block.place.tag == "h1"), None)
    if heading is None:
        return None
    for block, text in reversed(page.blocks[max(0, heading - _ABOVE) : heading]):
        place = block.place
        for _ in range(_UPWARDS):
            if _NAME_RE.search(place.kin[1]) and len(text) <= _LONGEST and text != title and not parse_moment(text):
                return Found(text, "page")
            if place.outer is None:
                break
            place = place.outer
    return None
