"""``scrapy captures``: what web archives hold of a site."""

from __future__ import annotations

from crawler.cli.captures.options import EXIT_CODES, VERBS
from crawler.cli.verbs import VerbCommand


class Command(VerbCommand):
    """Its verbs are in :mod:`crawler.cli.captures`."""

    requires_project = False
    name, verbs, exit_codes = "captures", VERBS, EXIT_CODES

    def short_desc(self) -> str:
        return "List and count what web archives hold of a site"
