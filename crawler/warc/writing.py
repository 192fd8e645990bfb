"""Records of WARC/1.1, each a gzip member, made by warcio, the writer with which other tools are tested.

An exchange becomes a ``response`` and a ``request``, concurrent to each other. A response whose payload is already
stored becomes a ``revisit`` of the profile *identical-payload-digest*: its headers without its body; a 304 one of
*server-not-modified*, without either. Digests are ``sha1:`` in Base32, the form that CDX indexes and replay tools look
up.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha1
from http import HTTPStatus
from io import BytesIO
from typing import IO, NamedTuple
from uuid import uuid4
from zlib import MAX_WBITS

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.warc.exchange import Exchange, HttpBlock, request_block, response_block, target_uri
from crawler.warc.payload import identify_payload
from crawler.warc.reading import Record, parse_record

try:
    from zlib_ng.zlib_ng import compress  # the extra "fast": files of the same size in half the time
except ImportError:
    from zlib import compress

VERSION = "WARC/1.1"
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
_COMPRESSION_LEVEL = 6
"""warcio's default of 9 takes a seventh more time in total, for 0.7 % fewer bytes (benchmarks/warc.py)."""
_PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
SAME_PAYLOAD, NOT_MODIFIED = f"{_PROFILES}identical-payload-digest", f"{_PROFILES}server-not-modified"


class Original(NamedTuple):
    """The response that a revisit refers to: its record id, URL and WARC-Date; for a 304 also its payload's digest."""

    record_id: str
    url: str
    date: str
    digest: str | None = None


class Encoded(NamedTuple):
    """An exchange as gzip members, to be written to a file one after the other: first the response.

    ``record`` is the response as a reader finds it at the start of a file. The index is made from it, never from the
    exchange, which may differ from what is written.
    """

    record: Record
    response: bytes
    request: bytes

    @property
    def record_id(self) -> str:
        """The id of the response."""
        return self.record.headers["warc-record-id"]

    @property
    def data(self) -> bytes:
        """Both members."""
        return self.response + self.request


def new_record_id() -> str:
    """Return an id that no other record has."""
    return f"<urn:uuid:{uuid4()}>"


