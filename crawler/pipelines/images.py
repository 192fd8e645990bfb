"""Pipeline 600: fetch the pictures of a record through Scrapy's downloader, and store them by their SHA-256."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from crawler.archive.tombstones import WithdrawnContentError, refused_picture
from crawler.exceptions import ConfigError, CorpusError
from crawler.extensions.archivist import Archivist
from crawler.extensions.readers import PageNotRead, Readers
from crawler.extensions.recoverer import Recoverer
from crawler.frontier.targets import stub_state
from crawler.items import Article, Attempt, Image, ImageStatus
from crawler.net.statuses import WITH_PICTURE
from crawler.pages.attempts import Unanswered
from crawler.pages.likeness import best_first
from crawler.pages.media import Media
from crawler.sites import SiteProfile
from crawler.utils.components import needed, needed_profile
from crawler.utils.conf import switch
from crawler.utils.engine import Stopping
from crawler.utils.response import NOT_HELD, NotNow, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

MAX_IMAGES = 30
"""Pictures fetched for one record; further ones are recorded as skipped."""

_SETTLED: frozenset[ImageStatus | None] = frozenset({"stored", "missing", "refused"})
_VIDEO_NAMES = (".mp4", ".m4v", ".mov", ".3gp", ".webm", ".flv", ".f4v", ".avi", ".wmv")
Answers = dict[ImageStatus, str]
"""What the URLs of a picture answered: the first reason for each status."""

_MODES = frozenset({"pictures", "all", "none"})


class _Candidate(NamedTuple):
    """Bytes of a picture, their source and their type."""

    data: bytes
    url: str
    media: Media


class ImagesPipeline:
    """Fill in ``images``: request each picture once in the corpus's life, from the profile's URLs in order.

    Pictures are fetched while the record's target is leased, so a record is never archived before its pictures are
    settled. Counts ``gleaner/images/<status>`` for requested pictures.
    """

    def __init__(self, crawler: Crawler, profile: SiteProfile, mode: str) -> None:
        self._crawler = crawler
        self._profile = profile
        self._mode = mode
        self._captures = switch(crawler.settings, "ARCHIVE_WARC")
        self._archivist = needed(crawler, Archivist)
        self._readers = needed(crawler, Readers)
        self._recoverer = crawler.get_extension(Recoverer)
        self._underway: dict[str, asyncio.Task[Image]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        profile = needed_profile(crawler)
        mode = crawler.settings["IMAGES_FETCH"]
        if mode not in _MODES:
            raise ConfigError(f"IMAGES_FETCH is {mode!r}: give pictures, all or none")
        return cls(crawler, profile, mode)

    async def process_item(self, item: Article) -> Article:
        wanted = [self._image(image) for image in item.images[:MAX_IMAGES]]
        beyond = [replace(image, status="skipped", reason="too many") for image in item.images[MAX_IMAGES:]]
        return replace(item, images=(*best_first(await asyncio.gather(*wanted)), *beyond))

    async def _image(self, image: Image) -> Image:
        """Return *image* with its outcome; records that name the same picture at the same time share the answer."""
        name = image.pic or image.url
        if name is None:
            return replace(image, status="refused", reason="no address")
        if name not in self._underway:
            task = asyncio.ensure_future(self._settle(name, image))
            self._underway[name] = task
            task.add_done_callback(lambda _: self._underway.pop(name, None))
        return replace(await asyncio.shield(self._underway[name]), pic=image.pic)

    async def _settle(self, name: str, image: Image) -> Image:
        known = await self._archivist.do(lambda corpus: corpus.catalogue.picture(name))
        if known is not None and known.status in _SETTLED:
            if known.status != "stored" or self._archivist.corpus.has_picture(known):
                return known
            logger.warning("Picture %s: its file %s is lost; it is requested again", name, known.path)
        urls = self._urls(image)
        if not urls:
            return replace(image, status="refused", reason="an address outside the site")
        if self._mode == "none" or (self._mode == "pictures" and name.lower().endswith(_VIDEO_NAMES)):
            reason = "not asked for" if self._mode == "none" else "a video"
            return replace(image, url=urls[0], status="skipped", reason=reason)
        settled = await self._fetch(replace(image, url=urls[0]), urls)
        self._crawler.stats.inc_value(f"gleaner/images/{settled.status}")
        if settled.status == "refused":
            self._crawler.stats.inc_value(f"gleaner/images_refused/{settled.reason}")
        if self._captures and settled.status == "stored" and image.url and image.url != settled.url:
            await self._capture(image.url)
        return settled

    async def _capture(self, url: str) -> None:
        """Request *url*, the form in which the page shows a picture, so that the page can be replayed with it."""
        if self._profile.allows(url):
            try:
                await self._crawler.engine.download_async(Request(url, callback=NO_CALLBACK))
            except Exception as error:  # noqa: BLE001 - Scrapy passes on whatever went wrong below it
                logger.info("Picture %s, as its page shows it: %s", url, error)

    def _urls(self, image: Image) -> tuple[str, ...]:
        if image.pic:
            return (*self._profile.image_urls(image.pic), *self._profile.sister_image_urls(image.pic))
        return (image.url,) if image.url and self._profile.allows(image.url) else ()

    async def _fetch(self, image: Image, urls: tuple[str, ...]) -> Image:
        """Try *urls* in order; an unfetched picture gets the status of the most hopeful answer.

        An incomplete picture is kept only if no complete one is found.
        """
        answers: Answers = {}
        best: _Candidate | None = None
        async with aclosing(self._candidates(image, urls, answers)) as candidates:
            async for one in candidates:
                best = one if best is None or not one.media.is_truncated else best
                if not best.media.is_truncated:
                    break
        if best:
            return await self._keep(image, best)
        order: tuple[ImageStatus, ...] = ("failed", "refused", "missing")
        status = next(status for status in order if status in answers)
        return replace(image, status=status, reason=answers[status])

    async def _candidates(
        self, image: Image, urls: tuple[str, ...], answers: Answers
    ) -> AsyncGenerator[_Candidate, None]:
        """Yield what the *urls*, and then web archives, have of *image*; reasons for nothing are added to *answers*."""
        for url in urls:
            response = await self._ask(url, answers)
            if response and (look := await self._look(response.body, response.url, answers)):
                yield look
        if image.pic is None or self._recoverer is None or not self._recoverer.has_archives:
            return
        async with aclosing(self._recoverer.picture(image.pic)) as steps:
            async for step in steps:
                if isinstance(step, Unanswered):
                    answers.setdefault("failed", "no answer from a web archive")
                    step = step.attempt  # noqa: PLW2901 - which it is, too
                if isinstance(step, Attempt):
                    logger.info("Picture %s: %s", image.pic, step.reason)
                elif look := await self._look(step.body, step.capture.url or step.url, answers):
                    if not look.media.is_truncated:
                        self._crawler.stats.inc_value("gleaner/recover/pictures")
                    yield look

    async def _ask(self, url: str, answers: Answers) -> Response | None:
        """Return what may be a picture at *url*; None if there is nothing, with the reason added to *answers*."""
        try:
            response = await self._crawler.engine.download_async(Request(url, callback=NO_CALLBACK))
        except Stopping:
            raise
        except NotNow as error:
            answers.setdefault("failed", str(error))
        except IgnoreRequest:
            answers.setdefault("refused", "not to be asked for")
        except DownloadCancelledError as error:
            logger.info("Picture %s: %s", url, error)
            answers.setdefault("refused", "larger than DOWNLOAD_MAXSIZE")
        except Exception as error:  # noqa: BLE001 - Scrapy passes on whatever went wrong below it
            logger.info("Picture %s: %s", url, error)
            answers.setdefault("failed", reason_of(error))
        else:
            if response.status in WITH_PICTURE and NOT_HELD not in response.flags:
                return response
            held = NOT_HELD not in response.flags
            status: ImageStatus = "missing" if held and stub_state(response.status) == "gone" else "failed"
            answers.setdefault(status, f"status {response.status}" if held else NOT_HELD)
        return None

    async def _look(self, data: bytes, url: str, answers: Answers) -> _Candidate | None:
        """Return what a picture is; None if it should not be kept, with the reason added to *answers*."""
        try:
            return _Candidate(data, url, await self._readers.look(data, url))
        except PageNotRead:
            reason = "could not be decoded"
        except ValueError as error:
            reason = str(error)
        logger.info("Picture %s refused: %s", url, reason)
        answers.setdefault("refused", reason)
        return None

    async def _keep(self, image: Image, look: _Candidate) -> Image:
        """Store the bytes of a picture, with its flaw if it has one."""
        media = look.media
        try:
            path, sha256 = await asyncio.to_thread(self._archivist.corpus.store_picture, look.data, media.extension)
        except WithdrawnContentError:
            return refused_picture(image.pic, look.url)
        except CorpusError as error:
            self._archivist.fail(error)
            raise
        if media.flaw:
            logger.info("Picture %s: %s", look.url, media.flaw)
            self._crawler.stats.inc_value("gleaner/images_flawed")
        return replace(
            image,
            url=look.url,
            status="stored",
            path=path,
            sha256=sha256,
            bytes=len(look.data),
            width=media.width,
            height=media.height,
            media_type=media.media_type,
            phash=media.phash,
            reason=media.flaw,
        )
