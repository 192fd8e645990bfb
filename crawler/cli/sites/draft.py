"""``scrapy sites draft``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.captures.lines import CaptureLine, names_list, read_captures
from crawler.cli.show import note, print_json, say
from crawler.cli.sites.fetching import archives_only
from crawler.cli.sites.reading import read_sample
from crawler.corpus.output import output_file
from crawler.draft.document import ProfileDraft, hosts_of, name_of, write_profile
from crawler.draft.pages import SampleFacts, choose_pages, read_pages
from crawler.draft.pictures import PictureTally
from crawler.draft.tally import UrlTally, is_error, is_page, take_tally
from crawler.draft.templates import Choice, choose_templates
from crawler.draft.zones import guess_zone
from crawler.exceptions import STOPPED, ConfigError, SeedError
from crawler.net import url_origin
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS, FORCED, INTERNAL
from crawler.seeds import read_seeds
from crawler.sites import SiteProfile, load_profile, parse_profile
from crawler.sites.recovery import COMMONCRAWL, WAYBACK, Recovery, wayback_archive

_ENDING = ".toml"
_LIST_ENDING = ".captures.jsonl.gz"
_PUBLIC = Recovery(
    archives=(wayback_archive("https://web.archive.org", None, 24, 120),),
    commoncrawl="https://index.commoncrawl.org",
    commoncrawl_data="https://data.commoncrawl.org",
    steps=(WAYBACK, COMMONCRAWL),
)


def run(root: Path, opts: argparse.Namespace) -> int:
    """Draft a profile, write it, and print its evidence."""
    _check_output(opts.output, force=opts.force)
    recovery = load_profile(opts.archives).recovery if opts.archives else _PUBLIC
    facts = SampleFacts()
    if opts.seeds:
        add_dumps(opts.seeds, facts)
    path = _list_of(opts)
    if isinstance(path, int):
        return path
    drafting = Drafting(path)
    tally, choice = drafting.choose(facts.related)
    sample = read_sample(
        choose_pages(choice, opts.pages), archives_only(recovery), opts.settings, lists=[path], warcs=opts.warc
    )
    if sample.stopped:
        note("stopped by a signal: nothing is written")
        return FORCED if sample.forced else STOPPED
    given, facts.failed = len(facts.related), sample.failed
    pages = list[tuple[bytes, str]]()
    read_pages(sample.pages, lambda page: pages.append((page.body, page.line.url)), facts)
    if len(facts.related) > given:  # the captured pages have dumps, whose ids are evidence too
        tally, choice = drafting.choose(facts.related)
    pictures = PictureTally(facts.pics)
    pictures.add_captures(drafting.lines())
    for body, url in pages:
        pictures.add_page(body, url)
    hosts = hosts_of(choice.templates)
    draft = ProfileDraft(
        name=opts.name or name_of(hosts[0]),
        source=Path(path).name,
        tally=tally,
        choice=choice,
        pages=facts,
        pictures=pictures,
        zone=guess_zone(facts.offsets(), hosts),
        seeds=len(facts.related),
        archives=recovery.archives if opts.archives else (),
        sources=dict(Counter(line.source for line in drafting.lines())),
    )
    profile = parse_profile(write_profile(draft).encode(), opts.output)
    draft.matched = drafting.matched(profile)
    with output_file(opts.output, root, force=opts.force) as file:
        file.write(write_profile(draft).encode())
    if opts.json:
        print_json(draft.facts())
    else:
        _print(draft, opts.output)
    return FAILED_URLS if sample.failed and not sample.pages else COMPLETE


class Drafting:
    """The passes through the list of captures at *path*."""

    def __init__(self, path: str) -> None:
        self._path = path

    def lines(self) -> Iterator[CaptureLine]:
        """Yield the captures from the beginning."""
        return read_captures(self._path)

    def choose(self, ids: set[str]) -> tuple[UrlTally, Choice]:
        """Return what the list says of the shapes of its URLs, with *ids* of dumps, and the templates of articles."""
        tally = take_tally(self.lines, ids)
        if not tally.pages:
            raise ConfigError(f"{self._path}: there is no capture of a page in it ({tally.lines:,} captures)")
        choice = choose_templates(tally, len(ids))
        if choice is None:
            raise ConfigError(
                f"{self._path}: no number in the URLs of its {tally.pages:,} pages can be the id of articles"
                + (f": none of the {len(ids):,} ids of dumps is in one" if ids else "; give dumps with --seeds")
            )
        if ids and not choice.candidates[0].number.hits:
            note(f"none of the {len(ids):,} ids of dumps is in a captured URL: the ids are inferred without them")
        return tally, choice

    def matched(self, profile: SiteProfile) -> int:
        """Return how many captured pages *profile* takes for articles."""
        pages = (line for line in self.lines() if is_page(line) and not is_error(line))
        return sum(profile.article_id(line.url) is not None for line in pages)


def add_dumps(paths: Sequence[str], facts: SampleFacts) -> None:
    """Add to *facts* the ids and pictures in the dumps at *paths*. Raises SeedError if there is no dump in them."""
    for seed in read_seeds(paths, ZoneInfo("UTC"), note):
        for dump in seed.page.dumps:
            for item in dump.related:
                facts.related.add(item.id)
                if item.pic:
                    facts.pics.setdefault(item.pic, item.id)
    if not facts.related:
        raise SeedError(", ".join(paths), "there is no dump in it")


def _check_output(name: str, *, force: bool) -> None:
    if not name.endswith(_ENDING):
        raise ConfigError(f"-o {name}: give the name of a file that ends in {_ENDING}")
    if Path(name).exists() and not force:
        raise ConfigError(f"{name} is there already: give --force to replace it")
    if not Path(name).absolute().parent.is_dir():
        raise ConfigError(f"{name}: there is no folder {Path(name).parent}")


def _list_of(opts: argparse.Namespace) -> str | int:
    """Return the path of the list of captures; those of a host are listed first, beside the profile.

    If the listing fails, return its exit code. Raises ConfigError if *opts* name neither.
    """
    if Path(opts.evidence).exists() or names_list(opts.evidence):
        return str(opts.evidence)
    if url_origin(f"http://{opts.evidence.removeprefix('*.')}") is None or "." not in opts.evidence:
        raise ConfigError(f"{opts.evidence}: no such file, and not a host such as example.org")
    output = opts.output.removesuffix(_ENDING) + _LIST_ENDING
    if Path(output).exists():
        note(f"{output} is there already: its captures are used")
        return str(output)
    command = [sys.executable, "-m", "scrapy", "captures", "list", opts.evidence, "-o", output]
    command += [part for source in opts.source for part in ("--source", source)]
    command += ["--site", opts.archives] if opts.archives else []
    # a process of its own: a reactor runs once, and the sample needs one
    done = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603 - our own command
    if done.returncode or not Path(output).exists():
        note(f"the captures of {opts.evidence} were not all listed: the same command resumes")
        return done.returncode or INTERNAL
    return str(output)


def _print(draft: ProfileDraft, name: str) -> None:
    choice = draft.choice
    say(f"{draft.tally.lines:,} captures, {draft.tally.pages:,} of them pages; {draft.seeds:,} ids of dumps")
    for one in choice.templates:
        hits = f"{len(one.hits):>8,} of dumps" if draft.seeds else ""
        say(f"  {one.ids:>8,} ids{hits}  {one.url or one.shape}")
    for picture in (*draft.pictures.chosen(flat=False), *draft.pictures.chosen(flat=True)):
        say(f"  {picture.evidence:>8,} pictures  {picture.url}")
    pages = draft.pages
    say(
        f"{len(pages.results)} pages read: {pages.titles} titles, {pages.dates} dates, {pages.texts} texts; "
        f"{draft.language or 'unknown language'}, {draft.zone.name}"
    )
    if pages.failed:
        note(f"{len(pages.failed)} captures of the sample could not be read, such as {pages.failed[0][1]}")
    if choice.doubts:
        say(f"{len(choice.doubts)} shapes of URLs are left out as doubtful: see the comments")
    say(f"{name} is written: try it with scrapy sites check {name} SAMPLE")