def payload_digest(body: bytes) -> str:
    """Return the labelled digest of *body*.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()


def encode_warcinfo(filename: str, facts: Mapping[str, str], *, record_id: str, date: datetime) -> bytes:
    r"""Return the first record of the file *filename*: how it was made, with *facts* (names of warc-fields).

    >>> import gzip
    >>> record = encode_warcinfo("a.warc.gz", {"operator": "A N"}, record_id=new_record_id(), date=datetime.now(UTC))
    >>> b"operator: A N\r\n" in gzip.decompress(record)
    True
    """
    fields = {"format": "WARC File Format 1.1", "conformsTo": CONFORMS_TO, **facts}
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in fields.items() if value).encode()
    headers = {"WARC-Filename": filename, "Content-Type": "application/warc-fields"}
    return _compressed(_encode("warcinfo", None, record_id, _date(date), headers, None, block))


def encode_exchange(exchange: Exchange, warcinfo_id: str | None, original: Original | None = None) -> Encoded:
    """Return *exchange* as records; with an *original*, its response as a revisit of it.

    *original* is a response with the same payload; or, for a 304, the one that the server says is still the answer.

    >>> from crawler.warc import Exchange
    >>> exchange = Exchange(url="http://127.0.0.1/news/7", date=datetime.now(UTC), status=200, body=b"A page")
    >>> encode_exchange(exchange, None).record.kind
    'response'
    """
    response_id = new_record_id()
    shared = {"WARC-Warcinfo-ID": warcinfo_id} if warcinfo_id else {}
    if exchange.ip:
        shared["WARC-IP-Address"] = exchange.ip
    data = _response(exchange, response_id, shared, original)
    response = _compressed(data)
    request = _compressed(_request(exchange, response_id, shared))
    return Encoded(parse_record(data, 0, len(response)), response, request)


def write_warc(stream: IO[bytes], exchanges: Iterable[Exchange], filename: str, facts: Mapping[str, str]) -> None:
    r"""Write a whole WARC file of *exchanges* to *stream*, to make one outside of a corpus.

    >>> from crawler.warc import Exchange
    >>> exchange = Exchange(url="http://127.0.0.1/news/7", date=datetime.now(UTC), status=200, body=b"A page")
    >>> stream = BytesIO()
    >>> write_warc(stream, [exchange], "a.warc.gz", {"operator": "A N"})
    >>> stream.getvalue()[:2]  # the magic of gzip
    b'\x1f\x8b'
    """
    info = new_record_id()
    stream.write(encode_warcinfo(filename, facts, record_id=info, date=datetime.now(UTC)))
    for exchange in exchanges:
        stream.write(encode_exchange(exchange, info).data)


def _response(exchange: Exchange, record_id: str, shared: Mapping[str, str], original: Original | None) -> bytes:
    headers = {**shared, "WARC-Payload-Digest": payload_digest(exchange.body)}
    media_type = identify_payload(exchange.body, exchange.header("Content-Encoding"))
    if media_type:
        headers["WARC-Identified-Payload-Type"] = media_type
    if exchange.truncated:
        headers["WARC-Truncated"] = exchange.truncated
    headers["Content-Type"] = "application/http; msgtype=response"
    body = exchange.body
    if original:
        headers |= {
            "WARC-Profile": NOT_MODIFIED if exchange.status == HTTPStatus.NOT_MODIFIED else SAME_PAYLOAD,
            "WARC-Refers-To": original.record_id,
            "WARC-Refers-To-Target-URI": original.url,
            "WARC-Refers-To-Date": original.date,
            "WARC-Payload-Digest": original.digest or headers["WARC-Payload-Digest"],
        }
        body = b""
    # With a head that says 304, pywb would answer 304 itself; without one it sends that of the original.
    block = None if original and exchange.status == HTTPStatus.NOT_MODIFIED else response_block(exchange)
    kind = "revisit" if original else "response"
    return _encode(kind, exchange.url, record_id, exchange.warc_date, headers, block, body)


def _request(exchange: Exchange, response_id: str, shared: Mapping[str, str]) -> bytes:
    headers = {
        **shared,
        "WARC-Concurrent-To": response_id,
        "WARC-Payload-Digest": payload_digest(exchange.request_body),
        "Content-Type": "application/http; msgtype=request",
    }
    block, body = request_block(exchange), exchange.request_body
    return _encode("request", exchange.url, new_record_id(), exchange.warc_date, headers, block, body)


class _Head(StatusAndHeaders):  # type: ignore[misc]
    """A message's head that is written byte for byte: warcio itself would percent-encode characters beyond ASCII."""

    def __init__(self, block: HttpBlock) -> None:
        start = block.start.split(" ", 1)
        super().__init__(statusline=start[-1], headers=list(block.headers), protocol=start[0])
        self._bytes = block.encode()

    def compute_headers_buffer(self, header_filter: object = None) -> None:  # noqa: ARG002 - warcio's signature
        self.headers_buff = self._bytes


def _encode(
    kind: str,
    url: str | None,
    record_id: str,
    date: str,
    headers: Mapping[str, str],
    block: HttpBlock | None,
    body: bytes,
) -> bytes:
    fields = [("WARC-Type", kind), ("WARC-Record-ID", record_id), ("WARC-Date", date)]
    if url:
        fields.append(("WARC-Target-URI", target_uri(url)))
    record_headers = StatusAndHeaders("", [*fields, *headers.items()], protocol=VERSION)
    head = _Head(block) if block else None
    record = ArcWarcRecord("warc", kind, record_headers, BytesIO(body), head, headers["Content-Type"], len(body))
    record.payload_length = len(body)
    if head:
        head.compute_headers_buffer()
    out = BytesIO()
    WARCWriter(out, gzip=False, warc_version=VERSION).write_record(record)
    return out.getvalue()


def _compressed(record: bytes) -> bytes:
    return compress(record, _COMPRESSION_LEVEL, MAX_WBITS | 16)


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
