"""Tells lists of articles by the first bytes of a text, and reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Literal, NamedTuple

from crawler.exceptions import SeedError
from crawler.seeds.lists.feeds import is_feed, read_feed, xml_root
from crawler.seeds.lists.lines import is_list_of_lines, read_lines, read_table, table_delimiter
from crawler.seeds.lists.model import Listed, Note
from crawler.seeds.lists.objects import json_list_shape, listed_whole

_SIGNS = (b"contenttypeid", b"string(")
"""What a dump has: such a text is a page, whatever it looks like."""


class ListForm(NamedTuple):
    """How a text lists articles. ``detail``: the delimiter of a table, the shape of JSON."""

    kind: Literal["feed", "table", "lines", "json"]
    detail: str = ""


def list_form(head: bytes) -> ListForm | None:
    """Return how the text that begins with *head*, in UTF-8, lists articles; None if it does not.

    Raises ValueError for a list of something else than articles, which says what it is.
    """
    if any(sign in head for sign in _SIGNS):
        return None
    if is_feed(head):
        return ListForm("feed")
    if xml_root(head) == "opml":
        raise ValueError("not read: OPML lists feeds, not articles; give the URLs of the feeds")
    shape = json_list_shape(head)
    if shape is not None:
        return ListForm("json", shape)
    delimiter = table_delimiter(head)
    if delimiter is not None:
        return ListForm("table", delimiter)
    return ListForm("lines") if is_list_of_lines(head) else None


def read_list(
    form: ListForm,
    name: str,
    stream: IO[bytes],
    report: Callable[[SeedError], None],
    *,
    recoded: bool,
    max_bytes: int,
) -> Iterator[Listed]:
    """Yield what the list *name* in *stream* names; JSON only as a whole, which has at most *max_bytes*.

    *recoded*: the stream was converted to UTF-8, so an XML declaration does not hold. *report* receives what is wrong.
    """

    def note(message: str) -> None:
        report(SeedError(name, message))

    if form.kind == "feed":
        yield from read_feed(name, stream, note, recoded=recoded)
    elif form.kind == "table":
        yield from read_table(name, stream, form.detail, note)
    elif form.kind == "lines":
        yield from read_lines(name, stream)
    else:
        yield from _read_json(name, stream, note, max_bytes)


def _read_json(name: str, stream: IO[bytes], note: Note, max_bytes: int) -> Iterator[Listed]:
    raw = stream.read(max_bytes + 1)
    if len(raw) > max_bytes:
        note(f"not read: a JSON document of over {max_bytes} bytes; give JSON lines")
        return
    try:
        yield from listed_whole(raw, name)
    except ValueError as error:
        note(f"not JSON: {error}")
