"""Tries a profile on a sample: what each template gives, and which keys of the profile do not fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from crawler.captures.lines import CaptureLine
from crawler.draft.bottomk import BottomK
from crawler.draft.pages import SampleFacts
from crawler.draft.shapes import cells_of
from crawler.draft.tally import is_error, is_page, is_picture
from crawler.draft.zones import OffsetFact
from crawler.sites import SiteProfile
from crawler.sites.templates import before_id, written_id
from crawler.text.language import are_kin

MIN_MATCHED_SHARE = 0.01
"""Of the captured pages that are articles: a pattern that finds fewer does not fit the site."""
MIN_SHARE = 0.8
"""Of sampled pages: that have a title, that have a text, that are in the profile's language."""
MIN_DATED_SHARE = 0.5
MIN_COUNT = 3
VALUE_SAMPLE = 2_048
MAX_SHAPES = 1_024
SHOWN_SHAPES = 5
_DAYS_OF_DOUBT = 33
"""A capture is of some day of its month, and a day of an id is about right."""
_ID_RE = re.compile(r"[0-9]{1,20}", re.ASCII)


@dataclass
class TemplateTrial:
    """What a template gives: captured pages at it, distinct ids among them, and ids of dumps."""

    url: str
    key: str
    pages: int = 0
    ids: BottomK[None] = field(default_factory=lambda: BottomK(VALUE_SAMPLE))
    hits: set[str] = field(default_factory=set)
    example: str = ""


@dataclass
class Trial:
    """The counts of a trial. ``early`` are (id, day) pairs of captures before the date that the profile gives."""

    profile: SiteProfile
    templates: list[TemplateTrial]
    pictures: list[TemplateTrial]
    captures: int = 0
    pages: int = 0
    matched: int = 0
    untemplated: int = 0
    ids: BottomK[None] = field(default_factory=lambda: BottomK(VALUE_SAMPLE))
    picture_captures: int = 0
    matched_pictures: int = 0
    dump_ids: set[str] = field(default_factory=set)
    bad_ids: set[str] = field(default_factory=set)
    hits: set[str] = field(default_factory=set)
    dump_pics: set[str] = field(default_factory=set)
    bad_pics: set[str] = field(default_factory=set)
    unmatched: Counter[tuple[str, ...]] = field(default_factory=Counter)
    examples: dict[tuple[str, ...], str] = field(default_factory=dict)
    early: list[tuple[str, str]] = field(default_factory=list)
    records: int = 0
    foreign: int = 0
    titles: int = 0
    dates: int = 0
    texts: int = 0

    def facts(self) -> dict[str, Any]:
        """Return the counts for ``--json``."""
        return {
            "captures": self.captures,
            "pages": self.pages,
            "matched": self.matched,
            "ids": self.ids.count,
            "ids_of_dumps": len(self.dump_ids),
            "captured_ids_of_dumps": len(self.hits),
            "templates": [
                {"key": one.key, "url": one.url, "pages": one.pages, "ids": one.ids.count, "hits": len(one.hits)}
                for one in (*self.templates, *self.pictures)
            ],
            "pictures": self.picture_captures,
            "matched_pictures": self.matched_pictures,
            "unmatched": [
                {"pages": count, "example": self.examples[group]} for group, count in self.unmatched.most_common(50)
            ],
            "records": self.records,
            "record_titles": self.titles,
            "record_dates": self.dates,
            "record_texts": self.texts,
        }


def begin_trial(profile: SiteProfile, ids: Iterable[str], pics: Iterable[str]) -> Trial:
    """Return a trial of *profile*, with *ids* and *pics* of dumps."""
    tables = [
        *(("article.urls", number, url) for number, url in enumerate(profile.article_templates, 1)),
        *(("recover.article_urls", number, url) for number, url in enumerate(profile.recovery.article_templates, 1)),
    ]
    pictures = [
        *(("image.urls", number, url) for number, url in enumerate(profile.image_templates, 1)),
        *(("image.flat_urls", number, url) for number, url in enumerate(profile.flat_templates, 1)),
    ]
    trial = Trial(
        profile,
        [TemplateTrial(url, f"{key}[{number}]") for key, number, url in tables],
        [TemplateTrial(url, f"{key}[{number}]") for key, number, url in pictures],
        dump_ids=set(ids),
        dump_pics=set(pics),
    )
    trial.bad_ids = {one for one in trial.dump_ids if not _ID_RE.fullmatch(one)}
    trial.bad_pics = {one for one in trial.dump_pics if not profile.image_urls(one)}
    return trial


