"""Common Crawl's columnar index, made by tests in its own schema."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.warc.index import url_key

SCHEMA = pa.schema(
    [
        ("url_surtkey", pa.string()),
        ("url", pa.string()),
        ("url_host_name", pa.string()),
        ("url_host_tld", pa.string()),
        ("url_host_registered_domain", pa.string()),
        ("url_protocol", pa.string()),
        ("url_port", pa.int32()),
        ("url_path", pa.string()),
        ("url_query", pa.string()),
        ("fetch_time", pa.timestamp("ms")),
        ("fetch_status", pa.int16()),
        ("fetch_redirect", pa.string()),
        ("content_digest", pa.string()),
        ("content_mime_type", pa.string()),
        ("content_mime_detected", pa.string()),
        ("content_charset", pa.string()),
        ("content_languages", pa.string()),
        ("content_truncated", pa.string()),
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int32()),
        ("warc_record_length", pa.int32()),
        ("warc_segment", pa.string()),
    ]
)
"""https://github.com/commoncrawl/cc-index-table, as of 2018 and later."""
URLS = [
    "http://a.example/",
    "http://en.example.org/news/1",
    "https://www.example.org/",
    "http://example.org/news/2",
    "http://example.org/news/2",
    "http://example.org/missing",
    "http://example.organic/",
    "http://z.example/",
]
WARC = "crawl-data/CC-MAIN-2018-05/segments/1/warc/CC-MAIN-1.warc.gz"


def row(url: str, number: int) -> dict[str, Any]:
    values = dict.fromkeys(SCHEMA.names)
    values |= {
        "url_surtkey": url_key(url),
        "url": url,
        "fetch_time": datetime(2018, 1, 1 + number, 10, 11, 12),  # noqa: DTZ001 - the index has no zone: UTC
        "fetch_status": 404 if "missing" in url else 200,
        "content_digest": f"DIGEST{number}",
        "content_mime_type": "text/html; charset=utf-8",
        "content_mime_detected": "text/html",
        "warc_filename": WARC,
        "warc_record_offset": 100 * number,
        "warc_record_length": 90,
    }
    return values


def write_index(
    folder: Path, rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA, subset: str = "warc", group_rows: int = 2
) -> Path:
    """Write a file as the index has it: sorted, in small row groups, below the folders of its partition."""
    path = folder / "crawl=CC-MAIN-2018-05" / f"subset={subset}" / "part-00000.gz.parquet"
    path.parent.mkdir(parents=True)
    table = pa.Table.from_pylist(sorted(rows, key=lambda one: one["url_surtkey"]), schema)
    pq.write_table(table, path, row_group_size=group_rows, compression="gzip")
    return path
