"""What a crawl prints: one progress line while it runs, a summary at its end. Plain functions of its stats."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawler.exceptions import STOPPED
from crawler.runs.exitcodes import DISK_FULL, FORCED, LIMIT, RATE_LIMITED
from crawler.writable import writable

Stats = Mapping[str, Any]

_STATES = {
    "fetched": "fetched",
    "pending": "not requested yet",
    "gone": "missing on the site",
    "failed": "without an answer",
    "dropped": "dropped by a pipeline",
}
_RESUMES = "the same command resumes"
_FURTHER = {
    "neighbours": "a greater -a depth= goes further",
    "revisit": "run it again to recheck articles that are due",
    "captures": "-a per_article=all adds the other captures as versions",
}
_OUTCOMES = {
    "archived": "archived",
    "unchanged": "with a text that the corpus held",
    "repeated": "that repeat another",
    "not_chosen": "not chosen",
    "not_requested": "not requested yet",
}
_MAX_REASONS = 6


def progress_line(stats: Stats, *, waiting: str, seconds: float, seconds_left: float | None) -> str:
    """Return the progress line: *waiting* targets, *seconds* so far, *seconds_left* seconds to go (None: unknown).

    >>> progress_line({"gleaner/archived/article": 120}, waiting="60", seconds=60, seconds_left=30)
    '120 articles · 60 waiting · 2.0/s · 0:30 left · 0 pictures · 0 stubs · 0 duplicates · 0 failures'
    """
    articles = stats.get("gleaner/archived/article", 0)
    parts = [f"{articles} articles", f"{waiting} waiting", f"{articles / seconds if seconds else 0:.1f}/s"]
    if seconds_left is not None:
        parts.append(f"{_clock(seconds_left)} left")
    parts += [
        f"{stats.get('gleaner/images/stored', 0)} pictures",
        f"{stats.get('gleaner/archived/stub', 0)} stubs",
        f"{stats.get('gleaner/duplicates', 0)} duplicates",
        f"{failures(stats)} failures",
    ]
    return " · ".join(parts)


def failures(stats: Stats) -> int:
    """Return how many URLs and records have failed so far."""
    return sum(
        count
        for name, count in stats.items()
        if name.startswith("gleaner/attempts_failed/")
        or name in {"gleaner/failed", "gleaner/images/failed", "gleaner/seeds_failed"}
    )


def summary(stats: Stats, corpus: Path, exit_code: int, spider: str = "neighbours", *, limited: bool = False) -> str:
    """Return what *spider* archived and where, what failed, and what to do next. *limited*: it had ``max_articles``."""
    seconds = stats.get("elapsed_time_seconds") or 0.0
    got = {kind: stats.get(f"gleaner/archived/{kind}", 0) for kind in ("article", "seed", "stub")}
    rate = got["article"] / seconds if seconds else 0.0
    pictures, missing = (stats.get(f"gleaner/images/{status}", 0) for status in ("stored", "missing"))
    unchanged, duplicates = stats.get("gleaner/unchanged", 0), stats.get("gleaner/duplicates", 0)
    added = f"{got['article']} articles ({rate:.1f}/s), {pictures} pictures, {got['seed']} seeds, {got['stub']} stubs"
    lines = [
        f"Archived in {_clock(seconds)}: {added}",
        f"Already there: {unchanged} · duplicates: {duplicates} · pictures not found: {missing}",
        *_new(stats, spider),
        *_dropped(stats),
        *_known_articles_line(stats),
        *_recovered(stats),
        *_listed(stats),
        f"Corpus: {corpus / 'articles'}",
    ]
    folder = corpus / "runs" / stats.get("gleaner/run", "")
    lines += [f"Report: {path}" for path in (folder / "report.html", folder / "stats.json") if path.exists()][:1]
    further = "run it again for the next articles" if limited else _FURTHER.get(spider, _RESUMES)
    look = f"scrapy corpus stats -s CORPUS_DIR={shlex.quote(str(corpus))}"
    lines.append(f"Next:   {_next_step(stats, exit_code) or f'{look}; {further}'}")
    return "\n".join(lines)


def _new(stats: Stats, spider: str) -> list[str]:
    """Return a line that counts the articles of a revisit that are new to the corpus; for other spiders, none."""
    if spider != "revisit":
        return []
    return [f"New articles: {stats.get('gleaner/new_articles', 0)} · within depth {stats.get('gleaner/depth', 0)}"]


def _dropped(stats: Stats) -> list[str]:
    """Return a line that counts what the user's pipelines dropped in this run, if anything."""
    articles, seeds = stats.get("gleaner/dropped", 0), stats.get("gleaner/seeds_dropped", 0)
    if not articles and not seeds:
        return []
    return [f"Dropped by a pipeline: {articles} articles, {seeds} seeds · -a dropped=retry requests articles again"]


