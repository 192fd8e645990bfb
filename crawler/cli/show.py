"""How commands print: text from outside made safe, JSON with the same content, progress on a terminal only."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any

import orjson
from rich import filesize
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from crawler.archive.intact import Damages
from crawler.corpus.worddiff import Change, shortened
from crawler.exceptions import CorpusDamaged
from crawler.text.terminal import safe, safe_json
from crawler.writable import json_of

_STYLES = {"equal": "", "removed": "red strike", "added": "green"}
_MARKS = {"equal": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_CONTEXT_WORDS = 20
_MAX_LINE_CHARACTERS = 160
"""Columns of a table in a file or a pipe."""

_PLAIN_LINE_SECONDS = 60.0
"""So often a long work says how far it is where there is no terminal."""

OnProgress = Callable[[int, int], None]
"""Receives how much is done, and how much there is to do."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print *value* as one line of JSON without terminal escapes."""
    sys.stdout.write(safe_json(json_of(value, orjson.OPT_NON_STR_KEYS).decode()) + "\n")


def say(text: str) -> None:
    """Print a line, made safe, on standard output."""
    sys.stdout.write(safe(text) + "\n")


def note(text: object) -> None:
    """Print a remark, made safe, on standard error."""
    sys.stderr.write(f"gleaner: {safe(str(text))}\n")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # the command handles it; Rich would end with exit code 1


def console() -> Console:
    """Return standard output for styled text: colours on a terminal only, no markup in the text itself."""
    return _Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def note_damage(damaged: Damages) -> int:
    """Print the lines that were left out as *damaged*; return the exit code: 5, or 0 if there are none."""
    for one in damaged:
        note(f"{one}; left out")
    if unnamed := len(damaged) - len(damaged.named):
        note(f"{unnamed:,} more damaged lines left out; scrapy corpus verify names them")
    return CorpusDamaged.exit_code if damaged else 0


def print_table(table: Table) -> None:
    """Print *table* with the width of the terminal, wider in a file or a pipe."""
    out = _Console(highlight=False)
    out.width = out.width if out.is_terminal else _MAX_LINE_CHARACTERS
    out.print(table)


def styled(pieces: list[tuple[str, str]]) -> Text:
    """Return the (text, style) *pieces*, made safe, as one text."""
    return Text.assemble(*((safe(text), style) for text, style in pieces))


def print_changes(changes: list[Change], *, indent: str = "", most: int | None = None) -> None:
    """Print *changes* in colour on a terminal, otherwise as ``[-removed-]{+added+}``; paragraphs begin with *indent*.

    Long equal texts are shortened, and with *most* every text of more than twice as many words.
    """
    out = console()
    pieces: list[tuple[str, str]] = []
    for kind, text in changes:
        before, after = ("", "") if out.is_terminal else _MARKS[kind]
        words = _CONTEXT_WORDS if kind == "equal" else most
        pieces += [(" ", "")] if pieces else []
        pieces.append((f"{before}{shortened(text, words) if words else text}{after}", _STYLES[kind]))
    paragraph = [(indent, "")]
    for text, style in pieces:
        first, *others = text.split("\n\n")
        paragraph.append((first, style))
        for other in others:
            out.print(styled(paragraph))
            out.print()
            paragraph = [(indent, ""), (other, style)]
    out.print(styled(paragraph))


class _Rate(ProgressColumn):
    """How much is done a second, of bytes or of whatever is counted."""

    def __init__(self, *, bytes_: bool) -> None:
        super().__init__()
        self._bytes = bytes_

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{_amount(rate, bytes_=self._bytes)}/s", style="progress.data.speed")


def _amount(count: float, *, bytes_: bool) -> str:
    return filesize.decimal(int(count)) if bytes_ else f"{count:,.0f}"


class _PlainLines:
    """Progress where there is no terminal: a line a minute, so that a log tells what a long command does."""

    def __init__(self, what: str, *, bytes_: bool) -> None:
        self._what, self._bytes = what, bytes_
        self._begun = self._shown = time.monotonic()

    def update(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._shown >= _PLAIN_LINE_SECONDS:
            self._shown = now
            note(self.line(done, total, now - self._begun))

    def line(self, done: int, total: int, seconds: float) -> str:
        """Return how far the work is after so many *seconds*; *total* is 0 if nobody knows it."""
        rate = done / seconds if seconds else 0
        parts = [_of(self._what, done, total, bytes_=self._bytes), f"{_amount(rate, bytes_=self._bytes)}/s"]
        if total > done and rate:
            parts.append(f"{timedelta(seconds=round((total - done) / rate))} left")
        return ", ".join(parts)


def _of(what: str, done: int, total: int, *, bytes_: bool) -> str:
    whole = f" of {_amount(total, bytes_=bytes_)}" if total else ""
    return f"{what}: {_amount(done, bytes_=bytes_)}{whole}"


@contextmanager
def progress(what: str, *, bytes_: bool = False, resumes: bool = True) -> Iterator[OnProgress]:
    """Yield a function that shows the progress of *what*: a live line on a terminal, elsewhere a line a minute.

    An interrupt says how far the work was, and what the same command does then: whether it *resumes*.
    """
    reached = (0, 0)
    stderr = Console(stderr=True)
    amount = DownloadColumn() if bytes_ else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), amount, _Rate(bytes_=bytes_))
    plain = _PlainLines(what, bytes_=bytes_)
    try:
        with ExitStack() as stack:
            live: Progress | None = None
            if stderr.is_terminal:
                live = stack.enter_context(
                    Progress(*columns, TimeRemainingColumn(), console=stderr, transient=True, redirect_stdout=False)
                )
                task = live.add_task(what, total=None, visible=False)  # until there is something to show

            def show(done: int, total: int) -> None:
                nonlocal reached
                reached = (done, total)
                if live is None:
                    plain.update(done, total)
                else:
                    live.update(task, completed=done, total=total or None, visible=True)

            yield show
    except KeyboardInterrupt:
        if reached[0] or resumes:
            then = "the same command resumes" if resumes else "the same command begins again"
            with suppress(OSError):  # a terminal that was closed
                note(f"{_of(what, *reached, bytes_=bytes_)} done; {then}")
        raise


def done(opts: argparse.Namespace, facts: Mapping[str, Any], remarks: list[str]) -> None:
    """Print the result: *facts* as JSON with ``--json``, otherwise *remarks*; on stderr if the output is a pipe."""
    text = safe_json(json_of(facts).decode()) if opts.json else safe("; ".join(remarks))
    stream = sys.stderr if opts.output == "-" else sys.stdout
    stream.write(f"{text}\n")
