"""``scrapy seeds rescue``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.archive import Target
from crawler.archive.profilechoice import ChosenProfile, choose_profile
from crawler.archive.reading import read_catalogue
from crawler.cli.show import note, print_json, say
from crawler.exceptions import STOPPED, ConfigError, CorpusError
from crawler.frontier.targets import target_id
from crawler.items import Article, Attempt
from crawler.pages.attempts import Ask, Attempts, Stub, Wait
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS, FORCED
from crawler.sites import SiteProfile
from crawler.spiders.base import ArticleSpider
from crawler.spiders.steps import Steps
from crawler.utils.engine import Stopping
from crawler.utils.process import WITHOUT_CORPUS, run_to_end
from crawler.utils.response import reason_of


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Request single articles now, and print the result of each step."""
    return rescue(opts.wanted, opts.site, opts.settings, as_json=opts.json)


if TYPE_CHECKING:
    from scrapy.settings import Settings

_RUN = "rescue"
_SHOWN_TEXT = 400
_SETTINGS: dict[str, Any] = {
    **WITHOUT_CORPUS,
    "EXTENSIONS": {
        **WITHOUT_CORPUS["EXTENSIONS"],
        "crawler.extensions.readers.Readers": 10,
        "crawler.extensions.recoverer.Recoverer": 15,
    },
    "EXTRACT_PROCESSES": 0,
}


class Rescued(NamedTuple):
    """The result for one target: its record (None: not found), and the steps without success.

    ``waiting``: an archive gave no answer, so that a later try may succeed.
    """

    target: Target
    record: Article | None
    attempts: tuple[Attempt, ...]
    waiting: bool


class RescueSpider(ArticleSpider):
    """Tries all steps for each of *targets*, one after the other; *on_end* receives each result."""

    name = "rescue"
    without_corpus = True

    def __init__(self, site: ChosenProfile, targets: Sequence[Target], on_end: Callable[[Rescued], None]) -> None:
        super().__init__(site, 0, None, {})
        self._targets, self._on_end = targets, on_end

    async def start(self) -> AsyncIterator[Article]:
        """Rescue all targets; results go to *on_end* and are not archived."""
        with suppress(Stopping):
            for target in self._targets:
                self._on_end(await self._rescue(target))
        return
        yield  # an asynchronous generator, as Scrapy wants one, of nothing

    @cached_property
    def steps(self) -> Steps:
        return Steps(self.crawler, self.profile, _RUN)

    async def _rescue(self, target: Target) -> Rescued:
        attempts = self.steps.first(target)
        while not isinstance(step := attempts.next, Wait | Stub):
            if isinstance(step, Ask):
                found = await self._from_site(step.url, attempts)
            else:
                found = await self.steps.archives(attempts)
            if isinstance(found, Article):
                return Rescued(target, found, found.capture.attempts, waiting=False)
            attempts = found
        return Rescued(target, None, attempts.tried, waiting=isinstance(step, Wait))

    async def _from_site(self, url: str, attempts: Attempts) -> Article | Attempts:
        """Return the record of the target as *url* gives it, or what is left to try."""
        try:
            response = await self.crawler.engine.download_async(Request(url, callback=NO_CALLBACK))
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - Scrapy passes on whatever went wrong below it
            return self.steps.failed(attempts, Attempt(url, None, reason_of(error)))
        return await self.steps.answer(response, attempts)


def rescue(wanted: Sequence[str], site: str | None, settings: Settings, *, as_json: bool) -> int:
    """Try all steps for each of the URLs or ids *wanted*, print the results, and return the exit code.

    The site profile is *site*, otherwise the corpus's own. The code is 0 if all were found, 11 (by force: 13) if it was
    stopped earlier, otherwise 9. Raises GleanerError for an invalid URL or id.
    """
    root = Path(settings["CORPUS_DIR"])
    chosen = choose_profile(root, site)
    if chosen.remark:
        note(chosen.remark)
    targets = [target_of(one, chosen.profile, root) for one in wanted]
    ended: list[Rescued] = []

    def on_end(rescued: Rescued) -> None:
        ended.append(rescued)
        (print_object if as_json else print_steps)(rescued)
        sys.stdout.flush()

    process = run_to_end(RescueSpider, settings, _SETTINGS, site=chosen, targets=targets, on_end=on_end)
    if len(ended) < len(targets) and process.stopped:
        note("stopped by a signal")
        return FORCED if process.forced else STOPPED
    found = len(ended) == len(targets) and all(one.record for one in ended)
    return COMPLETE if found else FAILED_URLS


def target_of(wanted: str, profile: SiteProfile, corpus: Path) -> Target:
    """Return the article that a URL or an id names, with its title and picture from dumps if the *corpus* has them.

    Raises ConfigError if it names no article of this site.
    """
    article_id = wanted if profile.article_urls(wanted) else profile.article_id(wanted)
    if article_id is None:
        raise ConfigError(f"{wanted}: not an id or URL of an article of the site {profile.name}")
    target = Target(key=profile.key(article_id), id=article_id, depth=0)
    with suppress(CorpusError), read_catalogue(corpus) as connection:
        query = "SELECT title, pic FROM targets WHERE tid = ? AND key = ?"
        row = connection.execute(query, (target_id(target.key), target.key)).fetchone()
        if row:
            target = replace(target, title=row[0], pic=row[1])
    return target


def print_object(rescued: Rescued) -> None:
    """Print the result as one JSON object on a line."""
    found = rescued.record is not None
    facts = {"key": rescued.target.key, "found": found, "waiting": rescued.waiting}
    print_json({**facts, "attempts": rescued.attempts, "record": rescued.record})


def print_steps(rescued: Rescued) -> None:
    """Print the steps, one a line, and a summary of the record."""
    lines = [f"{rescued.target.key}"]
    lines += [f"  {one.source:<12} {one.reason.removeprefix(f'{one.source}: ')}  {one.url}" for one in rescued.attempts]
    record = rescued.record
    if record is None:
        lines.append(
            "  not found" + ("; an archive gave no answer: try again later" if rescued.waiting else " anywhere")
        )
    else:
        capture = record.capture
        when = f" (captured {capture.archived})" if capture.archived else ""
        lines.append(f"  {capture.source:<12} found{when}  {capture.url}")
        text = (record.text or "").replace("\n", " ")
        lines += [
            f"  title        {record.title or '-'}",
            f"  published    {record.published or '-'}"
            + (f" (by {record.published_from})" if record.published else ""),
            f"  authors      {', '.join(record.authors) or '-'}",
            f"  pictures     {len(record.images)}, related {len(record.related)}, words {len(text.split())}",
            f"  text         {text[:_SHOWN_TEXT]}{'...' if len(text) > _SHOWN_TEXT else ''}",
        ]
    for line in lines:
        say(line)
