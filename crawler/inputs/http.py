"""Files of HTTP servers: streamed, in ranges after a jump, and resumed at the byte where a transfer broke.

fsspec's own HTTP files are not used: they send no ``If-Range``, so they may join the halves of two versions of a file.
Redirects are followed, but not from a public server to a private address. Source: RFC 9110, sections 13 and 14.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import suppress
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from crawler.inputs.names import is_http, shown
from crawler.inputs.ranged import FIRST_WINDOW_BYTES, RangedFile
from crawler.inputs.retries import Broken, Changed, Refused, TransferRetries
from crawler.net import retry_after
from crawler.net.addresses import is_public

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _PARTIAL, _PRECONDITION_FAILED, _UNSATISFIABLE = 200, 206, 412, 416
_MAX_REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=20, read=60)
_RANGE_RE = re.compile(r"bytes\s+(?:(\d+)-(\d+)|\*)/(\d+|\*)", re.IGNORECASE | re.ASCII)
_SKIPPED_BYTES = 1 << 16
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "gleaner (inputs of a news corpus; a person gave this URL)"}


class _Version(NamedTuple):
    """What shows that a file is still the same."""

    etag: str | None
    modified: str | None
    size: int | None

    @property
    def condition(self) -> str | None:
        """The value of ``If-Range``, which must be a strong validator."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def differs(self, other: _Version) -> bool:
        """Return whether *other* is another version; what one of them lacks shows nothing."""
        return any(one is not None and two is not None and one != two for one, two in zip(self, other, strict=True))


