"""What a site profile says of recovery: where to look for what the site no longer serves, and how often to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Step = Literal["sisters", "wayback", "commoncrawl"]
STEPS: tuple[Step, ...] = get_args(Step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The table ``[recover]`` of a profile: the steps after the site's own URLs, in order, and their budgets.

    ``article_templates``, ``image_templates`` and ``flat_templates`` are of sister hosts. ``wayback`` is the base URL
    of a Wayback Machine, ``cdx`` that of its CDX server; ``commoncrawl`` that of index servers and
    ``commoncrawl_data`` of the host with the WARC files. ``collections`` are the indexes to ask, such as
    ``CC-MAIN-2016-07``; if there are none, those ``nearest`` to a target's date. Budgets are requests a minute;
    ``patience`` is how many seconds a run waits for an archive that answers not, or asks to wait.
    """

    article_templates: tuple[str, ...] = ()
    image_templates: tuple[str, ...] = ()
    flat_templates: tuple[str, ...] = ()
    wayback: str | None = None
    cdx: str | None = None
    cdx_per_minute: float = 24
    captures_per_minute: float = 120
    commoncrawl: str | None = None
    commoncrawl_data: str | None = None
    collections: tuple[str, ...] = ()
    nearest: int = 3
    commoncrawl_per_minute: float = 24
    patience: float = 120
    steps: tuple[Step, ...] = STEPS

    def asks(self, step: Step) -> bool:
        """Return whether *step* is one to take, and has somewhere to go."""
        there = {
            "sisters": bool(self.article_templates or self.image_templates or self.flat_templates),
            "wayback": self.wayback is not None,
            "commoncrawl": self.commoncrawl is not None and self.commoncrawl_data is not None,
        }
        return step in self.steps and there[step]

    def urls(self) -> Iterator[str]:
        """Yield a URL of each host that recovery may ask."""
        yield from (*self.article_templates, *self.image_templates, *self.flat_templates)
        yield from (url for url in (self.wayback, self.cdx, self.commoncrawl, self.commoncrawl_data) if url)