def _known_articles_line(stats: Stats) -> list[str]:
    """Return a line that counts all articles that the corpus knows, by state."""
    counts = {state: stats.get(f"gleaner/targets/{state}", 0) for state in _STATES}
    shown = " · ".join(f"{count} {_STATES[state]}" for state, count in counts.items() if count)
    return [f"Known articles: {shown}"] if shown else []


def _recovered(stats: Stats) -> list[str]:
    """Return a line that counts what web archives gave, if a request went to one."""
    prefix = "gleaner/recover/requests/"
    requests = sum(count for name, count in stats.items() if name.startswith(prefix))
    if not requests:
        return []
    services = (name.removeprefix(prefix) for name in stats if name.startswith(prefix))
    archives = dict.fromkeys(service.removesuffix("-cdx").removesuffix("-index") for service in services)
    counts = {archive: stats.get(f"gleaner/recover/articles/{archive}", 0) for archive in archives}
    got = ", ".join(f"{counts[archive]} from {archive}" for archive in sorted(counts, key=lambda one: -counts[one]))
    waiting = stats.get("gleaner/recover/waiting", 0)
    pictures = stats.get("gleaner/recover/pictures", 0)
    return [
        f"Recovered: {got}, {pictures} pictures · waiting for an archive: {waiting} · requests to archives: {requests}"
    ]


def _listed(stats: Stats) -> list[str]:
    """Return lines that count what became of listed captures, if this was a crawl of them."""
    prefix = "gleaner/captures/"
    if f"{prefix}articles" not in stats:
        return []
    get = {name.removeprefix(prefix): count for name, count in stats.items() if name.startswith(prefix)}
    lines = get.get("lines", 0)
    outcomes = {name: get.get(name, 0) for name in ("archived", "unchanged", "repeated", "not_chosen", "not_requested")}
    failed = {name.removeprefix("failed/"): count for name, count in get.items() if name.startswith("failed/")}
    unused = {name.removeprefix("unused/"): count for name, count in get.items() if name.startswith("unused/")}
    of_articles = sum((*outcomes.values(), *failed.values(), get.get("dropped_by_a_pipeline", 0)))
    share = 100 * outcomes["archived"] / of_articles if of_articles else 0.0
    shown = ", ".join(
        f"{count} {_OUTCOMES[name]}{f' ({share:.1f} %)' if name == 'archived' else ''}"
        for name, count in outcomes.items()
        if count or name == "archived"
    )
    found = [
        f"Listed captures: {of_articles} of {get['articles']} articles: {shown}, {sum(failed.values())} failed",
        f"Listed articles in the corpus: {get.get('articles_held', 0)} of {get['articles']}",
    ]
    if failed:
        found.append(f"Failed captures: {_reasons(failed)}")
    if unused:
        found.append(f"Lines of no use: {sum(unused.values())} of {lines}: {_reasons(unused)}")
    return found


def _reasons(counts: Mapping[str, int]) -> str:
    """Return the most frequent reasons with their counts."""
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in most[:_MAX_REASONS])
    rest = sum(count for _, count in most[_MAX_REASONS:])
    return f"{shown}, {rest} for other reasons" if rest else shown


def _next_step(stats: Stats, exit_code: int) -> str | None:
    """Return what to do about missing articles; None if nothing is missing."""
    failed = stats.get("gleaner/targets/failed", 0)
    if exit_code in {DISK_FULL, STOPPED, FORCED, LIMIT}:
        return "run the same command again: it resumes the crawl"
    if exit_code == RATE_LIMITED:
        service = "a web archive" if stats.get("gleaner/recover/rate_limited") else "the site"
        return f"{failed} targets wait, as {service} asked for fewer requests; try again in an hour or more"
    if failed:
        return f"{failed} targets gave no answer; the same command tries them again"
    if exit_code:
        return "see the log above; the same command tries again what failed"
    return None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def print_summary(stats: Stats, corpus: Path, exit_code: int, spider: str, *, limited: bool) -> None:
    """Print the :func:`summary` to standard output."""
    sys.stdout.write(writable(f"\n{summary(stats, corpus, exit_code, spider, limited=limited)}\n"))
    sys.stdout.flush()