def add_captures(trial: Trial, lines: Iterable[CaptureLine]) -> Iterator[tuple[str, CaptureLine]]:
    """Count *lines*, and yield the (id, line) pairs of the captured articles. Takes linear time and flat memory."""
    profile = trial.profile
    for line in lines:
        trial.captures += 1
        if is_error(line):
            continue
        if is_picture(line):
            _add_picture(trial, line)
        elif is_page(line):
            trial.pages += 1
            article_id = profile.article_id(line.url)
            if article_id is None:
                _add_unmatched(trial, line)
            else:
                _add_article(trial, line, article_id)
                yield article_id, line


def _add_article(trial: Trial, line: CaptureLine, article_id: str) -> None:
    trial.matched += 1
    trial.ids.put(article_id, None)
    found = False
    for one in trial.templates:
        if _is_at(line.url, one.url, article_id):
            found = True
            one.pages += 1
            one.ids.put(article_id, None)
            one.example = one.example or line.url
            if article_id in trial.dump_ids:
                one.hits.add(article_id)
    trial.untemplated += not found
    if article_id in trial.dump_ids:
        trial.hits.add(article_id)
    _check_date(trial, line, article_id)


def _is_at(url: str, template: str, article_id: str) -> bool:
    """Return whether *url* begins as *template* gives it, with the id whole; a slug may follow."""
    start = before_id(template) + written_id(template, article_id)
    return url.startswith(start) and not url[len(start) : len(start) + 1].isdigit()


def _check_date(trial: Trial, line: CaptureLine, article_id: str) -> None:
    day = trial.profile.id_time(article_id)
    if day is None or len(trial.early) >= VALUE_SAMPLE:
        return
    captured = date(int(line.timestamp[:4]), max(1, int(line.timestamp[4:6])), 1)
    if (day.date() - captured).days > _DAYS_OF_DOUBT:
        trial.early.append((article_id, line.timestamp[:8]))


def _add_unmatched(trial: Trial, line: CaptureLine) -> None:
    cells = cells_of(line.url)
    group = cells.group if cells else ("",)
    if group in trial.unmatched or len(trial.unmatched) < MAX_SHAPES:
        trial.unmatched[group] += 1
        trial.examples.setdefault(group, line.url)


def _add_picture(trial: Trial, line: CaptureLine) -> None:
    trial.picture_captures += 1
    pic = trial.profile.pic(line.url)
    trial.matched_pictures += pic is not None
    for one in trial.pictures:
        prefix, _, suffix = one.url.partition("{pic}")
        if pic is not None and line.url.startswith(prefix) and line.url.endswith(suffix):
            one.pages += 1
            one.ids.put(pic, None)
            one.example = one.example or line.url
            if pic in trial.dump_pics:
                one.hits.add(pic)


def add_record(trial: Trial, article_id: str | None, url: str | None, fields: dict[str, Any]) -> None:
    """Count a record of a corpus: whether the profile finds its id in its URL, and which *fields* it has."""
    trial.records += 1
    trial.titles += bool(fields.get("title"))
    trial.dates += bool(fields.get("published"))
    trial.texts += bool(fields.get("text"))
    if url and article_id:
        trial.foreign += trial.profile.article_id(url) != article_id


def mistakes(trial: Trial, pages: SampleFacts, offsets: Iterable[OffsetFact]) -> list[tuple[str, str]]:
    """Return the (key, what is wrong) pairs of the profile."""
    checks: tuple[Callable[[], Iterator[tuple[str, str]]], ...] = (
        lambda: _of_pattern(trial),
        lambda: _of_templates(trial),
        lambda: _of_pictures(trial),
        lambda: _of_times(trial, offsets),
        lambda: _of_pages(trial.profile, pages),
    )
    return [one for check in checks for one in check()]


