"""Rebuilds the catalogue from the lines alone, and repairs everything in a corpus that can be repaired."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crawler.archive.description import check_repairable, quarantine, repair_description
from crawler.archive.files import CorpusLock, sync_directory, write_errors
from crawler.archive.lostpictures import quarantine_damaged
from crawler.archive.manifest_lines import MANIFEST_NAME, TAG_NAME, manifest_problem
from crawler.archive.mending import mend_segments, renew_manifest, take_out
from crawler.archive.near import remove_near_index
from crawler.archive.ownprofile import repair_profiles
from crawler.archive.repair import CATALOGUE_NAME, RepairReport, open_catalogue
from crawler.archive.tombstones import Withdrawn, mend_tombstones, write_tombstones
from crawler.archive.warcs import account_for_captures, mend_warcs
from crawler.archive.withdrawal import carry_out
from crawler.archive.witness import Witness


def rebuild(root: Path, reason: str, *, mend: bool = False) -> RepairReport:
    """Rebuild the catalogue of the corpus at *root* from its lines alone; return what was found.

    Attempts and the reasons of failures are lost; everything else is restored. A missing or damaged corpus.json is
    rebuilt too. Targets whose lines the old catalogue knew, and that are lost or damaged now, become pending again.
    With *mend*, lines that are not as they were written are moved to quarantine/, and segments, seals and manifest are
    updated. Raises ``CorpusError`` if there is no corpus.
    """
    check_repairable(root)
    with write_errors(root), CorpusLock(root):
        described = repair_description(root)
        manifest = _quarantine_manifest(root)
        damaged = quarantine_damaged(root)
        witness = Witness(root / CATALOGUE_NAME)
        taken = mend_tombstones(root) + mend_segments(root, witness) if mend else []
        report = _reopen(root, reason, witness)
        if mend and (rest := take_out(root, report.damaged)):
            taken += rest
            report = _reopen(root, reason, None, before=report)
        report.described = described
        report.profiles = repair_profiles(root) if mend else []
        report.manifest = manifest
        report.damaged_pictures = damaged
        report.taken = taken + (renew_manifest(root) if mend else [])
        if taken:
            remove_near_index(root)
        report.mended = mend_warcs(root, rebuild=reason)
        if mend and (withdrawn := Withdrawn.of(root)):
            write_tombstones(root, [replace(one, finished=None) for one in withdrawn.tombstones])
            carry_out(root, withdrawn)  # and the next opening takes back what repeats a withdrawn record
        report.lost = account_for_captures(root)
    return report


def _reopen(root: Path, reason: str, witness: Witness | None, *, before: RepairReport | None = None) -> RepairReport:
    """Rebuild the catalogue; return what was found, with the findings of a rebuild *before* that are gone now."""
    catalogue, report = open_catalogue(root, rebuild=reason, witness=witness)
    catalogue.close()
    if before:
        report.cut = before.cut + report.cut
        report.gone = before.gone + report.gone
    return report


def _quarantine_manifest(root: Path) -> str | None:
    """Move a changed manifest to quarantine/, and return what is wrong; None if the manifest is intact."""
    problem = manifest_problem(root)
    if problem:
        quarantine(root, root / MANIFEST_NAME)
        (root / MANIFEST_NAME).unlink(missing_ok=True)
        (root / TAG_NAME).unlink()
        sync_directory(root)
    return problem
