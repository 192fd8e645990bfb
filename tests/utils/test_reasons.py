"""Reasons of failure: words for people, whatever Scrapy, Twisted and OpenSSL put into their errors."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.web._newclient import ResponseFailed
from twisted.web.http_headers import InvalidHeaderName

from crawler.net.answers import UnreadableAnswer
from crawler.utils.response import reason_of


def failed(*causes: Exception) -> DownloadFailedError:
    """Return the error that Scrapy raises for an answer that failed for *causes*."""
    wrapped = ResponseFailed([Failure(cause) for cause in causes])
    error = DownloadFailedError(str(wrapped))
    error.__cause__ = wrapped
    return error


TLS = SSL.Error([("SSL routines", "", "wrong version number")])
REASONS = [
    (failed(UnreadableAnswer("the status of the answer is 20")), "the status of the answer is 20"),
    (failed(TLS), "the encrypted connection failed: wrong version number"),
    (failed(ConnectionLost(), TLS), "Connection to the other side was lost in a non-clean fashion.; the encrypted "),
    (failed(InvalidHeaderName(b"x powered by")), "invalid header name"),
    (SSL.Error([]), "the encrypted connection failed: no reason given"),
    (DownloadCancelledError("Expected 9 bytes, larger than download max size (1) in request <GET x>"), "it is longer"),
    (DownloadCancelledError("its body of 9 bytes is a bomb"), "its body of 9 bytes is a bomb"),
    (ValueError("Invalid URI b'/x y'"), "value error"),
    (RuntimeError(), "runtime error"),
    (None, "no answer"),
]


@pytest.mark.parametrize(("error", "words"), REASONS)
def test_reason_is_in_words(error, words):
    assert reason_of(error).startswith(words)
