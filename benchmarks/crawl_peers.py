"""The plain Scrapy spiders that benchmarks/crawl.py compares crawls with, and a look at the event loop of ours.

    python benchmarks/crawl_peers.py bare|trafilatura|newspaper4k|pictures URLS.txt OUT   # a spider of this module
    python benchmarks/crawl_peers.py watch HELD.json ARGUMENTS...                       # scrapy ARGUMENTS..., watched

``bare`` requests each URL and keeps nothing. ``trafilatura`` and ``newspaper4k`` extract each page and write JSON
lines by Scrapy's feed export, as crawlers built on these extractors do; ``pictures`` is ``trafilatura`` with Scrapy's
ImagesPipeline. All of them run with Scrapy's defaults, without delays, 16 requests at once.

``watch`` writes how long the callbacks of the crawl's event loop took, by the clock and in CPU time of its thread.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import scrapy
from pydispatch import dispatcher
from scrapy import signals
from scrapy.cmdline import execute
from scrapy.crawler import AsyncCrawlerProcess

_MIN_NOTED_SECONDS = 0.002
_SETTINGS: dict[str, Any] = {
    "LOG_LEVEL": "WARNING",
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "RETRY_ENABLED": False,
}


class BareSpider(scrapy.Spider):
    """Requests all URLs of a file and keeps nothing."""

    name = "bare"
    handle_httpstatus_list = (404, 410)

    def __init__(self, urls: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._urls = Path(urls).read_text(encoding="utf-8").split()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for url in self._urls:
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, response: scrapy.http.Response) -> Iterator[Any]:  # noqa: ARG002 - Scrapy's
        return iter(())


class TrafilaturaSpider(BareSpider):
    """Extracts pages by trafilatura, as news-please and Fundus's users do."""

    name = "trafilatura"

    def parse(self, response: scrapy.http.Response) -> Iterator[Any]:
        from trafilatura import bare_extraction  # noqa: PLC0415

        found: Any = bare_extraction(response.body, url=response.url, with_metadata=True)
        if found is not None and response.status == 200:  # noqa: PLR2004
            fields = {"title": found.title, "text": found.text, "date": found.date, "author": found.author}
            yield {"url": response.url, **fields, "image_urls": [found.image] if found.image else []}


class NewspaperSpider(BareSpider):
    """Extracts pages by newspaper4k."""

    name = "newspaper4k"

    def parse(self, response: scrapy.http.Response) -> Iterator[Any]:
        import newspaper  # noqa: PLC0415

        article = newspaper.Article(response.url, fetch_images=False)
        article.download(input_html=response.body.decode("utf-8", "replace"))
        article.parse()
        if response.status == 200:  # noqa: PLR2004
            yield {"url": response.url, "title": article.title, "text": article.text, "date": article.publish_date}


SPIDERS: dict[str, type[BareSpider]] = {
    "bare": BareSpider,
    "trafilatura": TrafilaturaSpider,
    "newspaper4k": NewspaperSpider,
    "pictures": TrafilaturaSpider,
}


def run_spider(name: str, urls: str, out: Path) -> None:
    """Run the spider *name* of :data:`SPIDERS` over the URLs in the file *urls*; it keeps its items in *out*."""
    settings = dict(_SETTINGS)
    if name != "bare":
        settings["FEEDS"] = {str(out / "items.jsonl"): {"format": "jsonlines"}}
    if name == "pictures":
        settings["ITEM_PIPELINES"] = {"scrapy.pipelines.images.ImagesPipeline": 1}
        settings["IMAGES_STORE"] = str(out / "pictures")
    process = AsyncCrawlerProcess(settings)
    process.crawl(SPIDERS[name], urls=urls)
    process.start()


def watch(held: Path, arguments: list[str]) -> None:
    """Run ``scrapy`` with *arguments*; write to *held* which callbacks held its event loop longest.

    Only those after its first request count. Each is the seconds by the clock, the CPU seconds of the loop's thread,
    and what it was.
    """
    longest: list[tuple[float, float, str]] = []
    handles: Any = asyncio.Handle
    run: Callable[[asyncio.Handle], None] = handles._run  # noqa: SLF001 - each callback of a loop passes there
    crawling = threading.Event()

    def timed(handle: asyncio.Handle) -> None:
        began, used = time.perf_counter(), time.thread_time()
        run(handle)
        cpu = time.thread_time() - used
        if cpu > _MIN_NOTED_SECONDS and crawling.is_set():
            task = getattr(getattr(handle, "_callback", None), "__self__", None)
            what = task.get_coro() if isinstance(task, asyncio.Task) else handle
            longest.append((time.perf_counter() - began, cpu, repr(what)[:300]))

    dispatcher.connect(crawling.set, signal=signals.request_reached_downloader)
    handles._run = timed  # noqa: SLF001
    try:
        execute(["scrapy", *arguments])
    finally:
        longest.sort(key=lambda one: -one[1])
        held.write_text(json.dumps(longest[:20], indent=1), encoding="utf-8")


def main() -> None:
    """Do what the arguments say."""
    name, *rest = sys.argv[1:]
    if name == "watch":
        watch(Path(rest[0]), rest[1:])
    else:
        run_spider(name, rest[0], Path(rest[1]))


if __name__ == "__main__":
    main()
