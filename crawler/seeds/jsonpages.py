"""Pages in the JSON of corpora: which field is the text, the URL, the time; also JSON that is not strictly valid.

One table of names serves C4, mC4, OSCAR, Dolma, CCNet and RedPajama, HPLT, FineWeb, CulturaX, MADLAD, WACZ's lists of
pages and similar formats, in any order of keys and within other objects.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from crawler.seeds.model import Diagnosis
from crawler.text.charset import DecodedPage, decode_page

_TEXTS = (
    *("text", "raw_content", "content", "maintext", "main_text", "full_text", "raw_text", "article_text", "body_text"),
    *("plain_text", "page_content", "page_text", "article", "document", "body", "html", "raw_html", "page_html"),
    *("html_content", "page", "raw", "md", "articlebody", "markdown", "text_list", "texts", "paragraphs"),
)
_URLS = (
    *("url", "u", "uri", "warc_target_uri", "target_uri", "source_url", "page_url", "canonical_url", "original_url"),
    *("web_url", "document_url", "article_url", "requested_url", "final_url", "link", "href", "permalink", "source"),
    *("id", "doc_id"),
)
_TIMES = (
    *("timestamp", "ts", "warc_date", "date_download", "crawl_date", "crawl_timestamp", "fetch_time", "fetched"),
    *("crawled", "date_crawled", "crawl_time", "scraped_at", "retrieved", "date", "created", "publish_date"),
    *("date_publish", "published", "pub_date", "date_published", "published_date", "time", "added"),
)
_INNER = frozenset(
    (
        "meta",
        "metadata",
        "warc_headers",
        "headers",
        "warcinfo",
        "warc_metadata",
        "header",
        "info",
        "attributes",
        "extra",
    )
)
"""Objects of a record that hold facts of its page."""
_WRAPPERS = frozenset(
    ("row", "record", "doc", "document", "page", "item", "data", "_source", "_source_data", "article")
)
"""Objects of a record that hold the page itself."""
_FACT_RE = re.compile(rf'"({"|".join((*_URLS, *_TIMES))})"\s*:\s*"([^"\\]{{1,2000}})"')
"""A short field after a string whose end is unclear."""
_ADDRESS_RE = re.compile(r"(?:https?|ftp)://|//", re.IGNORECASE)
_MUST_BE_ADDRESS = frozenset(("source", "id", "doc_id", "u", "link", "href"))
_MAX_DEPTH = 4
_MAX_LITERAL_BYTES = 10_000
_MAX_NAMED_FIELDS = 20
_MAX_DIGITS = 20
_SIGNS = ("contenttypeid", "string(")
SPACE = b" \t\r\n\0\x1e,"
"""What may be between values: also the comma of a list, NULs after a crash, and the record separator of RFC 7464."""
_BOM = b"\xef\xbb\xbf"
_KEY_RE = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*+")\s*:\s*', re.DOTALL)
_BETWEEN_RE = re.compile(r"[\s,\x1e\0\ufeff]*")
_AFTER_VALUE_RE = re.compile(r"\s*(?:[,}]|$)")
_QUOTE_RE = re.compile(r'((?<!\\)(?:\\\\)*)"')
_ESCAPE_RE = re.compile(r'\\([nrt"/\\])')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/", "\\": "\\"}
_SURROGATES = tuple(rf"\u{d}{digit}" for d in "dD" for digit in "89abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class JsonPage:
    """The page that a JSON object holds; ``diagnoses`` say what is odd about the JSON."""

    text: str
    url: str | None
    timestamp: str | None
    diagnoses: tuple[Diagnosis, ...] = ()


class NoPage(ValueError):
    """JSON that holds no page, or data that is not JSON; the message says which."""


def parse_pages(raw: bytes) -> Iterator[JsonPage]:
    """Yield the pages of one JSON value, which may be cut off or not quite JSON; raises NoPage if there is none.

    An object is a page if it has a text; else each object of the lists in it is, as in ``{"rows": [{"row": ...}]}``.
    """
    values, notes = parse_json(raw)
    records = [record for value in values for record in _pages_in(value, _MAX_DEPTH)]
    if not records:
        raise NoPage(_without_text(values[0]))
    for record in records:
        page = page_of(record)
        if page is not None:
            doubled = _duplicate_keys(raw, record) if len(records) == 1 else ()
            yield replace(page, diagnoses=(*notes, *doubled, *page.diagnoses))


def parse_json(raw: bytes) -> tuple[Sequence[Any], Sequence[Diagnosis]]:
    """Return the values in *raw*, nearly always one, and their diagnoses; raises NoPage if it is not JSON."""
    notes: list[Diagnosis] = []
    stripped = raw.strip(SPACE)
    if stripped.startswith(_BOM):
        notes.append(Diagnosis("bom", 0, "a byte order mark stands at the beginning"))
        stripped = stripped.removeprefix(_BOM).strip(SPACE)
    try:
        return (orjson.loads(stripped),), notes
    except orjson.JSONDecodeError as strict:
        text = _decoded(stripped, notes)
        try:
            return (orjson.loads(text),), notes  # only the charset was wrong
        except orjson.JSONDecodeError:
            return _lenient(text, str(strict), notes), notes


def _decoded(data: bytes, notes: list[Diagnosis]) -> str:
    decoded = decode_page(data)
    notes += charset_diagnoses(decoded)
    return decoded.text


def charset_diagnoses(decoded: DecodedPage) -> list[Diagnosis]:
    """Return diagnoses of what was guessed and lost when a page was decoded."""
    notes = []
    if decoded.reason == "guessed":
        notes.append(Diagnosis("charset", 0, f"read as {decoded.name}, by its letters: nothing true declares it"))
    elif decoded.charset.startswith(("utf-16", "utf-32")):
        notes.append(Diagnosis("utf-16", 0, f"read as {decoded.name}"))
    if decoded.reason != "utf-8" and (lost := decoded.text.count("\ufffd")):
        place = len(decoded.text[: decoded.text.find("\ufffd")].encode("utf-8", "replace"))
        notes.append(Diagnosis("lost-bytes", place, f"{lost} letters lost: their bytes mean nothing in {decoded.name}"))
    return notes


def _lenient(text: str, complaint: str, notes: list[Diagnosis]) -> list[Any]:
    """Return the values in *text* by Python's own JSON parser, and the start of an object that is cut off."""
    constants: list[str] = []

    def constant(name: str) -> float:
        constants.append(name)
        return math.nan

    decoder = json.JSONDecoder(strict=False, parse_constant=constant, parse_int=_integer)
    values: list[Any] = []
    place, odd = 0, len(notes)
    while (start := _BETWEEN_RE.match(text, place)) and start.end() < len(text):
        try:
            value, place = decoder.raw_decode(text, start.end())
            values.append(value)
        except RecursionError as error:
            raise NoPage("nested too deeply") from error
        except json.JSONDecodeError:
            if beginning := _beginning(text[start.end() :], decoder):
                values.append(beginning)
                notes.append(
                    Diagnosis("cut-json", start.end(), f"cut off or broken, read as far as it goes: {complaint}")
                )
            elif values:
                notes.append(Diagnosis("garbage", start.end(), "what stands behind the object is no JSON"))
            break
    if not values or not any(isinstance(value, dict | list) for value in values):
        raise NoPage(f"not JSON ({complaint})")
    if constants:
        notes.append(Diagnosis("nan", 0, f"{constants[0]} is no JSON"))
    elif len(notes) == odd and len(values) == 1:
        lone = any(surrogate in text for surrogate in _SURROGATES)
        what = "half a surrogate pair" if lone else f"not strictly JSON: {complaint}"
        notes.append(Diagnosis("lone-surrogate" if lone else "loose-json", 0, what))
    return values


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _beginning(text: str, decoder: json.JSONDecoder, depth: int = _MAX_DEPTH) -> dict[str, Any]:
    """Return the readable fields of an object, including the string that is cut off or broken."""
    found: dict[str, Any] = {}
    place = int(text.startswith("{"))
    while place and (key := _KEY_RE.match(text, place)):
        name = json.loads(key[1], strict=False)
        start = key.end()
        try:
            found[name], place = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            if text.startswith('"', start):
                found[name] = _loose_string(text[start + 1 :])
            elif depth:
                found[name] = _beginning(text[start:], decoder, depth - 1)
            break
        if isinstance(found[name], str) and not _AFTER_VALUE_RE.match(text, place):
            found[name] = _loose_string(text[start + 1 :])  # a quote in it was not escaped
            for fact in _FACT_RE.finditer(text, place):
                found.setdefault(fact[1], fact[2])
            break
    return found


