"""The steps of a spider: from the answer of a URL or a web archive to a record, or to the next attempt."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.http import Response, TextResponse
from w3lib.encoding import http_content_type_encoding

from crawler.extensions.capturefetch import Fetched
from crawler.extensions.readers import PageNotRead, Readers
from crawler.extensions.recoverer import Recoverer
from crawler.items import Article, Attempt, Capture
from crawler.pages.attempts import Attempts, Unanswered, first_attempts
from crawler.pages.facts import PageFacts
from crawler.pages.records import article_record
from crawler.pages.soft404 import answer_refusal, attempt_of, soft_404
from crawler.utils.components import needed
from crawler.utils.response import NOT_HELD, captured, header

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.targets import Target
    from crawler.sites import SiteProfile

logger = logging.getLogger(__name__)


class Steps:
    """Takes the steps that :class:`~crawler.pages.attempts.Attempts` names, and records those that fail.

    Counts ``gleaner/attempts_failed/...``, ``gleaner/cleaned/<rule>`` and ``gleaner/recover/articles/<source>``.
    """

    def __init__(self, crawler: Crawler, profile: SiteProfile, run: str) -> None:
        self._readers, self._recoverer = needed(crawler, Readers), needed(crawler, Recoverer)
        self._stats = crawler.stats
        self._profile = profile
        self._run = run

    def first(self, target: Target) -> Attempts:
        """Return the attempts for *target*."""
        return first_attempts(target, self._profile, archives=self._recoverer.has_archives)

    def failed(self, attempts: Attempts, outcome: Attempt | Unanswered) -> Attempts:
        """Return what follows *outcome*, a failed step."""
        attempt = outcome.attempt if isinstance(outcome, Unanswered) else outcome
        logger.info("%s: %s (%s)", attempts.target.key, attempt.reason, attempt.url)
        name = attempt.source if attempt.source != "origin" else str(attempt.status or "no_answer")
        self._stats.inc_value(f"gleaner/attempts_failed/{name}")
        return attempts.after(outcome)

    async def answer(self, response: Response, attempts: Attempts) -> Article | Attempts:
        """Return the record of the target from the site's *response*, or the next attempt."""
        facts = await self._page(response, attempts.target)
        if isinstance(facts, Attempt):
            return self.failed(attempts, facts)
        capture = Capture(source="origin", url=response.url, status=response.status, **captured(response)._asdict())
        return self._record(attempts, facts, capture, response.url)

    async def archives(self, attempts: Attempts) -> Article | Attempts:
        """Return the record of the target from the first good capture in web archives, or the next attempt.

        Raises :class:`~crawler.utils.engine.Stopping` when the crawl is ending.
        """
        async with aclosing(self._recoverer.article(attempts.target, {one.url for one in attempts.tried})) as outcomes:
            async for outcome in outcomes:
                found = await self.capture(outcome, attempts) if isinstance(outcome, Fetched) else outcome
                if isinstance(found, Article):
                    return found
                attempts = self.failed(attempts, found)
        return attempts.after_archives()

    async def capture(self, fetched: Fetched, attempts: Attempts) -> Article | Attempt:
        """Return the record of the target from a capture; if it is not the page, the failed attempt."""
        facts = await self._archived_page(fetched, attempts.target)
        if isinstance(facts, Attempt):
            return facts
        self._stats.inc_value(f"gleaner/recover/articles/{fetched.capture.source}")
        return self._record(attempts, facts, fetched.capture, fetched.url)

    async def _page(self, response: Response, target: Target) -> PageFacts | Attempt:
        """Return the facts of *target*'s page in *response*; if it is another page, the failed attempt."""
        if NOT_HELD in response.flags:
            return Attempt(response.url, None, NOT_HELD)
        is_text = isinstance(response, TextResponse)
        refusal = answer_refusal(
            response.url,
            response.status,
            response.body,
            self._profile,
            is_text=is_text,
            location=header(response, "Location"),
        )
        if refusal is None:
            charset = _charset(header(response, "Content-Type"))
            facts = await self._readers.read(response.body, response.url, self._profile, charset)
            refusal = soft_404(facts, target, self._profile, response.url)
            if refusal is None:
                return facts
        return attempt_of(response.url, response.status, refusal)

    async def _archived_page(self, fetched: Fetched, target: Target) -> PageFacts | Attempt:
        """Return the facts of *target*'s page in a capture; if it is another page, the failed attempt."""
        charset = _charset(fetched.content_type)
        try:
            facts = await self._readers.read(fetched.body, fetched.url, self._profile, charset, fetched.archived)
            refusal = soft_404(facts, target, self._profile, None, strict=True)
        except PageNotRead as error:
            refusal = str(error)
        else:
            if refusal is None:
                return facts
        source = fetched.capture.source
        return Attempt(fetched.capture.url or fetched.url, fetched.capture.status, f"{source}: {refusal}", source)

    def _record(self, attempts: Attempts, facts: PageFacts, capture: Capture, url: str) -> Article:
        for rule, times in facts.cleaned:
            self._stats.inc_value(f"gleaner/cleaned/{rule}", times)
        capture = replace(capture, attempts=attempts.tried)
        return article_record(attempts.target, facts, self._profile, capture, run=self._run, url=url)


def _charset(content_type: str | None) -> str | None:
    return http_content_type_encoding(content_type) if content_type else None
