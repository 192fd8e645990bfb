"""A CDX server for tests, in the dialects of the real ones, with their flaws."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from urllib.parse import parse_qs, quote_plus, unquote_plus, urlsplit

from crawler.warc.index import url_key

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
Row = tuple[str, str, str]
"""Key, time and URL."""


def rows_of(urls: list[str], captures: int = 3) -> list[Row]:
    """Return some captures of each of *urls*, a day and more apart, sorted as in an index."""
    moments = (BEGIN + timedelta(hours=29 * number) for number in range(len(urls) * captures))
    return sorted((url_key(url), f"{next(moments):%Y%m%d%H%M%S}", url) for _ in range(captures) for url in urls)


@dataclass
class CdxServer:
    """Answers the URL of a request with a status and a body.

    ``resumes``: it has resume keys; ``decodes`` how often it decodes one too often; ``scans`` how many rows it looks at
    before it gives up. ``page_rows``: it has pages of so many rows; ``says_pages`` is the number that it claims.
    ``caps``: it never gives more rows. ``reads_time``: it heeds ``from`` and ``to``.
    """

    rows: list[Row]
    resumes: bool = False
    decodes: int = 0
    scans: int | None = None
    page_rows: int | None = None
    says_pages: int | None = None
    caps: int | None = None
    reads_time: bool = True
    bang: bool = True
    asked: list[str] = field(default_factory=list)

    def answer(self, url: str) -> tuple[int, bytes]:
        """Return the answer to *url*."""
        self.asked.append(url)
        raw = {name: values[-1] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
        if "showNumPages" in raw and self.page_rows is not None:
            pages = -(-len(self.rows) // self.page_rows)
            return 200, f"{pages if self.says_pages is None else self.says_pages}\n".encode()
        if "page" in raw and self.page_rows is not None:
            at = int(raw["page"]) * self.page_rows
            if at >= len(self.rows):
                return 400, b'{"message": "Page invalid"}'
            return 200, self._text(self._in_time(self.rows[at : at + self.page_rows], raw))
        return self._unpaged(raw)

    def _unpaged(self, raw: dict[str, str]) -> tuple[int, bytes]:
        limit = min(int(raw.get("limit", 10**9)), self.caps or 10**9)
        rows = self.rows
        if self.resumes and "resumeKey" in raw:
            key = raw["resumeKey"]
            for _ in range(self.decodes):
                key = unquote_plus(key)
            rows = [row for row in rows if f"{row[0]} {row[1]} {row[2]}".encode() >= key.encode()]
        looked_at = rows if self.scans is None else rows[: self.scans]
        found = self._in_time(looked_at, raw)
        text = self._text(found[:limit])
        if self.resumes and len(found) > limit:
            last = found[limit - 1]
            key = f"{last[0]} {last[1]}!" if self.bang else f"{last[0]} {int(last[1]) + 1}"
            text += b"\n" + quote_plus(key).encode() + b"\n"
        return 200, text

    def _in_time(self, rows: list[Row], raw: dict[str, str]) -> list[Row]:
        if not self.reads_time:
            return rows
        begin, end = raw.get("from", "0"), raw.get("to", "9")
        return [row for row in rows if begin <= row[1] <= end]

    def _text(self, rows: list[Row]) -> bytes:
        return "".join(
            f"{key} {when} {url} text/html 200 {sha1(f'{url}{when}'.encode()).hexdigest()} 9\n"
            for key, when, url in rows
        ).encode()
