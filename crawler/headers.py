"""A header of a response, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.http import Response


def header(response: Response, name: str) -> str | None:
    """Return the header *name* of *response*, the first if there are more; bytes beyond ASCII are read as Latin-1."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
