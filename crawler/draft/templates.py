"""Chooses the templates of articles among the shapes of a list's URLs, and the pattern that finds ids in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from crawler.draft.moments import day_of, growth
from crawler.draft.shapes import Piece, date_pattern
from crawler.draft.tally import NumberTally, Seen, ShapeTally, UrlTally

MIN_IDS = 3
"""Fewer ids in URLs of one shape are no evidence without seeds."""
MIN_GROWTH = 0.3
MIN_COMPARED_IDS = 20
MAX_GROWTH_LOSS = 0.15
"""If two shapes number the same articles, their ids grow together nearly as strongly as those of each."""
MIN_SHARE = 0.002
"""Of the ids of the main shape: shapes with fewer are left out."""
MAX_TEMPLATES = 12
"""Each is a request for an article that is gone."""
_SPACE_SAMPLE = 512
_SEPARATORS = "/-_:.,~"
_WORD_RE = re.compile(r"(?<!\\)[A-Za-z]{2}(?![^\[]*\])|[?&)]*[A-Za-z]=")
"""A word in the pattern of what stands before an id."""
_ANY_END = r"\D"

_LISTS_RE = re.compile(
    r"(?:\A|[/?&_.-])(?:categor(?:y|ies)|cat|catid|tags?|topics?|authors?|users?|members?|profiles?|page|paged|search|forums?"
    r"|threads?|polls?|attachment_id|start|offset|limitstart|pageindex|pagenumber|p(?:age)?no|itemid|sections?|service)"
    r"[/=_-]?\Z",
    re.IGNORECASE | re.ASCII,
)
"""What stands before the number of a list, not of an article."""
_VARIANTS_RE = re.compile(
    r"(?:\A|[/?&_.=-])(?:print|printable|amp|comments?|feed|rss2?|atom|share|e-?mail|pdf|trackback|embed|reply|replytocom|"
    r"tmpl=component|send|raw)(?:[/=&_.-]|\Z)",
    re.IGNORECASE | re.ASCII,
)
"""What stands behind the id of another form of an article."""


@dataclass(frozen=True)
class Candidate:
    """A number in a shape that may be the id of articles: ``place`` is that of its piece."""

    tally: ShapeTally
    number: NumberTally
    place: int

    @cached_property
    def ids(self) -> int:
        """How many distinct values it has, exact or estimated."""
        return self.number.values.count

    @cached_property
    def points(self) -> list[tuple[int, int]]:
        """Sampled (id, day) pairs; the day is that of the first capture, or the one that the URL tells."""
        pairs = ((int(value), day_of(seen.moment)) for value, seen in self.number.values.items())
        return [(value, day) for value, day in pairs if day is not None]

    @cached_property
    def growth(self) -> float | None:
        """How strongly it grows with time, -1 to 1; None if that is not known."""
        return growth(self.points)

    @property
    def before(self) -> tuple[Piece, ...]:
        return self.tally.shape.pieces[: self.place]

    @property
    def after(self) -> tuple[Piece, ...]:
        return self.tally.shape.pieces[self.place + 1 :]

    @cached_property
    def is_list(self) -> bool:
        """Whether the word before it says that it numbers lists."""
        last = self.before[-1] if self.before else Piece("text")
        return last.kind == "literal" and bool(_LISTS_RE.search(last.text))

    @cached_property
    def is_variant(self) -> bool:
        """Whether a word behind it says that this is another form of the page."""
        return any(piece.kind == "literal" and _VARIANTS_RE.search(piece.text) for piece in self.after)

    @cached_property
    def score(self) -> float:
        """How much it looks like the id of articles: many, one for each URL, growing with time."""
        alone = min(1.0, self.ids / max(1, self.tally.urls))
        grows = 0.3 if self.growth is None else 0.3 + 0.7 * max(0.0, self.growth)
        return 0.0 if self.is_list else self.ids * alone * grows * (0.5 if self.is_variant else 1)

    @property
    def seen(self) -> Iterable[tuple[str, Seen]]:
        return self.number.values.items()


@dataclass
class Template:
    """A template of articles and its evidence. ``url`` holds the id's field, with its width if ids are zero-padded.

    ``url`` is None for shapes with a date or slug before the id: then ``shape`` alone says what the URLs look like.
    ``whole`` of ``ids`` were captured at exactly this URL, without a slug behind it.
    """

    url: str | None
    shape: str
    origin: str
    ids: int = 0
    hits: set[str] = field(default_factory=set)
    whole: int = 0
    drops: bool = False
    pages: int = 0
    redirects: int = 0
    first: str = "9"
    last: str = "0"
    example: str = ""
    growth: float | None = None


@dataclass(frozen=True)
class Doubt:
    """A shape that was not taken, and why."""

    shape: str
    ids: int
    hits: int
    example: str
    reason: str


@dataclass
class Choice:
    """The chosen templates, those with the most evidence first, the pattern of ids, and what was left out."""

    templates: list[Template]
    pattern: str
    doubts: list[Doubt]
    candidates: list[Candidate]
    seeds: int


def choose_templates(tally: UrlTally, seed_count: int) -> Choice | None:
    """Return the templates of articles in *tally*; None if no number in its URLs can be an id.

    *seed_count* is how many ids of dumps were looked for.
    """
    candidates = [found for shape in tally.shapes if (found := _candidate(shape)) is not None]
    candidates.sort(key=lambda one: (-len(one.number.hits), -one.score, str(one.tally.shape)))
    if not candidates or not _is_evidence(candidates[0]):
        return None
    main = candidates[0]
    taken, doubts = [main], list[Doubt]()
    for one in candidates[1:]:
        reason = _objection(one, main, taken)
        if reason is None:
            taken.append(one)
        elif reason:
            doubts.append(_doubt(one, reason))
    has_seeds = bool(main.number.hits)
    templates = _merged(taken, padded=has_seeds)
    return Choice(templates, _id_pattern(taken, padded=has_seeds), doubts, taken, seed_count)


def _candidate(tally: ShapeTally) -> Candidate | None:
    """Return the number of a shape that is the likeliest id."""
    pairs = zip(tally.numbers, tally.shape.numbers, strict=True)
    found = [Candidate(tally, number, place) for number, place in pairs if number.values.count]
    return max(found, key=lambda one: (len(one.number.hits), one.score, one.ids, -one.place), default=None)


def _is_evidence(one: Candidate) -> bool:
    return bool(one.number.hits) or (one.ids >= MIN_IDS and one.score > 0)


def _objection(one: Candidate, main: Candidate, taken: Sequence[Candidate]) -> str | None:
    """Return why *one* is not taken, an empty text if it is not worth a word, None if it is taken."""
    hits = len(one.number.hits)
    new_hits = one.number.hits.difference(*(other.number.hits for other in taken))
    if not hits and one.ids < max(MIN_IDS, MIN_SHARE * main.ids):
        return ""
    if one.ids == 1 and main.ids >= MIN_IDS:
        return "a single URL, which shows no form"
    is_flat = one.growth is not None and one.growth < MIN_GROWTH
    if one.is_list and (is_flat or hits * 2 < len(main.number.hits) + 1):
        return "numbers lists, by the word before it"
    same = True if any(_is_same_place(one, other) for other in taken) else same_numbering(one, main)
    if same is False:
        return "its ids do not grow together with those of the first template: another numbering, a profile of its own"
    if one.is_variant and not new_hits:
        return "another form of pages that the other templates give"
    if hits or same or any(_alike(one, other) for other in taken):
        return None
    return "no evidence that it numbers the same articles: too few captures to compare the growth of ids"


def same_numbering(one: Candidate, other: Candidate) -> bool | None:
    """Return whether both number the same articles, by the growth of their ids together; None if that is not known."""
    if one.growth is None or other.growth is None or other.growth < MIN_GROWTH or len(one.points) < MIN_COMPARED_IDS:
        return None
    if one.growth < MIN_GROWTH:  # ids of dumps weigh more than captures that all came late
        return None if one.number.hits else False
    together = growth([*one.points[:_SPACE_SAMPLE], *other.points[:_SPACE_SAMPLE]])
    least = min(one.growth, other.growth)
    return together is not None and together >= max(MIN_GROWTH, least - MAX_GROWTH_LOSS)


def _is_same_place(one: Candidate, other: Candidate) -> bool:
    """Return whether both have their id in the same place of the same host, whatever is behind it."""
    hosts = {shape.origin.partition("://")[2].removeprefix("www.") for shape in (one.tally.shape, other.tally.shape)}
    return one.before == other.before and len(hosts) == 1 and all(piece.kind == "literal" for piece in one.before)


def _alike(one: Candidate, other: Candidate) -> bool:
    """Return whether both shapes differ in scheme, host or the part behind the id alone."""
    return one.before == other.before


def _doubt(one: Candidate, reason: str) -> Doubt:
    return Doubt(_written(one), one.ids, len(one.number.hits), _example(one), reason)


def _example(one: Candidate) -> str:
    return next((seen.line.url for _, seen in one.seen), "")


def _written(one: Candidate) -> str:
    """Return the shape with its id named."""
    pieces = one.tally.shape.pieces
    parts = ("{id}" if place == one.place else _shown(piece) for place, piece in enumerate(pieces))
    return one.tally.shape.origin + "".join(parts)


def _shown(piece: Piece) -> str:
    return piece.text if piece.kind == "literal" else "*"


def _merged(taken: Iterable[Candidate], *, padded: bool) -> list[Template]:
    """Return a template for the candidates that have the same."""
    groups: dict[tuple[str | None, str], list[Candidate]] = defaultdict(list)
    for one in taken:
        url = _template(one, padded=padded)
        groups[url, "" if url else _written(one)].append(one)
    return sorted(
        (_template_of(url, ones) for (url, _), ones in groups.items()),
        key=lambda one: (-len(one.hits), -one.ids, one.url or "~", one.shape),
    )


def _template(one: Candidate, *, padded: bool) -> str | None:
    if any(piece.kind != "literal" for piece in one.before):
        return None
    width = one.number.width if padded else None
    id_field = f"{{id:0{width}}}" if width else "{id}"
    start = "".join(piece.text for piece in one.before)
    if "{" in start or "}" in start:
        return None
    return one.tally.shape.origin + start + id_field + _kept_tail(one)


def _drops_tail(one: Candidate) -> bool:
    return any(piece.kind != "literal" for piece in one.after)


def _kept_tail(one: Candidate) -> str:
    """Return what a template keeps of the part behind the id: all that is before the first text that differs."""
    kept = ""
    for piece in one.after:
        if piece.kind != "literal":
            cut = max(kept.rfind("?"), kept.rfind("&"))
            return kept[:cut] if cut >= 0 else kept.rstrip(_SEPARATORS)
        kept += piece.text
    return "" if "{" in kept or "}" in kept else kept


def _template_of(url: str | None, ones: Sequence[Candidate]) -> Template:
    main = max(ones, key=lambda one: (len(one.number.hits), one.ids))
    found = Template(url, _written(main), main.tally.shape.origin, growth=main.growth, example=_example(main))
    values: dict[str, Seen] = {}
    for one in ones:
        tally = one.tally
        values |= dict(one.seen)
        found.hits |= one.number.hits
        found.pages, found.redirects = found.pages + tally.pages, found.redirects + tally.redirects
        found.first, found.last = min(found.first, tally.first), max(found.last, tally.last)
        found.drops |= _drops_tail(one)
        found.whole += 0 if _drops_tail(one) else one.ids
    is_whole = all(one.number.values.is_whole for one in ones)
    found.ids = len(values) if is_whole else max(one.ids for one in ones)
    found.whole = min(found.whole, found.ids)
    return found


def _id_pattern(taken: Iterable[Candidate], *, padded: bool) -> str:
    """Return a regular expression that finds the id, as ``id``, in the path and query of all the shapes *taken*."""
    ends: dict[str, set[str]] = defaultdict(set)
    zeros = False
    for one in taken:
        ends["".join(_before_pattern(one))].add(_end_pattern(one))
        zeros |= padded and one.number.width is not None
    # Where no word stands before the id, other pages have numbers there too: then what follows it must be the same.
    starts = [
        start if _WORD_RE.search(start) else rf"{start}(?=\d+(?:{'|'.join(sorted(tails))}))"
        for start, tails in ends.items()
    ]
    common = starts[0] if len(starts) == 1 else f"(?:{'|'.join(starts)})"
    boundary = "" if any(_ANY_END in tails for tails in ends.values()) else "(?![0-9A-Za-z])"
    return f"^{common}{'0*' if zeros else ''}(?P<id>{r'[1-9]' if zeros else ''}\\d{'*' if zeros else '+'}){boundary}"


def _end_pattern(one: Candidate) -> str:
    """Return a regular expression for the first letter behind the id."""
    if not one.after:
        return r"[?]|$"
    first = one.after[0]
    if first.kind == "text" or first.text[0].isalnum():
        return _ANY_END
    return escaped(first.text[0])


def _before_pattern(one: Candidate) -> Iterable[str]:
    for piece in one.before:
        if piece.kind == "literal":
            head, mark, rest = piece.text.partition("?")
            yield escaped(head)
            if mark:  # trackers, and names in another order, may stand before
                yield rf"\?(?:[^#]*&)?{escaped(rest)}"
        else:
            yield date_pattern(piece) if piece.kind == "date" else {"text": "[^/?&#]*", "number": r"\d+"}[piece.kind]


def escaped(text: str) -> str:
    """Return a regular expression for *text*, without escapes that nobody needs.

    >>> escaped("/a-b/1*") == "/a-b/1" + chr(92) + "*"
    True
    """
    return re.sub(r"([.?+*()\[\]{}|^$\\])", r"\\\1", text)
