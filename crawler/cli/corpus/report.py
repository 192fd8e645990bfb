"""``scrapy corpus report``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from crawler.archive.description import describe
from crawler.archive.files import write_atomically, write_errors
from crawler.archive.intact import Damages
from crawler.cli.show import note, note_damage, print_json, say
from crawler.corpus.output import output_file
from crawler.corpus.report.make import list_keys, make_report
from crawler.corpus.report.tally import KeyEntry
from crawler.exceptions import ConfigError
from crawler.runs.record import run_names
from crawler.text.terminal import safe, safe_json


def run(root: Path, opts: argparse.Namespace) -> int:
    """Write the report of the corpus at *root*, or of a run in it, or list the keys behind one of its numbers.

    Exit code 0, or 5 if lines that it would show are damaged.
    """
    name = _latest(root) if opts.run == "latest" else opts.run
    damaged = Damages()
    if opts.keys:
        if not list_keys(root, name, opts.keys, _print_json if opts.json else _print, damaged):
            note(f"no keys for {opts.keys}")
        return note_damage(damaged)
    page = make_report(root, name, beside_runs=not opts.output, damaged=damaged)
    if opts.output:
        with output_file(opts.output, root, force=opts.force) as file:
            file.write(page)
    else:
        opts.output = str(root / "runs" / name / "report.html" if name else root / "report.html")
        with write_errors(root):
            write_atomically(Path(opts.output), page)
    if opts.output == "-":
        return note_damage(damaged)
    if opts.json:
        print_json({"output": opts.output, "run": name, "bytes": len(page)})
    else:
        say(f"{opts.output}: {len(page):,} bytes; open it in a browser")
    return note_damage(damaged)


def _latest(root: Path) -> str:
    describe(root)  # there must be a corpus
    names = run_names(root)
    if not names:
        raise ConfigError(f"corpus {root}: no run has ended yet")
    return names[0]


def _print(entry: KeyEntry) -> None:
    sys.stdout.write("\t".join(safe(part) for part in (entry.key, entry.title, entry.note) if part) + "\n")


def _print_json(entry: KeyEntry) -> None:
    facts = {"key": entry.key, "title": entry.title, "note": entry.note}
    sys.stdout.write(safe_json(orjson.dumps(facts).decode()) + "\n")
