"""Makes the report of a corpus, or of a run, and lists the keys behind any of its numbers."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from crawler.archive.description import describe
from crawler.archive.intact import Damages, crcs_of
from crawler.archive.reading import read_catalogue
from crawler.corpus.report.collect import MAX_ROWS_READ, collect, count_pictures, scope_of
from crawler.corpus.report.details import MAX_SINGLE_LINES, SingleLines, count_lines, describe_all
from crawler.corpus.report.page import Report, render
from crawler.corpus.report.related import RELATIONS, count_relations, related
from crawler.corpus.report.sheet import contact_sheet
from crawler.corpus.report.tally import KeyEntry, Tally
from crawler.exceptions import ConfigError
from crawler.runs.record import Host, Run, latest_runs, read_run

_RUNS_SHOWN = 20
_NAMES = {
    *("articles", "seeds", "stubs", "duplicates", "duplicates-article", "changed", "undated"),
    *("known", "asked", "unchanged", RELATIONS),
}
_FAMILIES = ("source-", "language-", "published-", "state-", "reason-", "host-", "pictures-")


def make_report(
    root: Path, run_name: str | None, *, beside_runs: bool = False, damaged: Damages | None = None
) -> bytes:
    """Return the report of the corpus at *root*, or of one run in it, as HTML in UTF-8.

    *beside_runs*: it will lie in the corpus itself, and may link to the reports in ``runs/``. Lines that it would show
    and that are not intact are left out, and go to *damaged*.
    Raises ``CorpusError`` if there is no corpus, ``ConfigError`` if there is no such run.
    """
    description = describe(root)
    run = None if run_name is None else read_run(root, run_name)
    tally, scope = Tally(), scope_of(run)
    damaged = Damages() if damaged is None else damaged
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")  # memory stays flat, however many there are
        connection.execute("BEGIN")
        collected = collect(connection, scope, tally, MAX_ROWS_READ)
        graph = related(connection, scope, tally, whole_corpus=run is None)
        if run is None:
            count_pictures(connection, tally, MAX_ROWS_READ)
        connection.rollback()
        crc_of = crcs_of(connection)
        ranges = dict(run.lines or {}) if run else {}
        all_lines = count_lines(root, ranges, tally, MAX_SINGLE_LINES, crc_of, damaged)
        lines = SingleLines(root, crc_of, damaged)
        describe_all(tally, lines)
        sheet = contact_sheet(root, collected.sheet.entries, lines)
    runs = [run] if run else latest_runs(root, _RUNS_SHOWN)
    return render(
        Report(
            site=str(description.get("site")),
            created=str(description.get("created")),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            command=_command(root, run),
            corpus=f"-s CORPUS_DIR={shlex.quote(str(root))}",
            run=run,
            runs=runs,
            hosts=_together(runs),
            collected=collected,
            graph=graph,
            sheet=sheet,
            all_lines=all_lines,
            linked=frozenset(
                one.name for one in runs if beside_runs and (root / "runs" / one.name / "report.html").exists()
            ),
        )
    ).encode()


def list_keys(
    root: Path,
    run_name: str | None,
    name: str,
    on_entry: Callable[[KeyEntry], None],
    damaged: Damages | None = None,
) -> int:
    """Call *on_entry* with every key behind the number *name* of a report; return how many there are.

    Lines that are not intact are left out, and go to *damaged*.

    A number that a report could have, but not of this corpus or run, is 0. Raises ``ConfigError`` if none has it.
    """
    if name not in _NAMES and not name.startswith(_FAMILIES):
        names = f"{', '.join(sorted(_NAMES))}, and those that begin with {', '.join(_FAMILIES)}"
        raise ConfigError(f"--keys {name}: no number has this name; known: {names} (a report shows which)")
    run = None if run_name is None else read_run(root, run_name)

    def listen(group: str, entry: KeyEntry) -> None:
        if group == name:
            on_entry(entry)

    tally = Tally(0, listen)
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")
        if name.startswith(("pictures-", "host-")) and run is not None:
            damaged = Damages() if damaged is None else damaged
            count_lines(root, dict(run.lines or {}), tally, None, crcs_of(connection), damaged)
        elif name.startswith("pictures-"):
            count_pictures(connection, tally)
        elif name == RELATIONS:
            count_relations(connection, scope_of(run), tally, whole_corpus=run is None)
        else:
            connection.execute("BEGIN")
            collect(connection, scope_of(run), tally)
            connection.rollback()
    return tally.get(name).count


def _command(root: Path, run: Run | None) -> str:
    """Return the command that lists keys, but for the name of the number."""
    which = f" --run {run.name}" if run else ""
    return f"scrapy corpus report -s CORPUS_DIR={shlex.quote(str(root))}{which} --keys"


def _together(runs: Iterable[Run]) -> list[Host]:
    """Return the hosts of all *runs*, the slowest on average first."""
    hosts: dict[str, Host] = {}
    for host in (host for run in runs for host in run.hosts):
        known = hosts.get(host.name)
        hosts[host.name] = (
            host
            if known is None
            else replace(
                known,
                responses=known.responses + host.responses,
                seconds=known.seconds + host.seconds,
                slowest=max(known.slowest, host.slowest),
                bytes=known.bytes + host.bytes,
            )
        )
    return sorted(hosts.values(), key=lambda host: -host.mean)