def _loose_string(text: str) -> str:
    """Return the text of a JSON string without a proper end: its escapes are decoded, its quotes stay."""
    try:
        return str(json.loads('"' + _QUOTE_RE.sub(r"\1" + '\\\\"', text.rstrip("\\")) + '"', strict=False))
    except json.JSONDecodeError:
        return _ESCAPE_RE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), text)


def _duplicate_keys(raw: bytes, record: Mapping[str, Any]) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for each relevant key of *record* that occurs twice in *raw*."""
    suspects = [key for key in record if raw.count(orjson.dumps(key)) > 1]
    if not suspects:
        return ()
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        doubled.extend(key for key in suspects if keys.count(key) > 1)
        return dict(items)

    try:
        json.JSONDecoder(strict=False, parse_int=_integer, object_pairs_hook=pairs).raw_decode(
            raw.decode("utf-8", "replace").lstrip("\ufeff \t\r\n\0\x1e")
        )
    except (ValueError, RecursionError):
        return ()
    return tuple(Diagnosis("duplicate-key", 0, f"{key!r} is given more than once: the last is read") for key in doubled)


def page_of(record: object) -> JsonPage | None:
    """Return the page that *record* holds, None if it has no text."""
    if not isinstance(record, dict):
        return None
    fields = _fields(record, _MAX_DEPTH)
    texts = [text for name in _TEXTS if name in fields and (text := _text(fields[name])) is not None]
    diagnoses: tuple[Diagnosis, ...] = ()
    telling = [text for text in texts if has_sign(text)]
    if not telling:
        for name, value in fields.items():
            if isinstance(value, str) and has_sign(value):
                telling = [value]
                diagnoses = (Diagnosis("text-field", 0, f"the dump is in the field {name!r}"),)
                break
    if not texts and not telling:
        return None
    return JsonPage((telling or texts)[0], _first(fields, _URLS), _first(fields, _TIMES), diagnoses)


def _fields(record: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Return the fields of *record*, then those of the objects in it, by name: lower case, ``_`` for ``-``."""
    found: dict[str, Any] = {}
    inner: list[Mapping[str, Any]] = []
    for key, raw in record.items():
        name = str(key).lower().replace("-", "_")
        value = _literal(raw) if name in _INNER and isinstance(raw, str) else raw
        if isinstance(value, dict):
            if depth and (name in _INNER or name in _WRAPPERS):
                inner.append(value)
            elif "$date" in value:  # MongoDB
                found.setdefault(name, value["$date"])
        elif value is not None:
            found.setdefault(name, value)
    for one in inner:
        for name, value in _fields(one, depth - 1).items():
            found.setdefault(name, value)
    return found


