"""``scrapy corpus export --format FORMAT -o OUT``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.cli.corpus.options import selection_of
from crawler.cli.show import done, note_damage, progress
from crawler.corpus.export import Options, export
from crawler.corpus.export.table import MAX_CELL_UNITS
from crawler.exceptions import CorpusDamaged

_MAX_SHOWN = 10


def run(root: Path, opts: argparse.Namespace) -> int:
    """Export the corpus at *root* and print how many records were written.

    Exit code 0, or 5 if damaged records were left out.
    """
    options = Options(force=opts.force, bom=opts.bom)
    with progress("writing") as on_progress:
        exported = export(
            root,
            opts.format,
            opts.output,
            selection_of(opts),
            all_versions=opts.all_versions,
            options=options,
            on_progress=on_progress,
        )
    remarks = [f"{exported.records:,} records in {opts.output}"]
    if exported.without_text:
        remarks.append(f"left out: {exported.without_text:,} without text")
    if exported.without_capture:
        remarks.append(f"left out of the page list: {exported.without_capture:,} whose pages are not in the WARC files")
    if exported.lost:
        shown, more = ", ".join(exported.lost[:_MAX_SHOWN]), f" and {len(exported.lost) - _MAX_SHOWN:,} more"
        named = shown + (more if len(exported.lost) > _MAX_SHOWN else "")
        remarks.append(f"left out of the page list: {len(exported.lost):,} whose captures are lost ({named})")
    if exported.cut_cells:
        remarks.append(
            f"cells cut at the {MAX_CELL_UNITS:,} characters that a spreadsheet holds: {exported.cut_cells:,}"
        )
    if exported.damaged:
        remarks.append(f"left out: {exported.damaged:,} damaged records; scrapy corpus verify names them")
    facts = {"output": opts.output, "format": opts.format, **exported._asdict()}
    if damaged := [damage.facts() for damage in facts.pop("lines")]:
        facts["damaged_lines"] = damaged
    done(opts, facts, remarks)
    return note_damage(exported.lines) or (CorpusDamaged.exit_code if exported.damaged or exported.lost else 0)
