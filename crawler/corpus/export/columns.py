"""The Arrow schema of a record: fixed, independent of the data."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import orjson
import pyarrow as pa

from crawler.jsonl import CHECKSUM_FIELD

_UNFIT = (pa.ArrowException, OverflowError, TypeError, ValueError)

_TYPES = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_TYPES_OF_VALUES = {str: "string", int: "integer"}
_INSTANT = pa.field("published_utc", pa.timestamp("ms", tz="UTC"))


def _schema() -> pa.Schema:
    """Return what ``crawler/schema.json`` says of a record, but for the checksum of its line."""
    record = orjson.loads(files("crawler").joinpath("schema.json").read_bytes())
    fields = [pa.field(name, _type(of, record["$defs"])) for name, of in record["properties"].items()]
    fields = [field for field in fields if field.name != CHECKSUM_FIELD]
    after = 1 + next(number for number, field in enumerate(fields) if field.name == "published")
    return pa.schema([*fields[:after], _INSTANT, *fields[after:]])


def _type(of: dict[str, Any], definitions: dict[str, Any]) -> pa.DataType:
    """Return the type of a value that JSON Schema describes by *of*."""
    if reference := of.get("$ref"):
        return _type(definitions[reference.rpartition("/")[2]], definitions)
    names = of["type"] if "type" in of else _TYPES_OF_VALUES[type(of["const"] if "const" in of else of["enum"][0])]
    name = names if isinstance(names, str) else next(name for name in names if name != "null")
    if name == "array":
        return pa.list_(_type(of["items"], definitions))
    if name == "object":
        return pa.struct([(key, _type(value, definitions)) for key, value in of["properties"].items()])
    return _TYPES[name]


SCHEMA = _schema()
"""The fields of the record in their order, and after ``published`` the same instant as a timestamp, which sorts."""


def batch(records: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return *records* as one batch, without those whose values no line of a corpus may have."""
    for record in records:
        record["published_utc"] = _instant(record.get("published"))
    try:
        return _batch(records)
    except _UNFIT:
        return _batch([record for record in records if _fits(record)])


def _batch(records: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(records, schema=SCHEMA)


def _fits(record: dict[str, Any]) -> bool:
    try:
        _batch([record])
    except _UNFIT:
        return False
    return True


def _instant(published: object) -> datetime | None:
    try:
        return datetime.fromisoformat(published).astimezone(UTC) if isinstance(published, str) else None
    except (ValueError, OverflowError):
        return None
