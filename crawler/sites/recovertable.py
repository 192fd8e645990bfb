"""Reads the table ``[recover]`` of a profile; each error says which key is wrong, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crawler.net import url_origin
from crawler.sites.recovery import (
    CAPTURES_PER_MINUTE,
    CDX_PER_MINUTE,
    COMMONCRAWL,
    SISTERS,
    WAYBACK,
    WebArchive,
    wayback_archive,
)

_ARCHIVE_NAME_RE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_COLLECTION_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_FIELD_RE = re.compile(r"\{[^{}]*\}|[{}]")
_RESERVED_NAMES = frozenset({"origin", "seed", "warc", COMMONCRAWL, SISTERS})
_INDEX_ENDS = ("-cdx", "-index")
"""Ends of the names of services, so that no archive has the name of another's service."""
_WHOLE_NUMBERS = frozenset({"nearest"})
_ARCHIVE_NUMBERS = frozenset({"cdx_per_minute", "captures_per_minute"})
_MAX_NUMBER = 1_000_000

RECOVER_NUMBERS = frozenset({"nearest", "commoncrawl_per_minute", "patience", "captures_per_minute"})
RECOVER_KEYS = frozenset(
    {"article_urls", "image_urls", "flat_image_urls", "wayback", "cdx", "cdx_per_minute", "archives", "commoncrawl"}
    | {"commoncrawl_data", "collections", "steps", *RECOVER_NUMBERS}
)
ARCHIVE_KEYS = frozenset({"name", "cdx", "replay", "timemap", *_ARCHIVE_NUMBERS})


def read_archives(table: Mapping[str, Any]) -> tuple[WebArchive, ...]:
    """Return the archives in the table ``[recover]``: that of ``wayback`` first, then ``[[recover.archives]]``.

    Raises ValueError, which names the key.
    """
    budgets = {name: read_number(table, name) for name in _ARCHIVE_NUMBERS if name in table}
    wayback, cdx = read_base(table, "wayback"), read_base(table, "cdx")
    if cdx and not wayback:
        raise ValueError("'recover.cdx' is the CDX server of 'recover.wayback', which is missing")
    found = [wayback_archive(wayback, cdx, *_rates(budgets))] if wayback else []
    listed = table.get("archives", [])
    if not isinstance(listed, list):
        raise ValueError("'recover.archives' must be tables [[recover.archives]]")
    for number, one in enumerate(listed, start=1):
        archive = _archive(one, f"recover.archives[{number}]", budgets)
        if any(archive.name == other.name for other in found):
            raise ValueError(f"'recover.archives[{number}].name': there are two archives {archive.name!r}")
        found.append(archive)
    return tuple(found)


def read_steps(table: Mapping[str, Any], archives: tuple[WebArchive, ...]) -> tuple[str, ...]:
    """Return the steps in the table ``[recover]``; without the key, sister hosts, the archives, then Common Crawl."""
    names = [archive.name for archive in archives]
    value = table.get("steps")
    if value is None:
        return (SISTERS, *names, COMMONCRAWL)
    known = [SISTERS, *dict.fromkeys([WAYBACK, *names]), COMMONCRAWL]
    is_list = isinstance(value, list) and all(isinstance(step, str) and step in known for step in value)
    if not is_list or len(set(value)) != len(value):
        raise ValueError(f"'recover.steps' must be a list of {', '.join(known)}, each once at most")
    return tuple(value)


def read_base(table: Mapping[str, Any], key: str, within: str = "recover") -> str | None:
    """Return the URL at *key*, without a slash at its end. Raises ValueError."""
    value = _text(table, key, within)
    if value is not None and (url_origin(value) is None or "?" in value or "#" in value):
        raise ValueError(f"'{within}.{key}': {value!r} is not a plain http(s) URL")
    return value and value.rstrip("/")


def read_number(table: Mapping[str, Any], key: str, within: str = "recover") -> Any:
    """Return the number above 0 at *key*. Raises ValueError."""
    value = table[key]
    whole = isinstance(value, int) and not isinstance(value, bool)
    is_number = whole or (key not in _WHOLE_NUMBERS and isinstance(value, float) and math.isfinite(value))
    if not is_number or not 0 < value <= _MAX_NUMBER:
        raise ValueError(f"'{within}.{key}' must be a number above 0, not {value!r}")
    return value


def read_names(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the names of collections at *key*. Raises ValueError."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and _COLLECTION_RE.fullmatch(one) for one in value):
        raise ValueError(f"'recover.{key}' must be a list of names such as CC-MAIN-2016-07")
    return tuple(value)


def _archive(table: Any, within: str, budgets: Mapping[str, float]) -> WebArchive:
    if not isinstance(table, dict):
        raise ValueError(f"'{within}' must be a table [[recover.archives]]")
    if unknown := sorted(table.keys() - ARCHIVE_KEYS):
        raise ValueError(f"'{within}' has no key {unknown[0]!r} (known: {', '.join(sorted(ARCHIVE_KEYS))})")
    name = _name(table, within)
    replay = _template(table, "replay", within, ("{timestamp}", "{url}"))
    if replay is None:
        raise ValueError(
            f"'{within}.replay' is missing (such as \"https://arquivo.pt/wayback/{{timestamp}}id_/{{url}}\")"
        )
    if not replay.endswith("{url}") or replay.index("{timestamp}") > replay.index("{url}"):
        raise ValueError(f"'{within}.replay': {replay!r} must have {{url}} at its end, after {{timestamp}}")
    own = {key: read_number(table, key, within) for key in _ARCHIVE_NUMBERS if key in table}
    cdx_per_minute, captures_per_minute = _rates({**budgets, **own})
    return WebArchive(
        name=name,
        cdx=read_base(table, "cdx", within),
        replay=replay,
        timemap=_template(table, "timemap", within, ("{url}",)),
        cdx_per_minute=cdx_per_minute,
        captures_per_minute=captures_per_minute,
    )


def _name(table: Mapping[str, Any], within: str) -> str:
    name = _text(table, "name", within)
    if name is None or not _ARCHIVE_NAME_RE.fullmatch(name):
        raise ValueError(f"'{within}.name' must be 1 to 64 of a-z, 0-9, - and _")
    if name in _RESERVED_NAMES or name.endswith(_INDEX_ENDS):
        taken = f"{', '.join(sorted(_RESERVED_NAMES))}, and names that end with {' or '.join(_INDEX_ENDS)}, are taken"
        raise ValueError(f"'{within}.name' must not be {name!r} ({taken})")
    return name


def _template(table: Mapping[str, Any], key: str, within: str, fields: tuple[str, ...]) -> str | None:
    value = _text(table, key, within)
    if value is None:
        return None
    if sorted(_FIELD_RE.findall(value)) != sorted(fields):
        raise ValueError(f"'{within}.{key}': {value!r} must hold {' and '.join(fields)}, each once")
    if url_origin(value) is None or "{" in urlsplit(value).netloc or "#" in value:
        raise ValueError(f"'{within}.{key}': {value!r} is not a plain http(s) URL")
    return value


def _text(table: Mapping[str, Any], key: str, within: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{within}.{key}' must be a string")
    return value


def _rates(budgets: Mapping[str, float]) -> tuple[float, float]:
    return budgets.get("cdx_per_minute", CDX_PER_MINUTE), budgets.get("captures_per_minute", CAPTURES_PER_MINUTE)