def _of_pattern(trial: Trial) -> Iterator[tuple[str, str]]:
    key = "article.id_pattern"
    if trial.pages and trial.matched < MIN_MATCHED_SHARE * trial.pages:
        example = next(iter(trial.examples.values()), "")
        yield key, f"finds an id in {trial.matched:,} of {trial.pages:,} captured pages; not in {example}"
    if trial.foreign:
        yield key, f"finds another id, or none, in the URLs of {trial.foreign:,} of {trial.records:,} records"
    if trial.dump_ids and trial.matched >= MIN_COUNT and not trial.hits:
        yield key, f"none of {len(trial.dump_ids):,} ids of dumps is among the {trial.ids.count:,} captured ids"
    if trial.bad_ids:
        yield (
            "article.urls",
            f"{len(trial.bad_ids):,} ids of dumps are not 1 to 20 digits, such as {min(trial.bad_ids)}",
        )


def _of_templates(trial: Trial) -> Iterator[tuple[str, str]]:
    if trial.matched and trial.templates and not any(one.pages for one in trial.templates):
        yield "article.urls", f"no captured page is at any template, such as {trial.templates[0].url}"
    elif trial.untemplated and trial.templates and not trial.profile.article_hosts:
        yield "article.urls", f"no template gives {trial.untemplated:,} of {trial.matched:,} captured articles"


def _of_pictures(trial: Trial) -> Iterator[tuple[str, str]]:
    if trial.bad_pics:
        key = "image.urls" if "/" in min(trial.bad_pics) else "image.flat_urls"
        yield key, f"gives no URL for {len(trial.bad_pics):,} pictures of dumps, such as {min(trial.bad_pics)}"
    if trial.picture_captures and trial.pictures and not trial.matched_pictures:
        yield "image.urls", f"none of {trial.picture_captures:,} captured pictures is at a template"


def _of_times(trial: Trial, offsets: Iterable[OffsetFact]) -> Iterator[tuple[str, str]]:
    zone = trial.profile.zone
    wrong = [fact for fact in offsets if fact.moment.astimezone(zone).utcoffset() != timedelta(minutes=fact.minutes)]
    if len(wrong) >= MIN_COUNT:
        hours = wrong[0].minutes / 60
        when = f"{hours:+g} hours on {wrong[0].moment:%Y-%m-%d}"
        yield "timezone", f"{len(wrong)} offsets contradict {zone.key}: by {wrong[0].source} it was {when}"
    if len(trial.early) >= MIN_COUNT and len(trial.early) > MIN_MATCHED_SHARE * trial.matched:
        article_id, day = trial.early[0]
        yield "known", f"dates {len(trial.early):,} ids later than their captures, such as {article_id}, captured {day}"


def _of_pages(profile: SiteProfile, pages: SampleFacts) -> Iterator[tuple[str, str]]:
    read = len(pages.results)
    if read < MIN_COUNT:
        return
    for name, count, least in (
        ("title", pages.titles, MIN_SHARE),
        ("date", pages.dates, MIN_DATED_SHARE),
        ("body", pages.texts, MIN_SHARE),
    ):
        if count < least * read:
            selector = profile.selectors.get(name)
            how = f"the selector {selector!r} and the extractor find" if selector else "the extractor finds"
            yield f"extract.{name}", f"{how} one on {count} of {read} pages"
    languages = pages.languages()
    known = languages.total()
    agree = sum(count for code, count in languages.items() if _is(code, profile.language))
    if profile.language and known >= MIN_COUNT and agree < (1 - MIN_SHARE) * known:
        code, count = languages.most_common(1)[0]
        yield "language", f"{count} of {known} pages are in {code}, not in {profile.language}"


def _is(code: str, language: str | None) -> bool:
    return language is not None and (code == language or are_kin(code, language))
