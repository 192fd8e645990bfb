"""Private doors of Scrapy's engine, downloader and scraper. No other module opens them.

``tests/utils/test_doors.py`` says when Scrapy has changed one. Twisted's HTTP client has a module of its own,
:mod:`crawler.handlers.wire`, and the signals of a process are overridden in :mod:`crawler.utils.process`.

- ``engine._slot.closing``: no signal is sent when an engine begins to close.
- ``engine._slot.nextcall``: the engine looks for requests, and for its end, when a response is done or every five
  seconds. A scheduler that learns otherwise that there is nothing left must be able to say so.
- ``downloader.slots``, ``get_slot_key``, ``per_slot_settings`` and ``_delay``: which delay a host has or will have.
  AutoThrottle sets them by the same door.
- ``slot.active`` and ``slot.queue`` of the downloader: what has come as far as the network, and what waits its turn.
- ``scraper.slot``: how many items pipelines are at work on. ``start()`` may yield any number, and nothing limits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


def is_closing(crawler: Crawler) -> bool:
    """Return whether *crawler* has begun to end: nothing new is to be waited for."""
    engine = crawler.engine
    slot = engine._slot  # noqa: SLF001
    return not engine.running or slot is None or bool(slot.closing)


def wake(crawler: Crawler) -> None:
    """Make the engine look, soon, for requests or for the end of the crawl."""
    slot = crawler.engine._slot  # noqa: SLF001
    if slot is not None:
        slot.nextcall.schedule()


def delay_of(crawler: Crawler, request: Request) -> float:
    """Return the seconds between two requests in the download slot of *request*, as it is or will be made."""
    downloader: Any = crawler.engine.downloader
    key = downloader.get_slot_key(request)
    if (slot := downloader.slots.get(key)) is not None:
        return float(slot.delay)
    return float(downloader.per_slot_settings.get(key, {}).get("delay", downloader._delay))  # noqa: SLF001


def slow_down(crawler: Crawler, request: Request, delay: float) -> None:
    """Make *delay* the least between two requests in the download slot of *request*, now and whenever it is made."""
    downloader: Any = crawler.engine.downloader
    key = downloader.get_slot_key(request)
    slow = {**downloader.per_slot_settings.get(key, {}), "concurrency": 1, "jitter": 0.0}
    slow["delay"] = max(delay, slow.get("delay", downloader._delay))  # noqa: SLF001
    downloader.per_slot_settings = {**downloader.per_slot_settings, key: slow}
    if (slot := downloader.slots.get(key)) is not None:
        slot.concurrency, slot.jitter, slot.delay = 1, 0.0, max(slow["delay"], slot.delay)


def count_before_network(crawler: Crawler) -> int:
    """Return how many requests with a target the engine has begun that have not come as far as the network."""
    downloader: Any = crawler.engine.downloader
    begun = {request for slot in downloader.slots.values() for request in slot.active}
    return sum("target" in request.meta and request not in begun for request in downloader.active)


def give_up_waiting(crawler: Crawler, error: Exception) -> None:
    """Answer with *error* the requests that wait for their turn in the downloader."""
    for slot in crawler.engine.downloader.slots.values():
        while slot.queue:
            _request, answer = slot.queue.popleft()
            answer.errback(error)


def count_items(crawler: Crawler) -> int:
    """Return how many items pipelines are at work on."""
    slot = crawler.engine.scraper.slot
    return slot.itemproc_size if slot is not None else 0


def end_scraper_if_idle(crawler: Crawler) -> None:
    """Let a scraper that is closing, and has nothing to do, end.

    Scrapy looks for that end when a response is done, but not when an item of ``start()`` is: a crawl that begins to
    end while its last such item is archived would wait for ever.
    """
    slot, spider = crawler.engine.scraper.slot, crawler.spider
    if slot and spider and slot.closing and not slot.closing.called and slot.is_idle():
        slot.closing.callback(spider)
