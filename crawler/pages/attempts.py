"""What to try next for a target. Only this module decides it, for every spider. Pure.

The URLs of the site come first, in the order of its profile, then those of sister hosts, then web archives. If all
fail, the target waits for an archive that may hold it and gave no answer; otherwise it becomes a stub.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from crawler.frontier.targets import Target, Validators
from crawler.items import Attempt
from crawler.sites import SiteProfile


class Unanswered(NamedTuple):
    """An attempt at a web archive that did not answer; *is_limited* if it asked for fewer requests."""

    attempt: Attempt
    is_limited: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Request *url*; conditionally if there are *validators*."""

    url: str
    validators: Validators | None = None


@dataclass(frozen=True, slots=True)
class AskArchives:
    """Request captures of the page from web archives."""


@dataclass(frozen=True, slots=True)
class Wait:
    """End the lease as failed: a web archive that may hold the page gave no answer."""

    is_limited: bool


@dataclass(frozen=True, slots=True)
class Stub:
    """Archive a stub: the page was not found anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Failed attempts for *target*, and what is left to try: *urls*, and web archives if *archives*.

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
        """Return the next step after a failed one: of the first URL left, else of a capture in an archive."""
        if isinstance(outcome, Unanswered):
            return replace(self.after(outcome.attempt), unanswered=self.unanswered or outcome)
        return replace(self, urls=self.urls[1:], tried=(*self.tried, outcome))

    def after_archives(self) -> Attempts:
        """Return the last step, when web archives have no more captures, or are not used."""
        return replace(self, archives=False)


def first_attempts(target: Target, profile: SiteProfile, *, archives: bool) -> Attempts:
    """Return the attempts for *target*; *archives* is whether web archives are used.

    The URL of the capture that the corpus holds is first: only there can a conditional request get a 304.
    """
    urls = (*profile.article_urls(target.id), *profile.sister_urls(target.id))
    held = target.validators
    if held and profile.allows(held.url):
        urls = (held.url, *(url for url in urls if url != held.url))
    return Attempts(target=target, urls=urls, archives=archives)
