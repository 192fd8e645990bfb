"""Reads the records of runs, ``runs/<run>/stats.json``, and checks them like any file from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson

from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.frontier.targets import unix_time

_RUN_RE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The answers of one host in a run: their number, their seconds in all, the seconds of the slowest, their bytes."""

    name: str
    responses: int
    seconds: float
    slowest: float
    bytes: int

    @property
    def mean(self) -> float:
        """Average seconds of an answer."""
        return self.seconds / self.responses if self.responses else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has ended. ``lines``: the bytes that it added to each segment; None for runs of older versions."""

    name: str
    spider: str | None = None
    started: str | None = None
    finished: str | None = None
    exit_code: int | None = None
    stats: Mapping[str, Any] = field(default_factory=dict)
    hosts: tuple[Host, ...] = ()
    lines: Mapping[str, tuple[int, int]] | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds that it took, if recorded."""
        value = self.stats.get("elapsed_time_seconds")
        return float(value) if isinstance(value, int | float) else None

    def number(self, stat: str) -> int:
        """Return the count *stat*, 0 if the run had none."""
        value = self.stats.get(stat, 0)
        return value if isinstance(value, int) else 0


def new_run() -> str:
    """Return a unique name for a run that begins now; the names of later runs sort after it."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}"


def run_names(root: Path) -> list[str]:
    """Return the names of all runs with a record in the corpus at *root*, the latest first."""
    paths = (root / "runs").glob("*/stats.json")
    return sorted((path.parent.name for path in paths if _RUN_RE.fullmatch(path.parent.name)), reverse=True)


def read_run(root: Path, name: str) -> Run:
    """Return the run *name*; raise ``ConfigError`` if there is none, ``CorpusDamaged`` if its record is invalid."""
    path = root / "runs" / name / "stats.json"
    if not _RUN_RE.fullmatch(name) or not path.is_file():
        names = run_names(root)
        known = f"the latest is {names[0]}" if names else "no run has ended yet"
        raise ConfigError(f"corpus {root}: there is no record of a run {name!r}; {known}")
    try:
        content = orjson.loads(path.read_bytes())
        stats = content["stats"]
        started, finished = (_text(stats.get(stat)) for stat in ("start_time", "finish_time"))
        return Run(
            name=name,
            spider=_text(content.get("spider")),
            started=started if unix_time(started) is not None else None,
            finished=finished if unix_time(finished) is not None else None,
            exit_code=content.get("exit_code") if isinstance(content.get("exit_code"), int) else None,
            stats=dict(stats),
            hosts=tuple(_host(host, facts) for host, facts in content.get("hosts", {}).items()),
            lines=_lines(content.get("lines")),
        )
    except (OSError, orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorpusDamaged(str(root), f"{path} is not the record of a run: {error!r}") from error


def latest_runs(root: Path, most: int) -> list[Run]:
    """Return the latest runs of the corpus at *root*, at most *most*; unreadable records are skipped."""
    runs = []
    for name in run_names(root)[:most]:
        try:
            runs.append(read_run(root, name))
        except (ConfigError, CorpusDamaged):
            continue
    return runs


def _host(name: str, facts: Mapping[str, Any]) -> Host:
    seconds, slowest = float(facts["seconds"]), float(facts["slowest"])
    return Host(
        name=name, responses=int(facts["responses"]), seconds=seconds, slowest=slowest, bytes=int(facts["bytes"])
    )


def _lines(value: Mapping[str, list[int]] | None) -> dict[str, tuple[int, int]] | None:
    return None if value is None else {str(name): (int(start), int(end)) for name, (start, end) in value.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
