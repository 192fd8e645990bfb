"""Writes a drafted profile as TOML: each line has a comment with its evidence; what is doubtful is commented out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crawler.draft.moments import few_points, rising
from crawler.draft.pages import SampleFacts, iso_day, known_points
from crawler.draft.pictures import PictureTally, PictureTemplate
from crawler.draft.tally import UrlTally
from crawler.draft.templates import MAX_TEMPLATES, Choice, Template
from crawler.draft.zones import MAX_SHOWN_ZONES, MIN_SHARE, ZoneGuess
from crawler.sites.recovery import WebArchive

MAX_DOUBTS = 12
_MAX_COMMENT_LETTERS = 300
_GENERIC_LABELS = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go"})
_MIN_CONTROL = " "
_SHORT_LABEL = 3


@dataclass
class ProfileDraft:
    """All evidence for one profile."""

    name: str
    source: str
    tally: UrlTally
    choice: Choice
    pages: SampleFacts
    pictures: PictureTally
    zone: ZoneGuess
    matched: int = 0
    seeds: int = 0
    archives: tuple[WebArchive, ...] = ()
    sources: dict[str, int] = field(default_factory=dict)

    @property
    def hosts(self) -> list[str]:
        """The origins whose articles no template gives."""
        given = {_origin(one.url) for one in self.templates if one.url}
        return sorted({one.origin for one in self.choice.templates if one.url is None} - given)

    @property
    def templates(self) -> list[Template]:
        """The templates that a profile can have, in order."""
        return [one for one in self.choice.templates if one.url][:MAX_TEMPLATES]

    @property
    def language(self) -> str | None:
        """The language of most pages."""
        return next((code for code, _ in self.pages.languages().most_common(1)), None)

    def facts(self) -> dict[str, Any]:
        """Return the evidence for ``--json``."""
        return {
            "name": self.name,
            "captures": self.tally.lines,
            "pages": self.tally.pages,
            "ids_of_dumps": self.seeds,
            "matched": self.matched,
            "urls": [
                {"url": one.url, "ids": one.ids, "hits": len(one.hits), "first": one.first, "last": one.last}
                for one in self.templates
            ],
            "hosts": self.hosts,
            "id_pattern": self.choice.pattern,
            "doubtful": [one.__dict__ for one in self.choice.doubts],
            "image_urls": [one.url for one in self.pictures.chosen(flat=False)],
            "flat_image_urls": [one.url for one in self.pictures.chosen(flat=True)],
            "timezone": self.zone._asdict(),
            "languages": dict(self.pages.languages()),
            "read_pages": len(self.pages.results),
            "unread_pages": len(self.pages.failed),
            "titles": self.pages.titles,
            "dates": self.pages.dates,
            "texts": self.pages.texts,
        }


def name_of(host: str) -> str:
    """Return a name for the site at *host*.

    >>> name_of("en.alalam.ir"), name_of("www.bbc.co.uk"), name_of("127.0.0.1:8765")
    ('alalam', 'bbc', 'site')
    """
    labels = (urlsplit(f"//{host}").hostname or "").removeprefix("*.").split(".")
    if labels[-1].isdigit() or len(labels) == 1:
        return re.sub(r"[^a-z0-9_-]", "", labels[0]) if not labels[0].isdigit() and labels[0] else "site"
    label = labels[-2]
    if len(labels) > 2 and (label in _GENERIC_LABELS and len(labels[-1]) < _SHORT_LABEL):  # noqa: PLR2004 - co.uk
        label = labels[-3]
    return re.sub(r"[^a-z0-9_-]", "", label).strip("-_") or "site"


def write_profile(draft: ProfileDraft) -> str:
    """Return *draft* as TOML. The same evidence gives the same text."""
    blocks = (_head(draft), _articles(draft), _images(draft), _recovery(draft), _extraction(draft), _known(draft))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _head(draft: ProfileDraft) -> Iterator[str]:
    tally = draft.tally
    yield _comment(
        f"Drafted by scrapy sites draft from {draft.source}: {tally.lines:,} captures ({tally.pages:,} pages, "
        f"{tally.files:,} other files, {tally.errors:,} errors), {_n(draft.seeds, 'id')} of dumps, and "
        f"{_n(len(draft.pages.results), 'page')} read."
    )
    yield "# Each line says its evidence. A line that begins with # was left out: the reason stands beside it."
    yield _comment("Before you use it: scrapy sites check THIS-FILE SAMPLE")
    yield _line(f"name = {_string(draft.name)}", "begins the keys of records: do not change it later")
    languages = draft.pages.languages()
    if draft.language:
        count = languages[draft.language]
        others = ", ".join(f"{code} {n}" for code, n in languages.most_common(5) if code != draft.language)
        note = f"{count} of {len(draft.pages.results)} pages" + (f"; others: {others}" if others else "")
        yield _line(f"language = {_string(draft.language)}", note)
    else:
        yield _line('# language = "en"', "no page was read: the language is not known")
    yield from _zone(draft.zone)


def _zone(zone: ZoneGuess) -> Iterator[str]:
    line = f"timezone = {_string(zone.name)}"
    if not zone.of:
        yield _line(line, f"DOUBTFUL: {zone.reason}; dates without an offset are wrong if it is not this zone")
        return
    note = f"{zone.agree} of {zone.of} offsets: {zone.reason}"
    if zone.agree < MIN_SHARE * zone.of:
        note = f"DOUBTFUL: only {note}"
    if zone.others:
        more = len(zone.others) - MAX_SHOWN_ZONES
        shown = ", ".join(zone.others[:MAX_SHOWN_ZONES]) + (f" and {more} more" if more > 0 else "")
        note += f"; ambiguous, as many agree with {shown}"
    yield _line(line, note)


def _articles(draft: ProfileDraft) -> Iterator[str]:
    yield "[article]"
    templates = draft.templates
    if templates:
        yield "urls = ["
        for one in templates:
            yield _line(f"    {_string(one.url or '')},", _evidence(one, draft))
        yield "]"
    rest = [one for one in draft.choice.templates if one.url][MAX_TEMPLATES:]
    for one in rest:
        yield _line(f"# {_string(one.url or '')},", f"{_evidence(one, draft)}; left out, as there are many")
    without = [one for one in draft.choice.templates if one.url is None]
    if without and draft.hosts:
        yield f"hosts = [{', '.join(map(_string, draft.hosts))}]"
    for one in without:
        yield _comment(
            f"{one.shape}: {_evidence(one, draft)}. A template cannot give what stands before the id; articles are "
            "fetched at the URLs of a list of captures (scrapy crawl captures)"
        )
    note = f"matches {draft.matched:,} of {draft.tally.pages:,} captured pages"
    yield _line(f"id_pattern = {_literal(draft.choice.pattern)}", note)
    for doubt in draft.choice.doubts[:MAX_DOUBTS]:
        hits = f", {doubt.hits} of dumps" if draft.seeds else ""
        yield _line(f"# {doubt.shape}", f"{_n(doubt.ids, 'id')}{hits}: {doubt.reason}; such as {doubt.example}")
    if (more := len(draft.choice.doubts) - MAX_DOUBTS) > 0:
        yield _comment(f"{more} more shapes of URLs were left out; --json names them all")


def _evidence(one: Template, draft: ProfileDraft) -> str:
    parts = []
    if draft.seeds:
        parts.append(f"{len(one.hits):,} of {draft.seeds:,} ids of dumps")
    parts.append(f"{_n(one.ids, 'id')} in {_n(one.pages, 'page')}, {one.first[:4]} to {one.last[:4]}")
    if one.growth is not None:
        parts.append(f"ids grow with time ({one.growth:.2f})")
    if one.redirects:
        parts.append(f"{one.redirects:,} more redirect")
    if one.url and one.drops:
        known = f"{one.whole:,} ids were captured without the slug that others have behind the id"
        parts.append(known if one.whole else "UNKNOWN whether it works without what followed the id")
    parts.append(f"such as {one.example}")
    return "; ".join(parts)


def _images(draft: ProfileDraft) -> Iterator[str]:
    pics = len(draft.pages.pics)
    folded, flat = (draft.pictures.chosen(flat=flat) for flat in (False, True))
    if not folded and not flat:
        yield "# [image]"
        why = "no URL ends in the path of a picture of a dump" if pics else "no dump names a picture"
        yield _line('# urls = ["https://.../{pic}"]', f"{why} ({draft.pictures.pictures:,} captures of pictures)")
        return
    yield "[image]"
    for key, templates in (("urls", folded), ("flat_urls", flat)):
        if templates:
            yield f"{key} = ["
            for one in templates:
                yield _line(f"    {_string(one.url)},", _picture_evidence(one, pics))
            yield "]"


def _picture_evidence(one: PictureTemplate, pics: int) -> str:
    size = f", {round(one.mean_bytes / 1000):,} kB on average" if one.sized else ""
    return (
        f"{len(one.captured):,} of {pics:,} pictures of dumps captured{size}, {len(one.linked):,} in pages, "
        f"{one.alike:,} others of the same form; such as {one.example}"
    )


def _recovery(draft: ProfileDraft) -> Iterator[str]:
    archives = {one.name: one for one in draft.archives}
    yield (
        "[recover]"
        if archives or draft.sources.keys() - {"warc"}
        else "# No [recover]: all captures are in local files."
    )
    if (count := draft.sources.get("wayback", 0)) and "wayback" not in archives:
        yield _line('wayback = "https://web.archive.org"', f"{_n(count, 'capture')} of the list")
    if count := draft.sources.get("commoncrawl", 0):
        yield _line('commoncrawl = "https://index.commoncrawl.org"', f"{_n(count, 'capture')} of the list")
        yield 'commoncrawl_data = "https://data.commoncrawl.org"'
    for name, count in sorted(draft.sources.items()):
        if name not in archives and name not in {"wayback", "commoncrawl", "warc"}:
            yield _comment(
                f"{name}: {_n(count, 'capture')} of the list; its address is not known: name it (--archives)"
            )
    for name, one in archives.items():
        yield ""
        yield _line("[[recover.archives]]", f"{_n(draft.sources.get(name, 0), 'capture')} of the list")
        for key in ("name", "cdx", "replay", "timemap"):
            if value := getattr(one, key):
                yield f"{key} = {_string(value)}"
        yield f"cdx_per_minute = {one.cdx_per_minute:g}"
        yield f"captures_per_minute = {one.captures_per_minute:g}"


def _extraction(draft: ProfileDraft) -> Iterator[str]:
    pages = draft.pages
    read = len(pages.results)
    if read:
        yield _comment(
            f"Extraction without selectors, of {_n(read, 'page')}: {pages.titles} titles, {pages.dates} dates, "
            f"{pages.texts} texts."
        )
    for reason, count in sorted(_reasons(pages).items()):
        yield _comment(f"{_n(count, 'capture')} of the sample could not be read: {reason}")
    if not read:
        yield "# Extraction was not checked: no page of the sample was read."
    elif pages.texts < MIN_SHARE * read or pages.titles < MIN_SHARE * read:
        failed = next((one.line.url for one in pages.results if not one.text or not one.title), "")
        yield _comment(f"Selectors may help: look at {failed}")
        yield "# [extract]"
        yield '# title = "h1"'
        yield '# body = "div.story"'


def _reasons(pages: SampleFacts) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, reason in pages.failed:
        found[reason] = found.get(reason, 0) + 1
    return found


def _known(draft: ProfileDraft) -> Iterator[str]:
    points, source = known_points(draft.pages, draft.choice)
    kept = rising(points)
    if len(kept) < 2 or len(kept) * 2 < len(points):  # noqa: PLR2004 - a line
        yield _comment(f"Ids are not dated: of {len(points)} points ({source}) only {len(kept)} rise with time.")
        return
    few = few_points(kept)
    wrong = len(points) - len(kept)
    yield _comment(f"Ids are dated by {len(few)} of {len(points)} points ({source}); {wrong} contradict the others.")
    for article_id, day in few:
        yield "[[known]]"
        yield f"id = {article_id}"
        yield f"date = {iso_day(day)}"


def _line(text: str, comment: str) -> str:
    return f"{_plain(text)}  # {_plain(comment)}"


def _comment(text: str) -> str:
    return f"# {_plain(text)}"


def _plain(text: str) -> str:
    """Return *text* on one line, without control characters: a comment in TOML may have none."""
    return "".join(letter if letter >= _MIN_CONTROL and letter != "\x7f" else " " for letter in text)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _literal(value: str) -> str:
    return _string(value) if "'" in value else f"'{value}'"


def _n(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def hosts_of(templates: Iterable[Template]) -> Sequence[str]:
    """Return the host names of *templates*, those with the most evidence first."""
    return tuple(dict.fromkeys(urlsplit(one.origin).hostname or "" for one in templates))
