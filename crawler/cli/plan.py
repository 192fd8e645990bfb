"""``scrapy crawl SPIDER -a plan=1``: prints what a crawl would request, of whom, and how long that takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.table import Table
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from crawler.cli.show import print_json, print_table, say
from crawler.exceptions import ConfigError
from crawler.plan.costs import Cost, archive_costs, disk, host_costs, listed_costs
from crawler.plan.counting import NEW, Counts, Planned, census
from crawler.sites import SiteProfile
from crawler.spiders.base import ArticleSpider
from crawler.utils.conf import switch
from crawler.warc.sources import source_path

WAYS = ("1", "json")
_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_STATES = {
    NEW: "new",
    "pending": "waiting in the frontier",
    "seed": "known only as seeds",
    "failed": "failed before",
    "dropped": "dropped by a pipeline",
    "fetched": "archived",
    "gone": "gone",
}


def print_plan(spider_name: str, arguments: Mapping[str, str], settings: BaseSettings) -> None:
    """Print the plan of a crawl by the spider *spider_name* with its *arguments*; nothing is requested or written.

    Raises ``GleanerError`` for what would end the crawl before its first request.
    """
    arguments = dict(arguments)
    if (way := arguments.pop("plan")) not in WAYS:
        raise ConfigError(f"-a plan={way}: give 1, or json")
    root = Path(settings["CORPUS_DIR"])
    spider_class = get_spider_loader(settings).load(spider_name)
    if not issubclass(spider_class, ArticleSpider):
        raise ConfigError(f"the spider {spider_name} has no plan: its requests do not come from the frontier")
    settings = settings.copy()
    spider_class.update_settings(settings)
    spider = spider_class.for_plan(root, arguments)
    profile, replays = spider.profile, source_path(settings["SOURCE"])
    with census(root) as targets:
        planned = spider.planned(settings)
        targets.name(planned.targets)
        counts = targets.count(planned.scope)
        pictures = targets.pictures() if settings["IMAGES_FETCH"] != "none" else iter(())
        hosts = [] if replays else _host_costs(planned, profile, counts, pictures, settings)
    archives = [] if replays else list(archive_costs(profile, counts.articles - min(counts.due, counts.articles)))
    archives = [*listed_costs(profile, planned.captures or {}), *archives]
    remarks = [
        *_remarks(planned.live_seeds, counts, settings),
        *([f"pages come from {replays}, not from hosts"] if replays else []),
    ]
    if way == "json":
        print_json(_facts(root, counts, hosts, archives, remarks, settings))
    else:
        _print(root, counts, hosts, archives, remarks, settings)


def _host_costs(
    planned: Planned, profile: SiteProfile, counts: Counts, pictures: Iterable[str], settings: BaseSettings
) -> list[Cost]:
    slots = settings.getdict("DOWNLOAD_SLOTS")

    def delay_of(host: str) -> float:
        return float(slots.get(host, {}).get("delay", settings.getfloat("DOWNLOAD_DELAY")))

    return host_costs(
        profile,
        counts,
        pictures,
        delay_of,
        robots=settings.getbool("ROBOTSTXT_OBEY"),
        archives_first=planned.captures is not None,
    )


def _remarks(live_seeds: int, counts: Counts, settings: BaseSettings) -> list[str]:
    """Return what the numbers do not include."""
    remarks = []
    if counts.is_lower_bound:
        remarks.append("pages list more articles within the depth: how many is known only when they are fetched")
    if live_seeds:
        remarks.append(f"{live_seeds} seeds are URLs of feeds or sitemaps: what they list is not counted")
    if settings["IMAGES_FETCH"] != "none":
        remarks.append("pictures that only the pages name are not among the requests")
    if settings.getbool("AUTOTHROTTLE_ENABLED"):
        remarks.append("slow hosts, Crawl-delay in robots.txt, Retry-After and retries make a crawl longer")
    if settings["FRONTIER_URL"]:
        remarks.append("the shared frontier is not read: what other workers fetched is not taken off")
    if switch(settings, "ARCHIVE_WARC"):
        remarks.append("the size of WARC files is not known in advance")
    return remarks


def _facts(
    root: Path, counts: Counts, hosts: list[Cost], archives: list[Cost], remarks: list[str], settings: BaseSettings
) -> dict[str, Any]:
    facts = asdict(counts)
    sizes = facts.pop("sizes")
    return {
        "corpus": str(root),
        **facts,
        "hosts": [_of_cost(one) for one in hosts],
        "archives": [_of_cost(one) for one in archives],
        "disk": asdict(disk(counts, fetches_pictures=settings["IMAGES_FETCH"] != "none")),
        "means_of_corpus": sizes,
        "remarks": remarks,
    }


def _of_cost(cost: Cost) -> dict[str, Any]:
    return {**asdict(cost), "least_seconds": cost.least_seconds, "most_seconds": cost.most_seconds}


def _print(
    root: Path, counts: Counts, hosts: list[Cost], archives: list[Cost], remarks: list[str], settings: BaseSettings
) -> None:
    say(f"Plan for the corpus {root}. Nothing was requested or written.")
    say(f"{_bound(counts)}{counts.articles:,} articles to request")
    for state, number in counts.named.items():
        say(f"  {number:>9,}  named by the seeds, {_STATES.get(state, state)}")
    if counts.waiting:
        say(f"  {counts.waiting:>9,}  others that wait in the frontier")
    if counts.due:
        say(f"  {counts.due:>9,}  archived, due to be rechecked")
    if counts.pictures and settings["IMAGES_FETCH"] != "none":
        say(f"{counts.pictures:,} pictures that dumps name")
    _print_costs("Host", hosts)
    _print_costs("Web archive", archives)
    needed = disk(counts, fetches_pictures=settings["IMAGES_FETCH"] != "none")
    basis = "by assumed sizes: the corpus has none yet" if needed.is_assumed else "by the means of this corpus"
    say("")
    say(f"Disk: about {_size(needed.line_bytes)} of lines and {_size(needed.picture_bytes)} of pictures ({basis})")
    for remark in remarks:
        say(f"- {remark}")


def _print_costs(title: str, costs: list[Cost]) -> None:
    if not costs:
        return
    say("")
    table = Table(title, *("requests", "at most", "seconds each", "time", "at most"), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in costs:
        each = "-" if one.delay_seconds is None else f"{one.delay_seconds:.3g}"
        table.add_row(
            one.name, f"{one.least:,}", f"{one.most:,}", each, _time(one.least_seconds), _time(one.most_seconds)
        )
    print_table(table)


def _bound(counts: Counts) -> str:
    return "At least " if counts.is_lower_bound else ""


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=round(seconds)))


def _size(number: float) -> str:
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - SI
        number, unit = number / 1000, unit + 1
    return f"{number:.3g} {_UNITS[unit]}"
