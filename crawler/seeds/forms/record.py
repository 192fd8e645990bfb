"""From the keys and values of one record, of any form, to a related item."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson

from crawler.items import RelatedItem
from crawler.seeds.forms.tree import Branch, RecordList, find_records, strings_of_json

KEYS = ("id", "sort", "contenttypeid", "pic", "title")
MAX_NOTES = 200
MAX_RECORDS = 100_000
MAX_VALUE_CHARACTERS = 4_000
"""Limit on a title or a picture's path: a longer one is not a headline, and is cut."""

_ID_RE = re.compile(r"[0-9]{1,20}", re.ASCII)
_VALUES = itemgetter(*KEYS)
_SAFE_DIGITS = 18  # so many digits never exceed _LARGEST
_LARGEST = 2**63 - 1  # the largest integer of SQLite and most JSON readers
ESCAPE_RE = re.compile(rb"\\(?:[\"'\\/bfnrt]|u[0-9A-Fa-f]{4})")
_TWICE_RE = re.compile(r"\\(?:/|u[0-9A-Fa-f]{4})")
"""JSON that was escaped twice; no title or path has this by itself."""
_SURROGATE_RE = re.compile(r"[\ud800-\udfff]")

Value = str | int | None
"""A value that a form reads: text, a number, or None for a value without information."""


@dataclass(slots=True)
class Notes:
    """Collects diagnoses as (kind, byte position, message); above a limit it only counts them.

    A hostile page can have a million errors; the reader must not use memory for each.
    """

    entries: list[tuple[str, int, str]] = field(default_factory=list)
    dropped: int = 0

    def add(self, kind: str, position: int, message: str) -> None:
        if len(self.entries) < MAX_NOTES:
            self.entries.append((kind, position, message))
        else:
            self.dropped += 1

    def add_bad_length(self, position: int, length: bytes) -> None:
        """Note that a declared *length* is not a number that PHP prints: negative, or with other than ASCII digits."""
        shown = _shown(length.decode("utf-8", "replace"))
        self.add("bad-length", position, f"the declared length is not a number: {shown}")


@dataclass(slots=True)
class Reading:
    """The result of a form's reader: the records, the end of the dump, and whether it was cut there.

    Positions are byte offsets into the data that was read. ``payload`` is the span that a declared length counts.
    ``proved`` says that each value has the length that was declared for it, so that its text is certain.
    ``foreign``: it holds neither a list of records nor an empty list; ``single``: all of it is one record.
    ``at_end``: it was understood up to the end of the text.
    ``inner`` is the start of the first string in it that is itself a serialized array.
    """

    end: int
    payload: tuple[int, int]
    truncated: bool = False
    proved: bool = False
    items: list[RelatedItem] = field(default_factory=list)
    foreign: bool = False
    single: bool = False
    at_end: bool = False
    inner: int | None = None

    def collect(self, tree: Any, notes: Notes, *, escaped: bool = False) -> None:
        """Add the records of *tree*, the result of a form or of a JSON parser.

        If its strings are *escaped*, JSON in strings is parsed, too; otherwise the search finds such JSON itself.
        """
        found = find_records(tree)
        if not found and escaped:
            found = [one for inner in strings_of_json(tree) for one in find_records(inner)]
        if not found and (isinstance(tree, list) or not any(map(str, tree)) or all(str(key).isdigit() for key in tree)):
            values = tree if isinstance(tree, list) else list(tree.values())
            single = [record for record in values if isinstance(record, dict)]
            if len(single) == len(values) and all(
                not record or not record.keys().isdisjoint(KEYS) for record in single
            ):
                found = [RecordList(tree, single)]
        self.foreign = not found
        self.single = any(one.holder is one.records[0] for one in found if one.records)
        for holder, records in found:
            before = len(self.items)
            for record in records:
                if len(self.items) >= MAX_RECORDS:
                    notes.add("too-many", self.end, f"more than {MAX_RECORDS} records: the rest is skipped")
                    return
                at, partial = getattr(record, "at", self.payload[0]), getattr(record, "partial", False)
                self.keep({str(key): _plain(value) for key, value in record.items()}, at, notes, partial=partial)
            if isinstance(holder, Branch) and holder.count is not None and not self.truncated and not self.single:
                whole = sum(not item.partial for item in self.items[before:])
                if holder.count != whole:
                    notes.add("count", holder.at, f"{whole} records, and {holder.count} are declared")

    def keep(self, fields: Mapping[str, Value], position: int, notes: Notes, *, partial: bool) -> None:
        """Add the record at *position* with its *fields*; *partial* says that it breaks off."""
        if partial:
            left = (
                "the record is cut: what is left of it is kept" if "id" in fields else "a record is cut before its id"
            )
            notes.add("cut-record", position, left)
        item = build_item(fields, position, notes, partial=partial)
        if item is not None:
            self.items.append(item)


