"""What parts of the shell read from a response or note in its meta: headers, flags, captures, reasons of failure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

if TYPE_CHECKING:
    from scrapy.http import Response


def header(response: Response, name: str) -> str | None:
    """Return the header *name* of *response*, the first if there are more; bytes beyond ASCII are read as Latin-1."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


REPLAYED = "replayed"
"""The flag of a response that was captured before: see :mod:`crawler.middlewares.replay`."""
NOT_HELD = "not in the WARC files"
"""The flag of an answer that nobody gave, and the reason that becomes of it."""

_META = "gleaner_capture"


class Captured(NamedTuple):
    """When a response was captured (UTC, ISO 8601), and where in a WARC file it lies, if in one.

    ``coding`` says how the coding of its body is not what the header says, None if it is.
    """

    fetched: str
    warc_file: str | None = None
    warc_offset: int | None = None
    coding: str | None = None


def captured(response: Response) -> Captured:
    """Return when *response* was captured, and where it lies: what the middlewares noted, else that it is new."""
    noted = response.meta.get(_META) if response.request else None
    return noted if isinstance(noted, Captured) else Captured(iso_date(datetime.now(UTC)))


def note_captured(request: Request, noted: Captured) -> None:
    """Note that the response to *request* is *noted*."""
    request.meta[_META] = noted


def iso_date(moment: datetime) -> str:
    """Return *moment* as records have it, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


OWN_BUDGET = "gleaner_own_budget"
"""In ``meta``: who makes this request sees to it by himself how often its host is asked."""


class NotNow(IgnoreRequest):
    """A request that is not made in this run, for a reason that may be gone in the next; the message says why."""


class BrokenBody(ResponseDataLossError):
    """What came cannot be decoded, or not to its end; the message says why."""


_MAX_REASON_CHARACTERS = 200
_REPRESENTATION_RE = re.compile(r"""\bb['"]|<[\w.]+ (?:object|at 0x)|\A[\[({<]""")
_WORDS_RE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def reason_of(error: BaseException | None) -> str:
    """Return why a request had no answer, as text.

    Of a lost connection Scrapy's error has but the representation of Twisted's, whose ``reasons`` hold the words.
    """
    if isinstance(error, ResponseDataLossError) and not isinstance(error, BrokenBody):
        return "it is cut short"
    if isinstance(error, HttpError):
        return f"status {error.response.status}"  # a redirect that leads nowhere
    if isinstance(error, DownloadCancelledError) and (not str(error) or "download max size" in str(error)):
        return "it is longer than DOWNLOAD_MAXSIZE"
    failures = getattr(getattr(error, "__cause__", None), "reasons", None) or ()
    words = dict.fromkeys(_words(failure.value) for failure in failures) or [_words(error)]
    return "; ".join(word for word in words if word)[:_MAX_REASON_CHARACTERS]


def _words(error: BaseException | None) -> str:
    """Return what *error* says, without the representations that some hold in place of words."""
    if error is None:
        return "no answer"
    first = error.args[0] if error.args else None
    if isinstance(first, list):  # of OpenSSL: a list of (library, function, reason)
        reasons = [part[-1] for part in first if isinstance(part, tuple) and part and part[-1]]
        return f"the encrypted connection failed: {', '.join(map(str, reasons)) or 'no reason given'}"
    said = str(error)
    if not said or _REPRESENTATION_RE.search(said):
        return _WORDS_RE.sub(" ", type(error).__name__).lower()
    return said
