"""``scrapy seeds``: shows what dumps hold, finds dumps in large files, fetches single articles."""

from __future__ import annotations

from crawler.cli.seeds.options import EXIT_CODES, VERBS
from crawler.cli.verbs import VerbCommand


class Command(VerbCommand):
    """Its verbs are in :mod:`crawler.cli.seeds`."""

    requires_project = False
    name, verbs, exit_codes = "seeds", VERBS, EXIT_CODES

    def short_desc(self) -> str:
        return "Show what seed dumps hold, find them in archives, or fetch single articles"
