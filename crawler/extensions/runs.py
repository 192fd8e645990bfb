"""The record of a run: runs/<run>/stats.json, for machines to read, and report.html, for people."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import orjson
from scrapy import Request, Spider, signals
from scrapy.http import Response

from crawler import __version__
from crawler.archive.files import write_atomically
from crawler.archive.profilechoice import ChosenProfile
from crawler.archive.reading import read_catalogue
from crawler.exceptions import CorpusError
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import LocalLeases
from crawler.processes.interrupts import held_back
from crawler.runs.exitcodes import FORCED, exit_code
from crawler.runs.monitor import collapse
from crawler.runs.record import latest_runs
from crawler.text.terminal import safe
from crawler.utils.components import needed_profile
from crawler.utils.conf import number
from crawler.writable import json_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_MAX_HOSTS = 1000
_RUNS_COMPARED, _RUNS_LOOKED_AT = 10, 30
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class _Host:
    """The answers of a host: their number, total seconds, slowest seconds and bytes."""

    responses: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    bytes: int = 0


class RunRecord:
    """Writes the record of a crawl when it ends: stats, exit code, response times of hosts, added lines.

    A separate process makes the report, in at most *report_seconds*, so that it cannot harm the crawl.
    """

    def __init__(self, crawler: Crawler, report_seconds: float, min_answers: float) -> None:
        self._crawler = crawler
        self._min_answers = min_answers
        self._report_seconds = report_seconds
        self._hosts: dict[str, _Host] = defaultdict(_Host)
        self._before: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        needed_profile(crawler)
        report_seconds = number(crawler.settings, "REPORT_SECONDS", "a number of seconds, 0 for no report")
        share = number(crawler.settings, "MONITOR_ANSWERS", "a number from 0 to 1", maximum=1)
        record = cls(crawler, report_seconds, share)
        connect = crawler.signals.connect
        connect(record.spider_opened, signal=signals.spider_opened)
        connect(record.response_downloaded, signal=signals.response_downloaded)
        connect(record.engine_stopped, signal=signals.engine_stopped)
        return record

    async def spider_opened(self) -> None:
        archivist = self._crawler.get_extension(Archivist)
        if archivist is not None:
            segments = await archivist.do(lambda corpus: corpus.catalogue.segments())
            self._before = {name: end for name, (end, _) in segments.items()}

    def response_downloaded(self, response: Response, request: Request) -> None:
        name = urlsplit(request.url).netloc
        if name not in self._hosts and len(self._hosts) >= _MAX_HOSTS:
            name = "others"
        host, seconds = self._hosts[name], float(request.meta.get("download_latency", 0.0))
        host.responses += 1
        host.seconds += seconds
        host.slowest = max(host.slowest, seconds)
        host.bytes += len(response.body)

    async def engine_stopped(self) -> None:
        stats = self._crawler.stats.get_stats()
        leases = self._crawler.get_extension(LocalLeases)
        if leases is not None:
            stats["gleaner/answered"] = leases.answered
        stats["gleaner/peak_memory_bytes"] = _peak_memory()
        root, run = Path(self._crawler.settings["CORPUS_DIR"]), stats["gleaner/run"]
        spider = self._crawler.spider
        if self._min_answers:
            self._compare(root, spider.name if spider else None, stats)
        if self._write(stats, await asyncio.to_thread(self._added, root)):
            await asyncio.to_thread(self._report, root, run)

    def ended_by_force(self) -> None:
        """Write the stats of a run that never reached :meth:`engine_stopped`, as far as they are known."""
        stats = self._crawler.stats.get_stats()
        root, run = Path(self._crawler.settings["CORPUS_DIR"]), stats.get("gleaner/run")
        if run and not (root / "runs" / run / "stats.json").exists():
            stats.pop("finish_reason", None)  # an ordinary close had begun, but did not complete
            if started := stats.get("start_time"):
                stats.setdefault("elapsed_time_seconds", (datetime.now(UTC) - started).total_seconds())
            self._write(stats, None)

    def _write(self, stats: dict[str, Any], lines: dict[str, tuple[int, int]] | None) -> bool:
        """Write stats.json of the run; return whether to make a report, too."""
        root, run, spider = Path(self._crawler.settings["CORPUS_DIR"]), stats["gleaner/run"], self._crawler.spider
        code, failed = exit_code(stats), "gleaner/corpus_failed" in stats
        content = {
            "version": __version__,
            "spider": spider.name if spider else None,
            **_settled(spider),
            "exit_code": code,
            "stats": dict(sorted(stats.items())),
            "hosts": {name: asdict(host) for name, host in sorted(self._hosts.items())},
            "lines": lines,
        }
        path = root / "runs" / run / "stats.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json_of(content, orjson.OPT_INDENT_2, _plain) + b"\n")
        except OSError as error:
            level = logging.INFO if failed else logging.ERROR  # the failure of the corpus is logged already
            logger.log(level, "%s: the run's stats could not be written: %s", path, error)
            return False
        return self._report_seconds > 0 and code != FORCED and not failed  # no report if the crawl must end at once

    def _compare(self, root: Path, spider: str | None, stats: dict[str, Any]) -> None:
        """Note and log it if this run got far fewer answers than earlier runs of its spider."""
        earlier = [run.stats for run in latest_runs(root, _RUNS_LOOKED_AT) if run.spider == spider]
        found = collapse(stats, earlier[:_RUNS_COMPARED], self._min_answers)
        if found:
            stats["gleaner/alarm"] = "; ".join(filter(None, (stats.get("gleaner/alarm"), found)))
            logger.error("Something is wrong with the site, or with how we read it: %s", found)

    def _added(self, root: Path) -> dict[str, tuple[int, int]] | None:
        """Return from which byte to which each segment grew in this run; None if the catalogue cannot be read."""
        try:
            with read_catalogue(root) as connection:
                ends = dict(connection.execute("SELECT name, bytes FROM segments ORDER BY name").fetchall())
        except CorpusError:
            return None
        return {name: (self._before.get(name, 0), end) for name, end in ends.items() if end > self._before.get(name, 0)}

    def _report(self, root: Path, run: str) -> None:
        """Make the report of this run in a process that ends when its time is over."""
        read_end, write_end = os.pipe()  # when no process holds the write end any more, the report process ends
        try:
            with held_back():
                made = subprocess.run(  # noqa: S603 - our own module
                    [sys.executable, "-m", "crawler.corpus.report", str(root.resolve()), run, str(read_end)],
                    cwd=root,  # not in the current folder: its modules could shadow Gleaner's
                    env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_PROJECT), *_python_path()])},
                    timeout=self._report_seconds,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=(read_end,),
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        else:
            if made.returncode == 0:
                return
            reason = made.stderr.decode(errors="replace").strip()[-500:]
        finally:
            os.close(read_end)
            os.close(write_end)
        logger.warning("The report of run %s could not be made: %s", run, safe(reason))


def _settled(spider: Spider | None) -> dict[str, Any]:
    """Return the site, site profile and depth of the run, from which a lost corpus.json is rebuilt."""
    chosen: ChosenProfile | None = getattr(spider, "chosen", None)
    if spider is None or chosen is None:
        return {}
    return {"site": chosen.profile.name, "profile_sha256": chosen.sha256, "depth": getattr(spider, "depth", None)}


def _peak_memory() -> int | None:
    """Return the peak memory of this process so far, in bytes; None where the system does not report it.

    Not by ``getrusage``, whose peak is inherited from the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(peak[1]) * 1024 if peak else None


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
