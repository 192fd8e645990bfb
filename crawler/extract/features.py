# ruff: noqa: E501, RUF001, PLR2004 - punctuation of other scripts; numbers that the forest learned with
"""What can be measured of each block of a page, as one matrix: the evidence for body or not body."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.extract.blocks import Block, Place
from crawler.extract.marks import KIND_COUNT

Matrix = NDArray[np.float32]

_TAGS = (
    "p", "div", "li", "td", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "pre", "dt", "dd", "section",
    "article", "span", "summary", "th", "a", "header", "footer", "aside", "nav", "body", "main", "ul", "ol", "table", "tr",
    "figure", "form", "center", "address", "fieldset", "legend", "caption", "details",
)  # fmt: skip
_TAG_NUMBERS = {tag: number for number, tag in enumerate(_TAGS, 1)}
_STOPS = frozenset(".!?…。！？؟۔")
_ENDS = _STOPS | frozenset(':;»"”’)]')
_QUOTES = frozenset('"”’»)')
_OPENINGS = frozenset("\"'“‘«-–—•*")
_WORD_RE = re.compile(r"\w+")
_CALL_RE = re.compile(
    r"^\W{0,3}(?:(read (?:more|also|next|the full)|also read|see also|more (?:on|from|in)|related|recommended|watch|listen"
    r"|most (?:read|popular)|trending|latest|top stories|what you|up next|here.s|más|veja|leggi|siehe|auch interessant|voir"
    r"|click|don.t miss|you may|what to read|view|continue|lire|leia|mehr|lesen|читайте|اقرأ|بیشتر)"
    r"|(subscribe|sign up|get the|join|follow|share|like us|download|support|donate|newsletter|enter your|log ?in|register)"
    r"|(photo|image|picture|credit|file|getty|source|courtesy|photograph|video|illustration|foto|bild|фото)"
    r"|(by|von|par|por|written|reporting|story by|edited|posted|updated|published|last updated|автор)\b"
    r"|(©|copyright|all rights|\(c\)|disclaimer|this (?:article|story)|terms|privacy)"
    r"|(advertis|sponsored|promoted|ad\b|affiliate|we may earn)"
    r"|(comment|leave a|reply|tags?\b|topics?\b|filed|categor|print|email))",
    re.IGNORECASE,
)
_CREDIT_RE = re.compile(
    r"(?:\(|/|:|\||\bby )\s?(?:image|photo|picture|credit|getty|reuters|afp|ap|epa|file|courtesy|pa|foto|shutterstock|alamy|rex)\b"
    r"[^.]{0,60}$",
    re.IGNORECASE,
)
_RIGHTS = ("©", "rights reserved", "getty images", "cookie", "newsletter", "subscri", "privacy policy", "sign up")
_UPPER, _DIGITS = bytes(range(65, 91)), bytes(range(48, 58))
_CREDIT_MARKS = ("(", "/", ":", "|", "by ")
_DATE_RE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b|\bago\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d",
    re.IGNORECASE,
)
OVERLAP = 17
"""The column that tells how much of the title a block says."""

_LONG = 80
_WINDOW = 4
_UPWARDS = 4


class Known(NamedTuple):
    """What the metadata says that helps to tell the body, casefolded: title (its words), description, articleBody."""

    title: frozenset[str]
    description: str
    article: str


def known(title: str, description: str, article: str) -> Known:
    """Return what is known of a page from its title, its description and the articleBody of its JSON-LD."""
    return Known(frozenset(_WORD_RE.findall(title.casefold())), description.casefold(), article.casefold())


def features(page: Sequence[Block], texts: Sequence[str], told: Known) -> Matrix:
    """Return one row a block of *page*, whose clean *texts* are given beside it; see the parts for the columns."""
    own = np.array([_of_text(block, text, told) for block, text in zip(page, texts, strict=True)], dtype=np.float32)
    nearest = np.array([block.place.nearest for block in page], dtype=np.float32)[:, :KIND_COUNT]
    depth = np.array([block.place.depth for block in page], dtype=np.float32)
    distance = np.minimum(depth[:, None] - nearest, 30)
    place = np.array([_of_place(block) for block in page], dtype=np.float32)
    around = _neighbours(own[:, [0, 3, 6, 7]], place[:, :1])
    within = _containers(page, own)
    return np.concatenate([own, distance, place, around, within, _positions(own, place)], axis=1)


def _of_text(block: Block, text: str, told: Known) -> tuple[float, ...]:
    size = len(text)
    count = text.count(" ") + 1
    raw = sum(map(len, block.pieces)) or 1
    folded = text.casefold()
    start = folded[:40]
    last = text[-1:]
    head = text[:200].encode("ascii", "replace")
    call = _CALL_RE.match(text)
    tail = folded[-100:]
    return (
        size,
        count,
        size / count,
        block.linked / raw,
        block.strong / raw,
        text.count(",") + text.count("،") + text.count("、") + text.count("，"),
        last in _STOPS or (last in _QUOTES and text[-2:-1] in _STOPS),
        last in _ENDS,
        text.count(". ") + text.count("! ") + text.count("? ") + text.count("。") + text.count("؟ "),
        1 - len(head.translate(None, _UPPER)) / len(head),
        1 - len(head.translate(None, _DIGITS)) / len(head),
        text[0].isupper(),
        text[0] in _OPENINGS,
        text.count("|") + text.count("/") + text.count("·"),
        call.lastindex or 0 if call else 0,
        size < 500 and any(words in folded for words in _RIGHTS),
        size < 100 and bool(_DATE_RE.search(text)),
        _overlap(folded, told.title) if size < 300 else 0.0,
        float(len(told.description) > 20 and start[:25] in told.description),
        (-1.0 if not told.article else float(start in told.article)),
        len(block.pieces),
        block.broken,
        text.count('"') + text.count("“"),
        "?" in text,
        ":" in text[-2:],
        "@" in text or "http" in text,
        min(block.after_picture[0], 9),
        min(block.after_picture[1], 9),
        any(mark in tail for mark in _CREDIT_MARKS) and bool(_CREDIT_RE.search(tail)),
    )


def _overlap(folded: str, title: frozenset[str]) -> float:
    words = set(_WORD_RE.findall(folded))
    return len(words & title) / len(words | title) if words and title else 0.0


def _of_place(block: Block) -> tuple[float, ...]:
    place = block.place
    outer = place.outer or place
    further = outer.outer or outer
    return (
        _TAG_NUMBERS.get(place.tag, 0),
        _TAG_NUMBERS.get(outer.tag, 0),
        _TAG_NUMBERS.get(further.tag, 0),
        place.depth,
        place.in_link,
        place.unseen,
    )


def _neighbours(measures: Matrix, tags: Matrix) -> Matrix:
    """Return the size, share of links and full stop of the blocks before and after each, and whether their tags agree."""
    count = len(measures)
    padded = np.pad(measures, ((_WINDOW, _WINDOW), (0, 0)), constant_values=-1)
    tagged = np.pad(tags, ((_WINDOW, _WINDOW), (0, 0)), constant_values=-1)
    columns = []
    for step in (-3, -2, -1, 1, 2, 3):
        columns.append(padded[_WINDOW + step : _WINDOW + step + count])
        columns.append(tagged[_WINDOW + step : _WINDOW + step + count])
    return np.concatenate(columns, axis=1)


def _containers(page: Sequence[Block], own: Matrix) -> Matrix:
    """Return, for each block and the elements around it, how much text that holds, in how many blocks, how linked.

    Then where the block stands to the main parts of the page (the smallest elements that hold 70 and 45 % of its
    prose), and how many blocks the template made like it, in how many elements: many teasers stand each in its own.
    """
    places, outer = _places(page)
    here = np.array([places[id(block.place)] for block in page])
    sizes = own[:, 0]
    prose = np.where((sizes >= _LONG) & (own[:, 3] < 0.4), sizes, 0)
    measures = np.stack([sizes, np.ones_like(sizes), sizes * own[:, 3], prose], axis=1)
    totals = np.zeros((len(outer), 4))
    np.add.at(totals, here, measures)
    for place in range(len(outer) - 1, 0, -1):  # an element is numbered before those in it
        totals[outer[place]] += totals[place]
    everything = float(totals[0, 3]) or 1.0
    columns = []
    around = here
    for _ in range(_UPWARDS):
        held = totals[around]
        size = np.maximum(held[:, 0], 1.0)
        columns += [held[:, 0], held[:, 1], held[:, 2] / size, held[:, 3] / size, held[:, 3] / everything]
        around = outer[around]
    for share in (0.7, 0.45):
        columns += [column[here] for column in _beside_main(totals[:, 3], outer, share)]
    kin = Counter(block.place.kin for block in page)
    holders: dict[tuple[str, str, str], set[int]] = {}
    for block in page:
        holders.setdefault(block.place.kin, set()).add(id(block.place.outer))
    alike = np.array([(kin[block.place.kin], len(holders[block.place.kin])) for block in page], dtype=np.float32)
    columns += [alike[:, 0], alike[:, 1], alike[:, 0] / alike[:, 1], np.full(len(page), everything)]
    return np.stack(columns, axis=1).astype(np.float32)


def _places(page: Sequence[Block]) -> tuple[dict[int, int], NDArray[np.int64]]:
    """Return a number for each place around the blocks of *page*, outer ones first, and of each the one around it."""
    found: dict[int, Place] = {}
    for block in page:
        place: Place | None = block.place
        while place is not None and place.number not in found:
            found[place.number] = place
            place = place.outer
    ordered = [found[number] for number in sorted(found)]
    numbers = {id(place): index for index, place in enumerate(ordered)}
    return numbers, np.array([numbers[id(place.outer)] if place.outer else 0 for place in ordered])


def _beside_main(prose: NDArray[np.float64], outer: NDArray[np.int64], share: float) -> list[NDArray[np.float64]]:
    """Return how each place stands to the main part: the smallest place that holds *share* of all *prose*.

    The steps up to where its way meets that of the main part, from there the steps to the main part, and the share
    of the prose that the last place before the meeting holds.
    """
    total = float(prose[0]) or 1.0
    main = 0
    for place in np.flatnonzero(prose >= share * total).tolist():
        main = place if outer[place] == main else main
    way = {main: 0}
    place, steps = main, 0
    while place != 0:
        place, steps = int(outer[place]), steps + 1
        way[place] = steps
    up, down, apart = np.zeros(len(prose)), np.zeros(len(prose)), np.zeros(len(prose))
    for index, around in enumerate(outer.tolist()):
        if index in way:
            up[index], down[index], apart[index] = 0, way[index], prose[index] / total
        else:
            up[index], down[index] = up[around] + 1, down[around]
            apart[index] = prose[index] / total if around in way else apart[around]
    return [up, down, apart]


def _positions(own: Matrix, place: Matrix) -> Matrix:
    count = len(own)
    index = np.arange(count, dtype=np.float32)
    sizes = own[:, 0]
    before = np.cumsum(sizes) - sizes
    total = float(sizes.sum()) or 1.0
    title = np.where((own[:, OVERLAP] > 0.6) & (own[:, 1] > 1))[0]
    heading = np.where(place[:, 0] == _TAG_NUMBERS["h1"])[0]
    first = float(title[0]) if len(title) else -1.0
    first_heading = float(heading[0]) if len(heading) else -1.0
    last = float(title[-1]) if len(title) else -1.0
    return np.stack(
        [index, index / count, before / total, np.full(count, total), np.full(count, count), index - first, index - first_heading,
         index - last, np.full(count, first >= 0)], axis=1,
    ).astype(np.float32)  # fmt: skip
