"""Requests to web archives: each service has a budget and a download slot, and gets no requests while it is down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http.request import NO_CALLBACK

from crawler.exceptions import GleanerError
from crawler.extensions.sharing import Budgets, budgets_of
from crawler.net import retry_after
from crawler.net.statuses import BUSY
from crawler.recover.budget import Budget
from crawler.sites.recovery import COMMONCRAWL, Recovery
from crawler.utils.doors import is_closing
from crawler.utils.engine import Stopping
from crawler.utils.response import OWN_BUDGET, header, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

T = TypeVar("T")
Read = Callable[["Response"], T]

_MAX_TRIES = 3
_MAX_PARALLEL_REQUESTS = 2
_POLL_SECONDS = 0.25
COMMONCRAWL_INDEX = "commoncrawl-index"
"""The service of Common Crawl's index servers."""
_PAUSED_REASON = "it gave no answer before, and is left alone for now"
_META = {
    "dont_redirect": True,  # an archived redirect leads to the target of the original page, which is checked first
    "dont_retry": True,  # the budget decides when to retry
    "handle_httpstatus_all": True,
    "autothrottle_dont_adjust_delay": True,
    OWN_BUDGET: True,
    "dont_obey_robotstxt": True,  # theirs is for search engines; Gleaner obeys their service limits
}


class ArchiveDown(GleanerError):
    """An archive that may hold a target gave no answer, so the target waits for a later run."""

    def __init__(self, reason: str, *, limited: bool = False) -> None:
        self.limited = limited
        super().__init__(reason)


class Excluded(GleanerError):
    """An archive says that it excludes the site, so no request to it can succeed; the message is its reason."""

    def __init__(self, reason: str, status: int) -> None:
        self.status = status
        super().__init__(reason)


class UnusableCapture(GleanerError):
    """One URL of an archive gave no usable answer; the message says why, ``status`` is the HTTP status."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(reason)


class Archives:
    """The services of the archives in a profile: for each ``<name>-cdx`` (its index) and ``<name>`` (its captures).

    Common Crawl's are ``commoncrawl-index`` and ``commoncrawl``. Counts ``gleaner/recover/requests/<service>``.
    """

    def __init__(self, crawler: Crawler, recovery: Recovery) -> None:
        self._crawler = crawler
        rates = {
            COMMONCRAWL_INDEX: recovery.commoncrawl_per_minute,
            COMMONCRAWL: recovery.captures_per_minute,
            **{index_service(one.name): one.cdx_per_minute for one in recovery.archives},
            **{one.name: one.captures_per_minute for one in recovery.archives},
        }
        self._indexes = {COMMONCRAWL_INDEX, *(index_service(one.name) for one in recovery.archives)}
        self._new_budgets = {name: partial(Budget, rate, recovery.patience) for name, rate in rates.items()}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._at_once: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_MAX_PARALLEL_REQUESTS))
        # Requests wait for their budget here, so that in Scrapy's downloader they never take slots from the site.
        slots = dict(crawler.settings.getdict("DOWNLOAD_SLOTS"))
        slots |= {_slot(name): {"concurrency": _MAX_PARALLEL_REQUESTS, "delay": 0.0, "jitter": 0.0} for name in rates}
        crawler.settings.set("DOWNLOAD_SLOTS", slots, priority="spider")

    async def ask(self, url: str, service: str, read: Read[T], headers: dict[str, str] | None = None) -> T:
        """Return what *read* returns for the answer of *service*, whatever its status; *read* is called in a thread.

        A ``ValueError`` from *read* says why this is not an answer of the service; it then counts as no answer. Raises
        :class:`UnusableCapture` if this URL has no usable answer, :class:`Excluded` if the archive excludes the site,
        :class:`ArchiveDown` if the archive does not answer at the moment.
        """
        reason, limited = _PAUSED_REASON, False
        async with self._at_once[service]:
            for _ in range(_MAX_TRIES):
                await self._turn(service, reason)
                self._crawler.stats.inc_value(f"gleaner/recover/requests/{service}")
                wait, limited = None, False
                try:
                    response = await self._get(url, service, headers)
                    if response.status in BUSY and "Memento-Datetime" not in response.headers:
                        wait = retry_after(header(response, "Retry-After"), time.time())
                        limited = response.status == HTTPStatus.TOO_MANY_REQUESTS or wait is not None
                        raise ValueError(f"status {response.status}")  # noqa: TRY301 - an archived 503 is an answer
                    result = await asyncio.to_thread(read, response)
                except (UnusableCapture, Excluded):
                    await self._on_budget(service, _answered)
                    raise
                except ValueError as error:
                    reason = str(error)
                    await self._on_budget(service, partial(_failed, retry_after=wait, limited=limited))
                    logger.warning("Archive %s: %s; asked to wait: %s s", service, reason, wait)
                else:
                    await self._on_budget(service, _answered)
                    return result
        raise ArchiveDown(reason, limited=limited)

    async def _get(self, url: str, service: str, headers: dict[str, str] | None) -> Response:
        """Return the answer of *service*; raise UnusableCapture if the URL has none, ValueError if it is down for now.

        An index can answer every query, so a broken answer of an index counts as no answer at the moment.
        """
        request = Request(url, headers=headers, callback=NO_CALLBACK, meta={**_META, "download_slot": _slot(service)})
        try:
            return await self._crawler.engine.download_async(request)
        except Stopping:
            raise
        except (IgnoreRequest, ResponseDataLossError) as error:
            kind = ValueError if service in self._indexes else UnusableCapture
            raise kind(reason_of(error)) from error
        except Exception as error:
            raise ValueError(f"no answer ({reason_of(error)})") from error

    async def _turn(self, service: str, reason: str) -> None:
        """Wait until the next request to *service* may start."""
        async with self._turns[service]:
            while True:
                if is_closing(self._crawler):
                    raise Stopping("the crawl is ending")
                turn = await self._on_budget(service, _take)
                if turn.is_down:
                    raise ArchiveDown(reason, limited=turn.is_limited)
                if turn.wait <= 0:
                    return
                await asyncio.sleep(min(turn.wait, _POLL_SECONDS))

    async def _on_budget(self, service: str, do: Callable[[Budget, float], T]) -> T:
        """Apply *do* to the budget of *service* (of this crawl, or of all workers) and return its result."""
        return await self._budgets.act(f"budget:{service}", self._new_budgets[service], do)

    @cached_property
    def _budgets(self) -> Budgets:
        return budgets_of(self._crawler)  # the site profile exists by the time of the first request


def index_service(name: str) -> str:
    """Return the service that answers which captures the archive *name* has."""
    return f"{name}-cdx"


def _slot(service: str) -> str:
    """Return the download slot of *service*: other slots have names of hosts, so no host can have this one."""
    return f"archive:{service}"


class _Turn(NamedTuple):
    """The seconds to wait if the turn was not taken; whether the archive is down, and whether it limited requests."""

    wait: float
    is_down: bool
    is_limited: bool


def _take(budget: Budget, now: float) -> _Turn:
    turn = _Turn(budget.wait(now), budget.down(now), budget.asked_to_wait)
    if turn.wait <= 0 and not turn.is_down:
        budget.take(now)
    return turn


def _answered(budget: Budget, _now: float) -> None:
    budget.answered()


def _failed(budget: Budget, now: float, *, retry_after: float | None, limited: bool) -> None:
    budget.failed(now, retry_after, limited=limited)
