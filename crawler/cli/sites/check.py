"""``scrapy sites check``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from rich.table import Table

from crawler.archive.description import is_corpus
from crawler.captures.lines import CaptureLine, read_captures
from crawler.cli.show import note, note_damage, print_json, print_table, say
from crawler.cli.sites.draft import add_dumps
from crawler.cli.sites.fetching import FetchedSample, Wanted, fetch_sample
from crawler.cli.sites.reading import read_sample
from crawler.corpus.lines import selected_lines
from crawler.corpus.selection import Selection
from crawler.draft.bottomk import BottomK
from crawler.draft.pages import SampleFacts, read_page, spread
from crawler.draft.trial import SHOWN_SHAPES, TemplateTrial, Trial, add_captures, add_record, begin_trial, mistakes
from crawler.exceptions import STOPPED, ConfigError, SeedError
from crawler.runs.exitcodes import ALARM, COMPLETE, FAILED_URLS, FORCED
from crawler.sites import SiteProfile, load_profile


@dataclass
class Samples:
    """The paths of a sample, by what they are."""

    lists: list[str] = field(default_factory=list)
    corpora: list[Path] = field(default_factory=list)
    dumps: list[str] = field(default_factory=list)

    def captures(self) -> Iterator[CaptureLine]:
        """Yield the captures in all lists."""
        return chain.from_iterable(map(read_captures, self.lists))


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Try a profile on a sample, and print what fits and what does not."""
    profile = load_profile(opts.site)
    samples = _told_apart(opts.sample)
    dumps, known = SampleFacts(), SampleFacts()
    if samples.dumps:
        add_dumps(samples.dumps, dumps)
    trial = begin_trial(profile, dumps.related, dumps.pics)
    for root in samples.corpora:
        _add_corpus(trial, root)
    chosen = BottomK[CaptureLine](max(1, opts.pages, opts.live or 0))
    for article_id, line in add_captures(trial, samples.captures()):
        held = chosen.get(article_id)
        if _is_page(line) and (held is None or held.status is None):
            chosen.put(article_id, line)
    pairs = spread_pairs(chosen)
    fetched = _pages(pairs[: opts.pages], samples, profile, opts)
    if fetched.stopped:
        return FORCED if fetched.forced else STOPPED
    known.failed = fetched.failed
    known.pics = dumps.pics
    known.results = [read_page(page, profile) for page in fetched.pages]
    offsets = SampleFacts(results=[read_page(page, None) for page in fetched.pages], pics=dumps.pics).offsets()
    wrong = mistakes(trial, known, offsets)
    if opts.json:
        print_json({"profile": profile.name, **trial.facts(), **_page_facts(known), "mistakes": wrong})
    else:
        _print(trial, known, wrong)
    if wrong:
        return ALARM
    return FAILED_URLS if fetched.failed and not fetched.pages else COMPLETE


def _told_apart(paths: Sequence[str]) -> Samples:
    """Return *paths* by what they are: a corpus has a description, a list of captures is one from its first line on."""
    samples = Samples()
    for name in paths:
        if Path(name).is_dir() and is_corpus(Path(name)):
            samples.corpora.append(Path(name))
        elif Path(name).is_file() and _is_list(name):
            samples.lists.append(name)
        else:
            samples.dumps.append(name)
    return samples


def _is_list(name: str) -> bool:
    try:
        return next(read_captures(name), None) is not None
    except SeedError:
        return False


def _is_page(line: CaptureLine) -> bool:
    return (line.status is None or line.status[0] == "2") and line.mime != "warc/revisit"


def spread_pairs(chosen: BottomK[CaptureLine]) -> list[tuple[str, CaptureLine]]:
    """Return the sampled (id, capture) pairs, those far apart first."""
    written = {int(article_id): article_id for article_id, _ in chosen.items()}
    values = sorted(((int(article_id), line) for article_id, line in chosen.items()), key=lambda pair: pair[0])
    return [(written[value], line) for value, line in spread(values)]


def _add_corpus(trial: Trial, root: Path) -> None:
    with selected_lines(root, Selection(kind="article")) as lines:
        for line in lines:
            record = line.record
            add_record(trial, record["id"], record["url"], record)
        note_damage(lines.damaged)


def _pages(
    pairs: Sequence[tuple[str, CaptureLine]], samples: Samples, profile: SiteProfile, opts: argparse.Namespace
) -> FetchedSample:
    """Return the pages of *pairs*, and with ``--live`` those of the first of them on the site itself."""
    live: list[Wanted] = []
    for article_id, line in pairs[: opts.live] if opts.live else ():
        urls = profile.article_urls(article_id)
        if not urls:
            raise ConfigError("--live: the profile has no template of articles")
        live.append(Wanted(article_id, line, urls[0]))
    if live:
        return fetch_sample(profile, live, opts.settings)
    return read_sample(pairs, profile, opts.settings, lists=samples.lists, warcs=opts.warc)


def _page_facts(pages: SampleFacts) -> dict[str, object]:
    return {
        "read_pages": len(pages.results),
        "unread_pages": len(pages.failed),
        "titles": pages.titles,
        "dates": pages.dates,
        "texts": pages.texts,
        "languages": dict(pages.languages()),
    }


def _print(trial: Trial, pages: SampleFacts, wrong: Sequence[tuple[str, str]]) -> None:
    if trial.captures:
        say(
            f"{trial.captures:,} captures: an id in {trial.matched:,} of {trial.pages:,} pages "
            f"({trial.ids.count:,} different ids), a picture in {trial.matched_pictures:,} of "
            f"{trial.picture_captures:,} pictures"
        )
        _print_templates([*trial.templates, *trial.pictures], with_dumps=bool(trial.dump_ids))
        _print_unmatched(trial)
    if trial.dump_ids:
        say(f"{len(trial.hits):,} of {len(trial.dump_ids):,} ids of dumps are captured")
    if trial.records:
        say(
            f"{trial.records:,} records: {trial.titles:,} titles, {trial.dates:,} dates, {trial.texts:,} texts; "
            f"in {trial.records - trial.foreign:,} the URL gives their id"
        )
    read = len(pages.results)
    if read:
        say(f"{read} pages read: {pages.titles} titles, {pages.dates} dates, {pages.texts} texts")
    if pages.failed:
        note(f"{len(pages.failed)} captures of the sample could not be read, such as {pages.failed[0][1]}")
    for key, what in wrong:
        say(f"MISTAKE {key}: {what}")
    if not wrong:
        say("no mistake found")


def _print_templates(templates: Sequence[TemplateTrial], *, with_dumps: bool) -> None:
    table = Table("key", "captures", "different", *(("of dumps",) if with_dumps else ()), "template")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for one in templates:
        hits = (f"{len(one.hits):,}",) if with_dumps else ()
        table.add_row(one.key, f"{one.pages:,}", f"{one.ids.count:,}", *hits, one.url)
    print_table(table)


def _print_unmatched(trial: Trial) -> None:
    for group, count in trial.unmatched.most_common(SHOWN_SHAPES):
        say(f"  {count:,} pages without an id, such as {trial.examples[group]}")
