"""Answers without a network: bytes given to the reader of answers as if they came over a connection."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web import _newclient
from twisted.web.http_headers import Headers

from crawler.handlers.wire import _LenientFactory


class Collector(Protocol):
    """Collects a body; ``ended`` is why no more came."""

    def __init__(self):
        self.body = b""
        self.ended = None

    def dataReceived(self, data):  # noqa: N802
        self.body += data

    def connectionLost(self, reason):  # noqa: N802
        self.ended = reason.value


def ask(*pieces, closes=True):
    """Return status, headers, body and end of the answer that comes in *pieces*; or raise what went wrong."""
    protocol = _LenientFactory(lambda _: None, repr).buildProtocol(None)
    protocol.makeConnection(StringTransport())
    answers, bodies = [], []

    def got(response):
        bodies.append(Collector())
        answers.append(response)
        if response.length != 0:
            response.deliverBody(bodies[0])

    request = _newclient.Request(b"GET", b"/", Headers({b"Host": [b"x"]}), None, persistent=True)
    failures = []
    protocol.request(request).addCallbacks(got, failures.append)
    for piece in pieces:
        if protocol._parser is not None:
            protocol.dataReceived(piece)
    if closes:
        protocol.connectionLost(Failure(ConnectionDone()))
    if failures:
        raise failures[0].value
    return answers[0], bodies[0], request
