"""Twisted's HTTP/1.1 client with Gleaner's own parser of answers (:mod:`crawler.net.answers`).

All private interfaces of Twisted and Scrapy that it uses are in this module; ``tests/handlers/test_wire.py`` fails when
one of them has changed:

- ``HTTPConnectionPool._factory`` makes the protocols of connections. Scrapy sets its own in the same way, and
  ``maxPersistentPerHost``, the connections that are kept for further requests.
- ``HTTP11ClientProtocol.request`` makes an ``HTTPClientParser``, and offers no other way to choose one than to replace
  the class of what it made. Scrapy does so, too.
- ``HTTPClientParser`` reads heads line by line, with limits and strictness of its own, so :class:`LenientParser` takes
  over ``dataReceived``, and does what ``allHeadersReceived`` does: ``Response._construct``, ``_responseDeferred``,
  ``_finished``, ``_bodyDataReceived`` and ``_bodyDataFinished``.
- ``_DataLoss`` and ``PotentialDataLoss`` tell Scrapy that a body is cut short, or may be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import DONE, HTTPClientParser, Response
from twisted.web.http import PotentialDataLoss, _DataLoss

from crawler.net import answers

if TYPE_CHECKING:
    from crawler.net.answers import AnswerBody, AnswerHead

logger = logging.getLogger(__name__)

_END_OF_PAGE = b"</html>"
_TAIL_BYTES = 256
_GZIP = b"\x1f\x8b"
IDLE_SECONDS = 3.0
"""A page that ends with ``</html>`` counts as whole after this time, even if the server keeps the connection open."""


def read_leniently(handler: HTTP11DownloadHandler) -> None:
    """Make the connections of *handler* use this module's parser."""
    handler._pool._factory = _LenientFactory  # noqa: SLF001 - see above


def keep_connections(handler: HTTP11DownloadHandler, slots: Mapping[str, Any]) -> None:
    """Keep as many connections of a host open as requests may be underway to it, by the setting DOWNLOAD_SLOTS, too.

    Scrapy keeps as many as CONCURRENT_REQUESTS_PER_DOMAIN says: the others are closed after each request.
    """
    pool: Any = handler._pool  # noqa: SLF001 - see above
    most = max((slot.get("concurrency", 0) for slot in slots.values()), default=0)
    pool.maxPersistentPerHost = max(pool.maxPersistentPerHost, most)


class LenientParser(HTTPClientParser):
    """Reads one answer: as many interim heads as there are, the head, and the body."""

    # Twisted's parser changes its class to this one, so no constructor runs.
    _received: bytes | bytearray = b""
    _interim_bytes = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._everReceivedData = True
        if self.bodyDecoder is not None:
            self.bodyDecoder.dataReceived(data)  # type: ignore[no-untyped-call]
            return
        searched = len(self._received)
        if not searched:
            self._received = bytearray()
        self._received += data
        self._read_head(searched)

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802 - Twisted's name
        if self.bodyDecoder is None and self.state != DONE and reason.check(ConnectionDone):
            try:
                answers.read_head(self._received, is_all=True)
            except answers.UnreadableAnswer:
                reason = Failure()  # type: ignore[no-untyped-call]
        super().connectionLost(reason)

    def _read_head(self, searched: int) -> None:
        while (found := answers.read_head(self._received, searched)) is not None:
            head, length = found
            self._limit(length)
            rest = bytes(self._received[length:])
            if not head.is_interim:
                self._begin(head, rest)
                return
            self._interim_bytes += length
            self._received, searched = bytearray(rest), 0
        self._limit(len(self._received))

    def _limit(self, length: int) -> None:
        if self._interim_bytes + length > answers.MAX_HEAD_BYTES:
            raise answers.UnreadableAnswer(f"more than {answers.MAX_HEAD_BYTES} bytes of headers")

    def _begin(self, head: AnswerHead, rest: bytes) -> None:
        """Start the answer with *head*; *rest* is what was received after it."""
        body = None if self.request.method == b"HEAD" else answers.body_of(head)
        self._received = b""
        if head.skipped:
            logger.debug("Skipped %d lines that are not headers in the answer for %r", head.skipped, self.request.uri)
        for name, value in head.headers:
            self.headerReceived(name, value)  # type: ignore[no-untyped-call]
        if not head.keeps_connection:
            self.request.persistent = False
        version = (b"HTTP", *head.version)
        self.response = Response._construct(  # type: ignore[no-untyped-call]  # noqa: SLF001 - see above
            version, head.status, head.phrase, self.headers, self.transport, self.request
        )
        if body is None or body.length == 0:
            self.response.length = 0
            self._finished(rest)  # type: ignore[no-untyped-call]
            self.response._bodyDataFinished()  # noqa: SLF001
        else:
            if body.length is not None:
                self.response.length = body.length
            transport: Any = self.transport
            transport.pauseProducing()  # until the body has a receiver
            self.switchToBodyMode(_Decoder(body, self))  # type: ignore[no-untyped-call]
        self._responseDeferred.callback(self.response)
        del self._responseDeferred
        if rest and self.bodyDecoder is not None:
            self.bodyDecoder.dataReceived(rest)  # type: ignore[no-untyped-call]


class _Decoder:
    """Stands between a connection and an answer, as Twisted's decoders of transfer codings do."""

    def __init__(self, body: AnswerBody, parser: LenientParser) -> None:
        self._body = body
        self._parser = parser
        self._deliver: Callable[[bytes], None] = parser.response._bodyDataReceived  # noqa: SLF001
        self._start = b""
        self._tail = b""
        self._is_too_long = False
        self._waiting: Any = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._wait_no_more()
        piece = self._body.feed(data)
        if piece:
            self._start = (self._start + piece[:2])[: len(_GZIP)]
            self._tail = (self._tail + piece[-_TAIL_BYTES:])[-_TAIL_BYTES:]
            self._deliver(piece)
        if self._body.has_ended:
            # Requests are never pipelined, so the bytes that follow belong to the same body: its declared length is
            # wrong.
            self._is_too_long = bool(self._body.surplus.strip()) and not self._is_whole_despite_framing()
            if not self._body.is_clean:
                self._parser.request.persistent = False
            self._finish()
        elif self._start != _GZIP and self._is_whole_despite_framing():
            from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

            timed: Any = reactor
            self._waiting = timed.callLater(IDLE_SECONDS, self._end_of_idleness)

    def _end_of_idleness(self) -> None:
        self._waiting = None
        self._parser.request.persistent = False
        self._finish()

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _finish(self) -> None:
        self._parser._finished(b"")  # type: ignore[no-untyped-call]  # noqa: SLF001 - see above

    def noMoreData(self) -> None:  # noqa: N802 - Twisted's name
        self._wait_no_more()
        if self._is_too_long:
            raise _DataLoss
        if self._body.has_ended:
            return
        if self._body.is_framed and not self._is_whole_despite_framing():
            raise _DataLoss
        raise PotentialDataLoss

    def _is_whole_despite_framing(self) -> bool:
        """Return whether a body that does not end where its framing says is whole: a page that ends with ``</html>``.

        A gzip body counts as whole at a boundary of its framing, as the decoder checks its own end later.
        """
        if self._start == _GZIP:
            return self._body.at_boundary
        return self._tail.rstrip().lower().endswith(_END_OF_PAGE)


class _LenientProtocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        answer = super().request(request)
        if self._parser is not None:
            self._parser.__class__ = LenientParser
        return answer


class _LenientFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _LenientProtocol:  # noqa: ARG002, N802 - Twisted's names
        return _LenientProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
