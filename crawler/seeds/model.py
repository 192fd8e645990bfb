"""What the reader returns: a page, its dumps, their records, and all diagnoses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from crawler.items import RelatedItem

Form = Literal["json-string", "json", "var_dump", "xdebug", "print_r", "var_export", "serialize"]
LengthVerdict = Literal["exact", "short", "long", "truncated"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One deviation from a clean page or dump.

    ``kind`` is a short name for programs (docs/seeds.md lists them all), ``offset`` counts bytes of the page's
    text in UTF-8, and ``message`` is for people.
    """

    kind: str
    offset: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """One leaked list of related articles.

    ``offset`` and ``end`` are byte offsets in the page's text (UTF-8), from the first byte of the dump to the one after
    its last. ``declared_length`` is the number of bytes that PHP said the payload has, ``actual_length`` what it has
    here; both None for forms without a declared length. ``length_verdict`` compares them; ``truncated`` also applies to
    forms without a declared length, and None means a whole dump of such a form. ``encoding`` names the decoding that
    the declared length confirmed.
    """

    form: Form
    offset: int
    end: int
    declared_length: int | None = None
    actual_length: int | None = None
    length_verdict: LengthVerdict | None = None
    encoding: str = "utf-8"
    related: tuple[RelatedItem, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()

    @property
    def short_by(self) -> int | None:
        """How many bytes the payload lacks of its declared length; negative if it is longer, None if unknown."""
        if self.declared_length is None or self.actual_length is None:
            return None
        return self.declared_length - self.actual_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The parts of one news page.

    ``published`` has a time zone, the one given to the reader. ``paragraphs`` are the body without title, date
    line, credits, dateline, desk code and dumps. ``diagnoses`` are about the page; each dump has its own.
    """

    title: str | None = None
    kicker: str | None = None
    published: datetime | None = None
    dateline: str | None = None
    credits: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    desk_code: str | None = None
    dumps: tuple[Dump, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPage:
    """A page and where it was found.

    ``source`` is the path as given (or found under a given one), with bytes that are not UTF-8 escaped, or ``-`` for
    standard input. ``offset`` counts bytes in the decompressed file; ``line`` is the number of the line in a file of
    JSON lines, from 1. ``url`` and ``timestamp`` come from the container, unchecked.
    """

    source: str
    offset: int = 0
    line: int | None = None
    url: str | None = None
    timestamp: str | None = None
    text: str
    page: Page

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text in UTF-8, in hex: for a plain UTF-8 file, that of its bytes."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
