"""The record as Arrow sees it: one fixed schema, whatever the records at hand hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

_UNFIT = (pa.ArrowException, OverflowError, TypeError, ValueError)

_IMAGE = pa.struct(
    [
        ("pic", pa.string()),
        ("url", pa.string()),
        ("status", pa.string()),
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("phash", pa.string()),
        ("bytes", pa.int64()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("media_type", pa.string()),
        ("reason", pa.string()),
    ]
)
_RELATED = pa.struct(
    [
        ("id", pa.string()),
        ("sort", pa.int64()),
        ("content_type", pa.int64()),
        ("pic", pa.string()),
        ("title", pa.string()),
        ("partial", pa.bool_()),
    ]
)
_ATTEMPT = pa.struct([("url", pa.string()), ("status", pa.int64()), ("reason", pa.string()), ("source", pa.string())])
_CAPTURE = pa.struct(
    [
        ("source", pa.string()),
        ("url", pa.string()),
        ("fetched", pa.string()),
        ("status", pa.int64()),
        ("warc_file", pa.string()),
        ("warc_offset", pa.int64()),
        ("archived", pa.string()),
        ("attempts", pa.list_(_ATTEMPT)),
        ("coding", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        ("schema", pa.int64()),
        ("key", pa.string()),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("site", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("kicker", pa.string()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("desk_code", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("published", pa.string()),
        ("published_utc", pa.timestamp("ms", tz="UTC")),
        ("published_from", pa.string()),
        ("images", pa.list_(_IMAGE)),
        ("related", pa.list_(_RELATED)),
        ("discovered_from", pa.list_(pa.string())),
        ("depth", pa.int64()),
        ("capture", _CAPTURE),
        ("version", pa.int64()),
        ("content_sha256", pa.string()),
        ("near_duplicate_of", pa.string()),
        ("similarity", pa.float64()),
        ("run", pa.string()),
        ("dateline", pa.string()),
        ("credit", pa.string()),
        ("duplicate_rule", pa.string()),
    ]
)
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
