"""What servers send that no standard allows, or hardly: an answer for each oddity, and what becomes of it.

``ANSWERS[name]`` makes the answer for a page. ``READ`` are those whose page is read whole; ``REFUSED`` are those that are
not, with words of the reason.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

Maker = Callable[[bytes], bytes]

TYPE = b"Content-Type: text/html; charset=utf-8\r\n"


def whole(page: bytes, *lines: bytes, status: bytes = b"HTTP/1.1 200 OK", close: bool = True) -> bytes:
    """Return an answer with *page* as its body, of a declared length."""
    more = b"".join(line + b"\r\n" for line in lines) + (b"Connection: close\r\n" if close else b"")
    return status + b"\r\n" + TYPE + more + b"Content-Length: %d\r\n\r\n" % len(page) + page


def framed(page: bytes, *lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """Return an answer with the body *page*, and with *lines* in place of a declared length."""
    return status + b"\r\n" + TYPE + b"".join(line + b"\r\n" for line in lines) + b"Connection: close\r\n\r\n" + page


def chunked(page: bytes, *, size: bytes = b"%x\r\n", end: bytes = b"\r\n", last: bytes = b"0\r\n\r\n") -> bytes:
    """Return *page* in two chunks."""
    half = len(page) // 2
    parts = (page[:half], page[half:])
    return b"".join(size.replace(b"%x", b"%x" % len(part)) + part + end for part in parts) + last


CHUNKED = b"Transfer-Encoding: chunked"


def _header(line: bytes) -> Maker:
    return lambda page: whole(page, line)


def _status(line: bytes) -> Maker:
    return lambda page: whole(page, status=line)


def _framing(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> Maker:
    return lambda page: framed(page, *lines, status=status)


def _chunks(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK", **how: bytes) -> Maker:
    return lambda page: framed(chunked(page, **how), *(lines or (CHUNKED,)), status=status)


READ: dict[str, Maker] = {
    # Names of headers
    "name-with-spaces": _header(b"X Powered By: PHP/5.6"),
    "name-with-tab": _header(b"X\tBy: PHP/5.6"),
    "name-with-no-break-space": _header(b"X\xa0By: PHP/5.6"),
    "name-beyond-ascii": _header("\u2018access-control-allow-origin\u2019: *".encode()),
    "name-in-brackets": _header(b"[X-Cache]: HIT"),
    "name-with-slash-at-quote": _header(b'x/"y"@z: 1'),
    "name-with-underscore": _header(b"X_Cache_Status: HIT"),
    "name-with-nul": _header(b"X\0Y: 1"),
    "name-empty": _header(b": nothing"),
    "name-with-space-before-colon": _header(b"Content-Type : text/html"),
    "name-of-length-with-space": lambda page: framed(page + b"more", b"Content-Length : %d" % len(page))[:-4],
    "line-without-colon": _header(b"powered by nothing"),
    "line-of-a-page": _header(b"<!-- cached: yes -->"),
    "value-with-bytes": _header(b"X-Title: \xff\xfe\0 \xd8\xa7"),
    "folded": _header(b"X-Long: a\r\n b\r\n\tc"),
    "folded-after-nothing": lambda page: whole(page).replace(b"OK\r\n", b"OK\r\n  folded: 1\r\n", 1),
    "folded-after-odd-name": _header(b"X Y: a\r\n b"),
    "line-of-100-kib": _header(b"Content-Security-Policy: " + b"a" * 100_000),
    "cookie-of-20-kib": _header(b"Set-Cookie: a=" + b"a" * 20_000),
    "head-of-250-kib": _header(b"\r\n".join(b"X-%d: " % number + b"x" * 5000 for number in range(50))),
    # Line ends
    "lf-alone": lambda page: whole(page).replace(b"\r\n", b"\n"),
    "lf-in-head-of-chunks": lambda page: framed(b"", CHUNKED).replace(b"\r\n", b"\n") + chunked(page),
    "cr-cr-lf": lambda page: (
        whole(b"").replace(b"\r\n", b"\r\r\n").replace(b"Length: 0", b"Length: %d" % len(page)) + page
    ),
    "blank-lines-first": lambda page: b"\r\n\r\n" + whole(page),
    "bom-first": lambda page: b"\xef\xbb\xbf" + whole(page),
    # Status lines
    "status-without-phrase": _status(b"HTTP/1.1 200"),
    "redirect-without-target": _status(b"HTTP/1.1 302 Found"),
    "choices-without-target": _status(b"HTTP/1.1 300 Multiple Choices"),
    "status-with-two-spaces": _status(b"HTTP/1.1  200  OK"),
    "status-with-tab": _status(b"HTTP/1.1\t200\tOK"),
    "status-in-lower-case": _status(b"http/1.1 200 ok"),
    "status-without-version": _status(b"HTTP 200 OK"),
    "status-without-number": _status(b"HTTP/1.1 OK"),
    "status-stuck-to-phrase": _status(b"HTTP/1.1 200OK"),
    "status-of-http-2": _status(b"HTTP/2.0 200 OK"),
    "status-of-http-1": _status(b"HTTP/1 200 OK"),
    "status-with-phrase-beyond-ascii": _status("HTTP/1.1 200 Всё хорошо".encode()),
    "status-203": _status(b"HTTP/1.1 203 Non-Authoritative Information"),
    "status-201": _status(b"HTTP/1.1 201 Created"),
    "http-1.0": _status(b"HTTP/1.0 200 OK"),
    "http-1.0-keep-alive": lambda page: whole(page, b"Connection: Keep-Alive", status=b"HTTP/1.0 200 OK", close=False),
    "http-1.0-without-length": _framing(status=b"HTTP/1.0 200 OK"),
    "http-0.9": lambda page: page,
    # Interim answers
    "100-continue": lambda page: b"HTTP/1.1 100 Continue\r\n\r\n" + whole(page),
    "103-early-hints-many": lambda page: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 50 + whole(page),
    "102-with-lf": lambda page: b"HTTP/1.1 102 Processing\n\n" * 3 + whole(page),
    # Lengths
    "length-empty": _framing(b"Content-Length: "),
    "length-a-word": _framing(b"Content-Length: unknown"),
    "length-negative": _framing(b"Content-Length: -1"),
    "length-with-unit": _framing(b"Content-Length: 571 bytes"),
    "length-of-30-digits": _framing(b"Content-Length: " + b"9" * 30),
    "length-twice": lambda page: whole(page, b"Content-Length: %d" % len(page)),
    "length-twice-in-one": lambda page: framed(page, b"Content-Length: %d, %d" % (len(page), len(page))),
    "length-with-zeros": lambda page: framed(page, b"Content-Length: 000%d" % len(page)),
    "length-longer-than-page": lambda page: framed(page, b"Content-Length: %d" % (len(page) + 3)),
    "length-of-page-and-more": lambda page: framed(page + b"<!-- 1 ms -->", b"Content-Length: %d" % len(page)),
    "length-and-chunks": _chunks(CHUNKED, b"Content-Length: 5"),
    "no-length": _framing(),
    # Chunks
    "chunks": _chunks(),
    "chunk-size-with-spaces": _chunks(size=b"%x  \r\n"),
    "chunk-size-between-spaces": _chunks(size=b"  %x\t\r\n"),
    "chunk-size-with-zeros": _chunks(size=b"0000%x\r\n"),
    "chunk-size-in-capitals": lambda page: framed(b"%X\r\n" % len(page) + page + b"\r\n0\r\n\r\n", CHUNKED),
    "chunk-with-extension": _chunks(size=b'%x;name="value";other\r\n'),
    "chunk-with-odd-extension": _chunks(size=b"%x ; \xff\0(=\r\n"),
    "chunk-lines-of-lf": _chunks(size=b"%x\n", end=b"\n", last=b"0\n\n"),
    "chunks-without-last": _chunks(last=b""),
    "chunks-without-last-line-end": _chunks(last=b"0"),
    "chunks-without-blank-line": _chunks(last=b"0\r\n"),
    "chunks-with-trailers": _chunks(last=b"0\r\nX-Sum: 1\r\nX Y: 2\r\n\r\n"),
    "chunks-and-more": _chunks(last=b"0\r\n\r\nmore of this"),
    "chunked-in-capitals": _chunks(b"Transfer-Encoding: Chunked"),
    "chunked-twice": _chunks(CHUNKED, CHUNKED),
    "chunked-after-identity": _chunks(b"Transfer-Encoding: identity, chunked"),
    "chunked-in-http-1.0": _chunks(status=b"HTTP/1.0 200 OK"),
    "chunked-said-in-http-1.0-only": _framing(CHUNKED, status=b"HTTP/1.0 200 OK"),
    "chunked-said-only": _framing(CHUNKED),
    "transfer-coding-identity": _framing(b"Transfer-Encoding: identity"),
    "transfer-coding-unknown": _framing(b"Transfer-Encoding: xyz"),
    "gzip-in-chunks-without-last": lambda page: framed(
        chunked(gzip.compress(page, mtime=0), last=b""), CHUNKED, b"Content-Encoding: gzip"
    ),
}
"""Browsers show the page of each, but for those of HTTP/0.9 at ports that are not the usual one."""

CUT = b"<html><body><p>It is cut"

REFUSED: dict[str, tuple[Maker, str]] = {
    "two-lengths": (_framing(b"Content-Length: 10", b"Content-Length: 20"), "two lengths of its body: 10 and 20"),
    "status-20": (_status(b"HTTP/1.1 20 OK"), "the status of the answer is 20"),
    "another-protocol": (lambda _page: b"SSH-2.0-OpenSSH_9.6 Debian\r\n", "not HTTP: it begins with"),
    "tls-alert": (lambda _page: b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP: it begins with"),
    "nothing": (lambda _page: b"", "closed without an answer"),
    "closed-within-headers": (lambda _page: b"HTTP/1.1 200 OK\r\n" + TYPE, "closed within the headers"),
    "head-of-300-kib": (_header(b"X: " + b"x" * 300_000), "more than 262144 bytes of headers"),
    "interim-without-end": (
        lambda _page: b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
        "more than 262144 bytes of headers",
    ),
    "cut-by-length": (lambda page: whole(page)[: -len(page) // 2], "cut short"),
    "cut-in-chunk": (lambda page: framed(chunked(page)[: -len(page) // 2], CHUNKED), "cut short"),
    "cut-between-chunks": (lambda page: framed(chunked(page + CUT, last=b""), CHUNKED), "cut short"),
    "chunk-size-a-word": (lambda page: framed(b"zz\r\n" + page, CHUNKED), "cut short"),
    "chunk-longer-than-told": (
        lambda page: framed(b"%x\r\n" % (len(page) // 2) + page + b"0\r\n\r\n", CHUNKED),
        "cut short",
    ),
    "longer-than-length": (lambda page: framed(page, b"Content-Length: %d" % (len(page) // 2)), "cut short"),
}
"""What cannot be read, and words of its reason."""