class HttpFile(RangedFile):
    """The file at *url*, opened; with *in_parts*, only its beginning is asked for at first.

    Raises ``OSError`` at once if there is none.
    """

    def __init__(self, url: str, retries: TransferRetries | None = None, *, in_parts: bool = False) -> None:
        super().__init__(retries)
        self._window = FIRST_WINDOW_BYTES if in_parts else None
        self._url, self._authorization = _without_user(url)
        self._final = self._url
        """The URL after redirects, while it works."""
        self._version: _Version | None = None
        self._has_ranges: bool | None = None
        while True:
            try:
                self._transfer = self.begin(0, self._window)
            except Broken as error:
                self._retries.broke(error)
            else:
                break
        self._until = min(self.size or 0, (self._window if self._has_ranges else None) or sys.maxsize)

    @property
    def state(self) -> str:
        """What changes when the file does, as text."""
        return f"{self._version}"

    def seekable(self) -> bool:
        if self.size is None:
            return False
        if self._has_ranges is None:
            with suppress(OSError):
                self.begin(0, 1).close()
        return bool(self._has_ranges)

    def begin(self, start: int, end: int | None) -> _Body:
        try:
            return self._begin(start, end)
        except Broken:
            self._final = self._url
            raise

    def _begin(self, start: int, end: int | None) -> _Body:
        headers = dict(_HEADERS)
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
            if self._version and (condition := self._version.condition):
                headers["If-Range"] = condition
        answer = self._request(headers)
        try:
            return self._checked(answer, start)
        except BaseException:
            answer.release_conn()
            answer.close()
            raise

    def _request(self, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Return the answer of the server at the end of redirects."""
        for _ in range(_MAX_REDIRECTS + 1):
            same_host = urlsplit(self._final).netloc == urlsplit(self._url).netloc
            own = {"Authorization": self._authorization} if self._authorization and same_host else {}
            try:
                answer = _pool().request(
                    "GET", self._final, headers=headers | own, preload_content=False, redirect=False, retries=False,
                    decode_content=False, timeout=_TIMEOUT,
                )  # fmt: skip
            except (HTTPError, OSError, ValueError) as error:
                raise Broken(f"no answer ({_reason(error)})") from error
            if answer.status not in _REDIRECTS:
                return answer
            target = urljoin(self._final, answer.headers.get("Location") or "")
            answer.release_conn()
            answer.close()
            self._follow(target)
        raise Refused("too many redirects")

    def _follow(self, target: str) -> None:
        if not is_http(target):
            raise Refused(f"it leads to {shown(target)[:200]!r}, which is no URL of an HTTP server")
        host, own = urlsplit(target).hostname or "", urlsplit(self._url).hostname or ""
        if host != own and _is_public(own) and not _is_public(host):
            raise Refused(f"it leads to a private address ({host[:200]})")
        self._final = target

    def _checked(self, answer: urllib3.BaseHTTPResponse, start: int) -> _Body:
        """Return the body of *answer* from *start* on; raise if it is not that of the same file."""
        if answer.status in _BUSY:
            wait = retry_after(answer.headers.get("Retry-After"), time.time())
            raise Broken(f"the server answers {answer.status} {answer.reason or ''}".rstrip(), wait)
        if answer.status == _PARTIAL:
            first, size = _range_of(answer)
            self._same(answer, size)
            if first != start:
                raise Refused(f"the server sends the bytes from {first}, but was asked for those from {start}")
            self._has_ranges = True
            return _Body(answer, 0)
        if answer.status == _OK:
            length = answer.headers.get("Content-Length", "")
            self._same(answer, int(length) if length.isascii() and length.isdigit() else None)
            if start or self._version is None:
                ranges = (answer.headers.get("Accept-Ranges") or "").strip().lower()
                self._has_ranges = {"bytes": True, "none": False}.get(ranges) if not start else False
            return _Body(answer, start)
        if answer.status == _UNSATISFIABLE and self._version:
            raise Changed(f"it changed while it was read, or is shorter than the server said: it ends at byte {start}")
        if answer.status == _PRECONDITION_FAILED:
            raise Changed
        raise Refused(f"the server answers {answer.status} {answer.reason or ''}".rstrip())

    def _same(self, answer: urllib3.BaseHTTPResponse, size: int | None) -> None:
        version = _Version(answer.headers.get("ETag"), answer.headers.get("Last-Modified"), size)
        if self._version is None:
            self._version, self.size = version, size
        elif self._version.differs(version):
            raise Changed


class _Body:
    """The body of an answer, without the first *skipped* bytes."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, skipped: int) -> None:
        self._answer, self._skipped = answer, skipped

    def read(self, count: int) -> bytes:
        while self._skipped:
            passed = len(self._read(min(self._skipped, _SKIPPED_BYTES)))
            if not passed:
                return b""
            self._skipped -= passed
        return self._read(count)

    def _read(self, count: int) -> bytes:
        try:
            return self._answer.read(count)
        except (HTTPError, OSError) as error:
            raise Broken(f"the transfer broke ({_reason(error)})") from error

    def close(self) -> None:
        if not self._answer.closed:
            self._answer.close()  # what is left is not read: the connection ends
        self._answer.release_conn()


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=16, maxsize=4, block=False)


def _without_user(url: str) -> tuple[str, str | None]:
    """Return *url* without user and password, and the header that has them."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name = ":".join(map(unquote, user.split(":", 1)))
    credentials = urllib3.make_headers(basic_auth=name if ":" in name else f"{name}:")
    return parts._replace(netloc=host).geturl(), credentials["authorization"]


def _range_of(answer: urllib3.BaseHTTPResponse) -> tuple[int, int | None]:
    match = _RANGE_RE.fullmatch((answer.headers.get("Content-Range") or "").strip())
    if match is None or match[1] is None:
        raise Refused("the server sends a part of the file without saying which")
    return int(match[1]), None if match[3] == "*" else int(match[3])


def _is_public(host: str) -> bool:
    """Return whether all addresses of *host* are public."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(is_public(str(one[4][0])) for one in found)


def _reason(error: BaseException) -> str:
    """Return what *error* says, without addresses of objects and URLs."""
    inner = getattr(error, "reason", None)
    if isinstance(inner, BaseException):
        return _reason(inner)
    words = str(error.args[-1] if error.args else error)
    words = re.sub(r"<[^>]*> ?|https?://\S+|\w+\(host=.*?\): ?", "", words).strip(": ")
    return words[:200] or type(error).__name__
