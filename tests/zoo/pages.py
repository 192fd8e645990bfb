"""The pages in every file of the zoo, and the records that hold them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli

from crawler.zstd import zstd

IDS = (1793001, 1793002, 1793003, 1793004)
ODD = IDS[1]
"""The oddity is in the record of this page, or before it."""
DATE = "2016-02-27T10:11:12Z"
HOST = "http://en.alalam.ir/news/"
CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def page(number: int) -> bytes:
    """Return an article of some length, with a dump of two related articles."""
    listed = ",".join(
        f'{{"id":"{number - back}","sort":"{back}","contenttypeid":"1","pic":"","title":"Page {back}"}} '
        for back in (1, 2)
    )
    dump = f'string({len(listed) + 2}) "[{listed}]"'
    prose = "".join(
        f"<p>The gates of the dam at Sel were opened on day {day} after rain, the board said.</p>" for day in range(9)
    )
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>Dam {number}</title></head><body><h1>Dam {number}</h1>'
        f"<p>Sat Feb 27, 2016 13:41:12</p><div>{dump}</div><article>{prose}</article></body></html>"
    ).encode()


def http(body: bytes, *headers: str, start: str = "HTTP/1.1 200 OK", end: str = "\r\n") -> bytes:
    """Return an answer with *headers* and *body*, as a server might send it."""
    return end.join([start, "Content-Type: text/html; charset=utf-8", *headers, "", ""]).encode() + body


def chunked(body: bytes, size: int = 100, extension: bytes = b"") -> bytes:
    """Return *body* in chunks of *size* bytes."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n\r\n"


def record(
    number: int,
    block: bytes | None = None,
    *more: str,
    kind: str = "response",
    version: str = "WARC/1.0",
    date: str = DATE,
    url: str = "",
    length: int | None = None,
    end: str = "\r\n",
    trailer: bytes = b"\r\n\r\n",
    media_type: str = "application/http; msgtype=response",
    without: str = "",
) -> bytes:
    """Return a WARC record of the page *number*; *more* are further headers, *without* is the name of one left out."""
    if block is None:
        block = http(page(number))
    lines = [
        version,
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: {record_id(number)}",
        f"WARC-Date: {date}",
        f"WARC-Target-URI: {url or HOST + str(number)}",
        f"Content-Type: {media_type}",
        *more,
        f"Content-Length: {len(block) if length is None else length}",
    ]
    kept = [line for line in lines if not without or not line.startswith(f"{without}:")]
    return end.join([*kept, "", ""]).encode() + block + trailer


def record_id(number: int) -> str:
    """Return the id of the record of the page *number*."""
    return f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>"


def arc(number: int, block: bytes | None = None, version: int = 1, url: str = "") -> bytes:
    """Return an ARC record of the page *number*."""
    block = http(page(number), end="\n") if block is None else block
    url = url or f"{HOST}{number}"
    fields = "192.0.2.7 20160227101112 text/html" + (" 200 - - 0 x.arc" if version == 2 else "")
    return f"{url} {fields} {len(block)}\n".encode() + block + b"\n"


def arc_head(version: int = 1) -> bytes:
    """Return the first record of an ARC file."""
    block = f"{version} 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n\n".encode()
    fields = "0.0.0.0 20160227101112 text/plain" + (" 200 - - 0 x.arc" if version == 2 else "")
    return f"filedesc://x.arc {fields} {len(block)}\n".encode() + block + b"\n"
