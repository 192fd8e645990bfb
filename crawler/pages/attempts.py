"""What to try next for a target. The one place that decides it, for every spider. Pure.

The URLs of the site come first, in the order of its profile, then those of sister hosts, then web archives. If all gave
nothing, the target waits for an archive that may hold it and gave no answer; else it becomes a stub.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from crawler.frontier.targets import Target, Validators
from crawler.items import Attempt
from crawler.sites import SiteProfile


class Unanswered(NamedTuple):
    """An attempt at a web archive that gave no answer for now; *is_limited* if it asked for fewer requests."""

    attempt: Attempt
    is_limited: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Request *url*: conditionally, if there are *validators*."""

    url: str
    validators: Validators | None = None


@dataclass(frozen=True, slots=True)
class AskArchives:
    """Ask web archives for their captures of the page."""


@dataclass(frozen=True, slots=True)
class Wait:
    """End the lease as failed: a web archive that may hold the page gave no answer."""

    is_limited: bool


@dataclass(frozen=True, slots=True)
class Stub:
    """Archive a stub: the page is nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What was tried for *target* without success, and what is left to try: *urls*, and *archives* if they are asked.

    ``unanswered`` is the first archive that gave no answer.
    """

    target: Target
    urls: tuple[str, ...]
    archives: bool
    tried: tuple[Attempt, ...] = ()
    unanswered: Unanswered | None = None

    @property
    def next(self) -> Ask | AskArchives | Wait | Stub:
        """The next step."""
        if self.urls:
            held = self.target.validators
            return Ask(self.urls[0], held if held and held.url == self.urls[0] else None)
        if self.archives:
            return AskArchives()
        return Wait(self.unanswered.is_limited) if self.unanswered else Stub()

    def after(self, outcome: Attempt | Unanswered) -> Attempts:
        """Return what follows a step without success: of the first URL left, else of a capture in an archive."""
        if isinstance(outcome, Unanswered):
            return replace(self.after(outcome.attempt), unanswered=self.unanswered or outcome)
        return replace(self, urls=self.urls[1:], tried=(*self.tried, outcome))

    def after_archives(self) -> Attempts:
        """Return what follows when web archives have no more to give, or are not to be asked."""
        return replace(self, archives=False)


def first_attempts(target: Target, profile: SiteProfile, *, archives: bool) -> Attempts:
    """Return what there is to try for *target*; *archives* is whether there are any to ask.

    The URL that the held capture came from is first: only there can a conditional request save an answer.
    """
    urls = (*profile.article_urls(target.id), *profile.sister_urls(target.id))
    held = target.validators
    if held and profile.allows(held.url):
        urls = (held.url, *(url for url in urls if url != held.url))
    return Attempts(target=target, urls=urls, archives=archives)