def _plain(value: Any) -> Value:
    """Return *value* if it is text or a whole number; None for any other value."""
    return value if type(value) in (str, int) else None


def build_clean_items(records: Sequence[Mapping[str, Any]]) -> list[RelatedItem] | None:
    """Return the related items of *records* if none of them needs a diagnosis, else None.

    This is the fast path for nearly every list of correct JSON; :func:`build_item` handles the others. It works by
    columns, so that nearly all of it runs in C. The text must come without escapes: then it holds neither NUL nor half
    a surrogate pair, which JSON allows only as escapes.
    """
    try:
        numbers, sorts, kinds, pics, titles = zip(*map(_VALUES, records), strict=True)
        counts = numbers + sorts + kinds
        digits = "".join(counts)
        texts = tuple(map(str.strip, pics + titles))
    except (KeyError, TypeError, ValueError):  # a key is missing, a value is not text, or there is no record
        return None
    clean = (
        digits.isascii()
        and digits.isdigit()
        and all(counts)
        and all(texts)
        and max(set(map(len, counts))) <= _SAFE_DIGITS
        and (len("".join(texts)) <= MAX_VALUE_CHARACTERS or max(map(len, texts)) <= MAX_VALUE_CHARACTERS)
        and set(map(len, records)) == {len(KEYS)}
    )
    if not clean:
        return None
    is_one_kind = kinds.count(kinds[0]) == len(kinds)  # as nearly always
    types = repeat(int(kinds[0])) if is_one_kind else map(int, kinds)
    return list(map(RelatedItem, numbers, map(int, sorts), types, texts, texts[len(records) :]))


def clean_text(value: str) -> str:
    """Return *value* without NUL, lone surrogates (each becomes U+FFFD) and outer white space."""
    if value.isprintable():  # the usual case: neither NUL nor surrogate is printable
        return value.strip()
    return _SURROGATE_RE.sub("\ufffd", value.replace("\0", "")).strip()


def unescape(raw: bytes) -> str:
    """Return the text of a JSON string's content; escapes that JSON does not know stay unchanged."""
    try:
        return str(orjson.loads(b'"' + raw + b'"'))
    except orjson.JSONDecodeError:
        return ESCAPE_RE.sub(_unescape_one, raw).decode("utf-8", "replace")


def _unescape_one(match: re.Match[bytes]) -> bytes:
    if match[0] == b"\\'":
        return b"'"
    try:
        return str(orjson.loads(b'"' + match[0] + b'"')).encode()
    except orjson.JSONDecodeError:  # one half of a surrogate pair
        return "\ufffd".encode()


def build_item(
    fields: Mapping[str, Value], position: int, notes: Notes, *, partial: bool = False
) -> RelatedItem | None:
    """Return the related item that *fields* describe, None if they give no usable id.

    *position* is the place of the record, for its diagnoses.
    """
    number = fields.get("id")
    article_id = str(number) if isinstance(number, int) else (number or "").strip()
    if not _ID_RE.fullmatch(article_id):
        if not (partial and "id" not in fields):
            notes.add("bad-id", position, f"record skipped: {_shown(number)} is not an id of 1 to 20 digits")
        return None
    if fields.keys() != set(KEYS):
        _note_keys(fields, position, notes, partial=partial)
    pic, title = _text("pic", fields, position, notes), _text("title", fields, position, notes)
    return RelatedItem(
        id=article_id,
        sort=_integer("sort", fields, position, notes),
        content_type=_integer("contenttypeid", fields, position, notes),
        pic=pic,
        title=title,
        partial=partial,
    )


def _text(key: str, fields: Mapping[str, Value], position: int, notes: Notes) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    text = clean_text(str(value))
    if "\\" in text and _TWICE_RE.search(text):
        text = clean_text(unescape(text.encode("utf-8", "replace")))
    if len(text) > MAX_VALUE_CHARACTERS:
        kept = f"the first {MAX_VALUE_CHARACTERS:,} are kept"
        notes.add("long-value", position, f"the {key} of the record has {len(text):,} characters: {kept}")
        text = text[:MAX_VALUE_CHARACTERS].rstrip()
    return text or None


def _integer(key: str, fields: Mapping[str, Value], position: int, notes: Notes) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    text = str(value).strip()
    if _ID_RE.fullmatch(text) and (number := int(text)) <= _LARGEST:
        return number
    if text:
        notes.add("bad-number", position, f"{key} of the record is not a number: {_shown(value)}")
    return None


def _note_keys(fields: Mapping[str, Value], position: int, notes: Notes, *, partial: bool) -> None:
    missing = [key for key in KEYS if key not in fields]
    if missing and not partial:
        notes.add("missing-key", position, f"the record has no {', '.join(missing)}")
    foreign = [key for key in fields if key not in KEYS]
    if foreign:
        notes.add("foreign-key", position, f"the record has a key that is not ours: {_shown(foreign[0])}")


def _shown(value: Value) -> str:
    """Return *value* shortened and escaped for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line of a terminal
