# ruff: noqa: RUF001 - the site used typographic quotes
"""Writes lists of records in every form that a dump has been met in, as PHP and the site wrote them."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence

from crawler.items import RelatedItem

Record = tuple[str, str, str, str, str]
KEYS = ("id", "sort", "contenttypeid", "pic", "title")

RECORDS: list[Record] = [
    ("1793356", "3503265", "21", "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg", "Russia Targets: Moscow"),
    ("1793883", "3503266", "21", "/2016/02/28/alalam_635922612650976099_25f_4x3.mp4", "Militants’ Positions – Aleppo"),
    ("1793911", "3503267", "21", "150994162047493000.jpg", "City's & Bravo"),
]


def item(record: Record, **changes: object) -> RelatedItem:
    number, sort, kind, pic, title = record
    fields = {"id": number, "sort": int(sort), "content_type": int(kind), "pic": pic, "title": title.strip() or None}
    return RelatedItem(**fields | changes)  # type: ignore[arg-type]


def items(records: Sequence[Record]) -> tuple[RelatedItem, ...]:
    return tuple(item(record) for record in records)


def size(text: str) -> int:
    return len(text.encode())


def payload(records: Sequence[Record]) -> str:
    """The JSON list as the site built it by hand: nothing is escaped."""
    listed = (
        "{" + ",".join(f'"{key}":"{value}"' for key, value in zip(KEYS, record, strict=True)) + "}"
        for record in records
    )
    return "[" + " ,".join(listed) + " ]"


def json_string(records: Sequence[Record], declared: int | None = None) -> str:
    text = payload(records)
    return f'string({size(text) if declared is None else declared}) "{text}"'


def escaped_json(records: Sequence[Record]) -> str:
    return json.dumps([dict(zip(KEYS, record, strict=True)) for record in records])


def escaped_json_string(records: Sequence[Record]) -> str:
    text = json.dumps([dict(zip(KEYS, record, strict=True)) for record in records], ensure_ascii=False)
    return f'string({size(text)}) "{text}"'


def var_dump(records: Sequence[Record]) -> str:
    lines = [f"array({len(records)}) {{"]
    for number, record in enumerate(records):
        lines += [f"  [{number}]=>", "  array(5) {"]
        for key, value in zip(KEYS, record, strict=True):
            lines += [f'    ["{key}"]=>', f'    string({size(value)}) "{value}"']
        lines.append("  }")
    return "\n".join([*lines, "}"])


def var_dump_folded(records: Sequence[Record]) -> str:
    listed = (
        f"[{number}]=> array(5) {{ "
        + " ".join(f'["{key}"]=> string({size(value)}) "{value}"' for key, value in zip(KEYS, record, strict=True))
        + " }"
        for number, record in enumerate(records)
    )
    return f"array({len(records)}) {{ " + " ".join(listed) + " }"


def xdebug(records: Sequence[Record]) -> str:
    lines = [f"array (size={len(records)})"]
    for number, record in enumerate(records):
        lines += [f"  {number} => ", "    array (size=5)"]
        lines += [
            f"      '{key}' => string '{value}' (length={size(value)})" for key, value in zip(KEYS, record, strict=True)
        ]
    return "\n".join(lines)


def xdebug_html(records: Sequence[Record]) -> str:
    arrow = "<font color='#888a85'>=&gt;</font>"
    lines = [f"<pre class='xdebug-var-dump' dir='ltr'>\n<b>array</b> <i>(size={len(records)})</i>"]
    for number, record in enumerate(records):
        lines += [f"  {number} {arrow} ", "    <b>array</b> <i>(size=5)</i>"]
        lines += [
            f"      '{key}' {arrow} <small>string</small> <font color='#cc0000'>'{html.escape(value)}'</font>"
            f" <i>(length={size(value)})</i>"
            for key, value in zip(KEYS, record, strict=True)
        ]
    return "\n".join([*lines, "</pre>"])


def print_r(records: Sequence[Record]) -> str:
    lines = ["Array", "("]
    for number, record in enumerate(records):
        lines += [f"    [{number}] => Array", "        ("]
        lines += [f"            [{key}] => {value}" for key, value in zip(KEYS, record, strict=True)]
        lines += ["        )", ""]
    return "\n".join([*lines, ")"])


def print_r_folded(records: Sequence[Record]) -> str:
    return " ".join(print_r(records).split())


def var_export(records: Sequence[Record]) -> str:
    lines = ["array ("]
    for number, record in enumerate(records):
        lines += [f"  {number} => ", "  array ("]
        for key, value in zip(KEYS, record, strict=True):
            escaped = value.replace("\\", "\\\\").replace("'", "\\'")
            lines.append(f"    '{key}' => '{escaped}',")
        lines.append("  ),")
    return "\n".join([*lines, ")"])


def serialized(records: Sequence[Record]) -> str:
    listed = (
        f"i:{number};a:5:{{"
        + "".join(f's:{size(key)}:"{key}";s:{size(value)}:"{value}";' for key, value in zip(KEYS, record, strict=True))
        + "}"
        for number, record in enumerate(records)
    )
    return f"a:{len(records)}:{{" + "".join(listed) + "}"


def serialized_string(records: Sequence[Record]) -> str:
    text = serialized(records)
    return f'string({size(text)}) "{text}"'


FORMS: dict[str, Callable[[Sequence[Record]], str]] = {
    "json-string": json_string,
    "json-string, escaped": escaped_json_string,
    "json": payload,
    "json, escaped": escaped_json,
    "var_dump": var_dump,
    "var_dump, folded": var_dump_folded,
    "xdebug": xdebug,
    "xdebug, html": xdebug_html,
    "print_r": print_r,
    "print_r, folded": print_r_folded,
    "var_export": var_export,
    "serialize": serialized,
    "serialize in a string": serialized_string,
}
