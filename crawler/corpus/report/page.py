"""The page of a report: what was counted, in a template that escapes all of it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crawler.corpus.report import timeline
from crawler.corpus.report.collect import SOURCES, STATES, Collected, slug
from crawler.corpus.report.details import MAX_SINGLE_LINES
from crawler.corpus.report.related import HEIGHT, WIDTH, Related
from crawler.corpus.report.sheet import Thumbnail
from crawler.corpus.report.tally import Group
from crawler.runs.exitcodes import MEANINGS
from crawler.runs.record import Host, Run

_MAX_SHOWN_CHARACTERS = 200
_HOSTS_SHOWN = 10
# Controls, and what turns the order of letters around beyond its own element.
_UNSHOWABLE_RE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_WEB_RE = re.compile(r"https?://[^\s\x00-\x20\x7f\"<>\\^`{|}]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a page shows. ``command`` lists the keys of the number whose name follows it."""

    site: str
    created: str
    made: str
    command: str
    corpus: str
    run: Run | None
    runs: Sequence[Run]
    hosts: Sequence[Host]
    collected: Collected
    graph: Related
    sheet: Sequence[Thumbnail]
    all_lines: bool
    linked: frozenset[str] = frozenset()
    """The runs whose own reports lie in ``runs/``, as seen from this one."""


class Step(NamedTuple):
    """A step of the funnel: what reached it, and what went elsewhere before it."""

    label: str
    group: Group
    lost: list[Group]


def render(report: Report) -> str:
    """Return the page of *report*."""
    css = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    tally = report.collected.tally
    periods = report.collected.periods
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            run=report.run,
            tally=tally,
            steps=_funnel(report),
            sources=[tally.get(f"source-{name}") for name in SOURCES],
            reasons={state: tally.under(f"reason-{state}-") for state in ("gone", "failed", "dropped")},
            languages=tally.under("language-"),
            pictures=tally.under("pictures-"),
            wide=timeline.draw(periods, tally, width=1000, height=300, labels=10),
            narrow=timeline.draw(periods, tally, width=400, height=280, labels=4),
            table=[
                (name, [tally.get(f"published-{name}-{source}") for source in SOURCES]) for name in periods.labels()
            ],
            hosts=[(host, tally.get(f"host-{slug(host.name)}")) for host in report.hosts[:_HOSTS_SHOWN]],
            source_names=SOURCES,
            states=STATES,
            meanings=MEANINGS,
            most_lines=MAX_SINGLE_LINES,
            graph_size=(WIDTH, HEIGHT),
            css=Markup(css),  # noqa: S704 - our own file
            css_hash="sha256-" + b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        )
    )


def _funnel(report: Report) -> list[Step]:
    get = report.collected.tally.get
    unanswered = [get("state-gone", "gone"), get("state-failed", "failed"), get("state-dropped", "dropped")]
    steps = [Step("seed pages read", get("seeds"), [])]
    if report.run is None:
        steps.append(Step("articles that pages name", get("known"), []))
        steps.append(Step("requested", get("asked"), [get("state-pending"), get("state-leased")]))
    else:
        steps.append(Step("articles requested", get("asked"), []))
    steps.append(Step("answered with an article", get("state-fetched"), unanswered))
    steps.append(
        Step(
            "new or changed" if report.run else "in the corpus",
            get("articles"),
            [get("unchanged"), get("duplicates-article")],
        )
    )
    return steps


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "web": web_address, "count": "{:,}".format, "size": size, "span": span}
    return environment


def shown(text: object, max_characters: int = _MAX_SHOWN_CHARACTERS) -> str:
    r"""Return *text* as a page may show it: cut to *max_characters* characters, controls replaced.

    >>> shown("a \u202etitle\x00"), shown("long", 2)
    ('a �title�', 'lo…')
    """
    value = str(text)
    cut = value if len(value) <= max_characters else f"{value[:max_characters]}…"
    return _UNSHOWABLE_RE.sub("\ufffd", cut)


def web_address(url: object) -> str | None:
    """Return *url* if a link may lead there: an address of the web with a host; None for anything else.

    >>> web_address("https://en.alalam.ir/news/1"), web_address("javascript:alert(1)")
    ('https://en.alalam.ir/news/1', None)
    """
    if not isinstance(url, str) or not _WEB_RE.fullmatch(url):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


def size(number: float) -> str:
    """Return a number of bytes as a person says it.

    >>> size(829474)
    '829 kB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 - the step of decimal prefixes
            return f"{number:.0f} {unit}" if number >= 10 or unit == "B" else f"{number:.1f} {unit}"  # noqa: PLR2004
        number /= 1000
    return f"{number:.1f} TB"


def span(seconds: float | None) -> str:
    """Return a time as a person says it.

    >>> span(4.7), span(125), span(7260)
    ('4.7 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds is None:
        return "unknown"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
