"""Lists in JSON: JSON Feed, and objects, URLs or ids that stand in a list, or in a list under a key.

Source: https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from crawler.seeds.lists.lines import is_address
from crawler.seeds.lists.model import ListedArticle, listed_fields

_MAX_DEPTH = 3
_SPACE = b" \t\r\n\0\x1e,"
_BOM = b"\xef\xbb\xbf"
_KEYS_OF_DUMPS = frozenset({"sort", "contenttypeid", "pic"})
_LINES_TRIED = 10
_JSON_FEED = b"jsonfeed.org/version"


def json_list_shape(head: bytes) -> str | None:
    r"""Return how the JSON that begins with *head* lists articles: ``lines``, ``values`` or ``whole``; else None.

    >>> json_list_shape(b'{"id": 1}\n{"id": 2}\n'), json_list_shape(b'["http://example.org/1"]')
    ('lines', 'whole')
    """
    start = head.removeprefix(_BOM).lstrip(_SPACE)
    if start[:1] == b"[":
        inside = start[1:].lstrip(_SPACE)
        if inside[:1] != b"{":
            return "whole" if _is_bare_list(inside) else None
        return "values" if _names_article(_first_object(inside)) else None
    if start[:1] != b"{":
        return None
    if _JSON_FEED in start[:1000]:
        return "whole"
    lines = [line for line in start.splitlines() if line.strip(_SPACE)]
    if any(_names_article(_object(line)) for line in lines[:_LINES_TRIED]):
        return "lines"
    first = _first_object(start)
    if _names_article(first):
        return "values"
    return "whole" if first is not None and next(listed_values(first, ""), None) else None


def listed_of(raw: bytes, source: str, line: int) -> ListedArticle | None:
    """Return the article that the JSON object *raw* names; None if it names none, or is a record of a dump."""
    value = _object(raw)
    return listed_fields(value, source, line) if value is not None and _names_article(value) else None


def listed_whole(raw: bytes, source: str) -> Iterator[ListedArticle]:
    """Yield the articles in the JSON text *raw*. Raises ValueError if it is not JSON."""
    try:
        value = _parsed(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    is_feed = isinstance(value, dict) and _JSON_FEED in str(value.get("version")).encode()
    yield from _feed_items(value, source) if is_feed else listed_values(value, source)


def _feed_items(feed: dict[str, Any], source: str) -> Iterator[ListedArticle]:
    items = feed.get("items")
    home = next((url for name in ("home_page_url", "feed_url") if isinstance(url := feed.get(name), str)), None)
    for number, item in enumerate(items if isinstance(items, list) else (), 1):
        fields = item if isinstance(item, dict) else {}
        listed = listed_fields(fields, source, number) or ListedArticle(source=source, line=number)
        yield replace(listed, base=home)


def listed_values(value: Any, source: str, depth: int = 0) -> Iterator[ListedArticle]:
    """Yield the articles that *value*, a list or an object with lists in it, names.

    Under a key only URLs count: ids may be those of anything.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for inner in value.values():
            if isinstance(inner, list | dict):
                yield from listed_values(inner, source, depth + 1)
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            listed = _listed_value(one, source, number, url_only=depth > 0)
            if listed is not None:
                yield listed


def _listed_value(value: Any, source: str, number: int, *, url_only: bool) -> ListedArticle | None:
    if isinstance(value, str) and ("://" in value or not url_only):  # numbers are text, too
        text = value.strip()
        is_id = text.isdigit()
        return ListedArticle(source=source, line=number, url=None if is_id else text, id=text if is_id else None)
    if isinstance(value, dict) and _names_article(value, url_only=url_only):
        return listed_fields(value, source, number)
    return None if url_only else ListedArticle(source=source, line=number)


def _names_article(value: Mapping[str, Any] | None, *, url_only: bool = False) -> bool:
    """Return whether the object *value* names an article (*url_only*: by its URL), and is not a record of a dump."""
    if value is None or not _KEYS_OF_DUMPS.isdisjoint(value):
        return False
    listed = listed_fields(value, "", 0)
    name = listed and (listed.url or (None if url_only else listed.id))
    return bool(name) and is_address(name or "")


def _is_bare_list(inside: bytes) -> bool:
    """Return whether the inside of a list begins with a URL or an id."""
    try:
        first, _ = _DECODER.raw_decode(inside.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, str) and is_address(first)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = _parsed(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first_object(start: bytes) -> dict[str, Any] | None:
    try:
        value, _ = _DECODER.raw_decode(start.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parsed(raw: bytes) -> Any:
    return _DECODER.decode(raw.removeprefix(_BOM).strip(_SPACE).decode("utf-8", "replace"))


_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
"""Numbers stay as they stand: an id of 20 digits is more than 64 bits can hold."""
