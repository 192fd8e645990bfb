"""``scrapy sites``: drafts, tries and prints site profiles."""

from __future__ import annotations

from crawler.cli.sites.options import EXIT_CODES, VERBS
from crawler.cli.verbs import VerbCommand


class Command(VerbCommand):
    """Its verbs are in :mod:`crawler.cli.sites`."""

    requires_project = False
    name, verbs, exit_codes = "sites", VERBS, EXIT_CODES

    def short_desc(self) -> str:
        return "Draft a site profile from evidence, try it on a sample, or print it"
