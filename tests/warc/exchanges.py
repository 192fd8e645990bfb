"""Exchanges to write."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crawler.warc import Exchange

PAGE = b"<!DOCTYPE html><title>News</title><p>A paragraph about the harbour.</p>"
EXCHANGE = Exchange(
    url="http://127.0.0.1:8765/news/1445001?page=1",
    date=datetime(2026, 11, 22, 12, 30, 15, 123456, UTC),
    request_headers=(("User-Agent", "gleaner"), ("Accept-Encoding", "gzip, br")),
    status=200,
    headers=(("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))),
    body=PAGE,
    ip="127.0.0.1",
)


def exchange(**changes: Any) -> Exchange:
    """Return an exchange that differs from the usual one in *changes*."""
    return replace(EXCHANGE, **changes)
