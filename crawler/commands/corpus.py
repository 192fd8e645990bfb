"""``scrapy corpus``: search, check, repair, export and share a corpus."""

from __future__ import annotations

from pathlib import Path

from crawler.cli.corpus.options import EXIT_CODES, VERBS
from crawler.cli.verbs import VerbCommand


class Command(VerbCommand):
    """Its verbs are in :mod:`crawler.cli.corpus`."""

    requires_project = True
    name, verbs, exit_codes = "corpus", VERBS, EXIT_CODES

    def short_desc(self) -> str:
        return "Search, check, repair, export and share a corpus"

    def check(self, root: Path) -> None:
        from crawler.archive.inbag import refuse_bag  # noqa: PLC0415 - as the verbs themselves

        refuse_bag(root)
        if (root / "withdrawn.jsonl").exists():
            self._complete(root)

    def _complete(self, root: Path) -> None:
        """Carry out a withdrawal that was interrupted, before any verb reads what it takes out."""
        from crawler.cli.show import note  # noqa: PLC0415
        from crawler.corpus.withdrawal import complete  # noqa: PLC0415
        from crawler.exceptions import CorpusDamaged  # noqa: PLC0415

        try:
            if complete(root):
                note(f"corpus {root}: a withdrawal that was interrupted is carried out now")
        except CorpusDamaged as error:  # repair must be able to run; verify reports it
            note(error)