def _literal(text: str) -> Any:
    """Return the object that *text* represents in JSON or Python, else *text*."""
    if not text.startswith("{") or len(text) > _MAX_LITERAL_BYTES:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return None


def has_sign(text: str) -> bool:
    """Return whether *text* may hold a dump."""
    return any(sign in text for sign in _SIGNS)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Return the value of the first of *names* that is present, as text."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            if name not in _MUST_BE_ADDRESS or _ADDRESS_RE.match(value):
                return value.strip()
        elif isinstance(value, int | float) and not isinstance(value, bool) and name not in _MUST_BE_ADDRESS:
            return str(int(value)) if math.isfinite(value) else None
    return None


def _pages_in(value: object, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if page_of(value) is not None:
            yield value
        elif depth:
            for inner in value.values():
                if isinstance(inner, list):
                    yield from _pages_in(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for one in value:
            if isinstance(one, dict):
                yield from _pages_in(one, depth - 1)


def _without_text(value: object) -> str:
    if not isinstance(value, dict):
        return f"no object, but {'a list' if isinstance(value, list) else 'a single value'}"
    names = [repr(str(key)) for key in list(value)[:_MAX_NAMED_FIELDS]]
    more = f" and {len(value) - len(names)} more" if len(value) > len(names) else ""
    return f"no text: its fields are {', '.join(names)}{more}" if names else "an object without fields"
