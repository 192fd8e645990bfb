# ruff: noqa: E501, PLR2004 - punctuation of other scripts; numbers that the forest learned with
"""What can be measured of each block of a page, as one matrix: the evidence for body or not body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.extract.blocks import Block, Place
from crawler.extract.learned.letters import counts, phrases_of
from crawler.extract.learned.words import Vocabulary, words_of

Matrix = NDArray[np.float32]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Columns = list[NDArray[np.float64]]

_TAGS = (
    "p", "div", "li", "td", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "pre", "dt", "dd", "section",
    "article", "span", "summary", "th", "a", "header", "footer", "aside", "nav", "body", "main", "ul", "ol", "table", "tr",
    "figure", "form", "center", "address", "fieldset", "legend", "caption", "details",
)  # fmt: skip
_TAG_NUMBERS = {tag: number for number, tag in enumerate(_TAGS, 1)}
_SLUG_RE = re.compile(r"[a-zA-Z0-9%]+(?:-[a-zA-Z0-9%]+){3}")
_NUMBER_RE = re.compile(r"\d{5}")
_HYPHENS = 3

_LONG = 80
_LINKED = 0.4
_WINDOW = 3
_UPWARDS = 4
_MEASURED = 50_000
"""Characters of a block that are looked at: no paragraph is longer."""


class Evidence(NamedTuple):
    """The blocks of a page measured: ``rows`` of features.

    ``sizes``: how much text each block has (a Chinese character counts as two and a half). ``overlap``: how much of
    the title it says.
    """

    rows: Matrix
    sizes: Matrix
    overlap: Matrix


def measure(page: Sequence[Block], texts: Sequence[str], title: str, vocabulary: Vocabulary | None) -> Evidence:
    """Return the evidence of the blocks of *page*, whose clean *texts* are given beside it, under *title*.

    *vocabulary*: what words say of a block; None leaves its columns at zero.
    """
    texts = [text[:_MEASURED] for text in texts]
    letters = counts(texts)
    folded = [text.casefold() for text in texts]
    linked, markup = _of_markup(page)
    sizes = letters.sizes
    prose = (sizes >= _LONG) & (linked < _LINKED)
    spoken = words_of(folded, title.casefold(), prose, vocabulary)
    place, nearest, totals = _of_places(page)
    groups = _groups(page, totals)
    own = np.column_stack([letters.columns, markup, spoken.columns, *phrases_of(texts, folded)])
    near = np.column_stack(
        [sizes, linked, letters.ends, place[:, 0], spoken.columns[:, 0], spoken.columns[:, 1], np.where(prose, 1, 0)]
    )
    columns = [
        own,
        nearest,
        place,
        _neighbours(near.astype(np.float32)),
        *_containers(groups[0], totals, sizes, linked, prose),
        *_kinds(groups[1:], sizes, linked, prose, letters.ends),
        _positions(sizes, prose, spoken.overlap, place),
    ]
    return Evidence(np.column_stack(columns).astype(np.float32), sizes, spoken.overlap)


def _of_markup(page: Sequence[Block]) -> tuple[Matrix, Matrix]:
    """Return the share of links in each block, and its columns: links, emphasis, pieces, breaks, pictures, address."""
    rows = [
        (sum(map(len, block.pieces)) or 1, block.linked, block.strong, len(block.pieces), block.broken, block.links,
         block.after_picture[0], block.after_picture[1], _goes(block.href)) for block in page
    ]  # fmt: skip
    table = np.array(rows, dtype=np.float32)
    linked, strong = table[:, 1] / table[:, 0], table[:, 2] / table[:, 0]
    np.minimum(table[:, 6:8], 9, out=table[:, 6:8])
    return linked, np.column_stack([linked, strong, table[:, 3:]])


def _goes(href: str) -> int:
    """Return what *href* looks like: 0 none, 1 a mark on this page or no address, 2 some page, 3 an article."""
    if not href:
        return 0
    if href[0] == "#" or href.startswith(("javascript:", "mailto:")):
        return 1
    tail = href[-120:]
    return 3 if (tail.count("-") >= _HYPHENS and _SLUG_RE.search(tail)) or _NUMBER_RE.search(tail) else 2


class _Places(NamedTuple):
    """All places around the blocks: of each the one around it and its depth, outer ones first."""

    outer: Numbers
    depths: Numbers
    here: Numbers


def _of_places(page: Sequence[Block]) -> tuple[Matrix, Matrix, _Places]:
    """Return the columns of where each block stands, how far up the kinds of names are, and the places."""
    ordered: list[Place] = []  # outer ones first, those within one together
    index: dict[int, int] = {}
    for block in page:
        place: Place | None = block.place
        way = []
        while place is not None and id(place) not in index:
            way.append(place)
            place = place.outer
        for place in reversed(way):
            index[id(place)] = len(ordered)
            ordered.append(place)
    rows = chain.from_iterable(
        (index[id(place.outer)] if place.outer else 0, place.depth, _TAG_NUMBERS.get(place.tag, 0), place.in_link,
         place.unseen) for place in ordered
    )  # fmt: skip
    outer, depths, tags, *flags = np.fromiter(rows, np.int64, 5 * len(ordered)).reshape(-1, 5).T
    here = np.array([index[id(block.place)] for block in page])
    lists = {id(block.place.nearest): block.place.nearest for block in page}
    numbers = {key: row for row, key in enumerate(lists)}
    nearest = np.fromiter(chain.from_iterable(lists.values()), np.float32).reshape(len(lists), -1)
    which = [numbers[id(block.place.nearest)] for block in page]
    distance = np.minimum(depths[here][:, None] - nearest[which], 30)
    around = outer[here]
    place_columns = np.column_stack(
        [tags[here], tags[around], tags[outer[around]], depths[here], *(flag[here] for flag in flags)]
    )
    return place_columns.astype(np.float32), distance, _Places(outer, depths, here)


def _groups(page: Sequence[Block], places: _Places) -> tuple[Numbers, ...]:
    """Return the group of each block, four ways: its element, its kin, its kin and that around, the element around."""
    kin: dict[object, int] = {}
    wide: dict[object, int] = {}
    kins, wides = [], []
    for block in page:
        place = block.place
        kins.append(kin.setdefault(place.kin, len(kin)))
        wides.append(wide.setdefault((place.kin, place.outer.kin if place.outer else None), len(wide)))
    return places.here, np.array(kins), np.array(wides), places.outer[places.here]


def _neighbours(measures: Matrix) -> Matrix:
    """Return the *measures* of the blocks before and after each."""
    count = len(measures)
    padded = np.pad(measures, ((_WINDOW, _WINDOW), (0, 0)), constant_values=-1)
    steps = [step for step in range(-_WINDOW, _WINDOW + 1) if step]
    return np.concatenate([padded[_WINDOW + step : _WINDOW + step + count] for step in steps], axis=1)


def _containers(here: Numbers, places: _Places, sizes: Matrix, linked: Matrix, prose: Flags) -> Columns:
    """Return, for each block and the elements around it, how much text that holds, in how many blocks, how linked.

    Then where the block stands to the main parts of the page: the smallest elements that hold 70 and 45 % of its prose.
    """
    measures = np.stack([sizes, np.ones_like(sizes), sizes * linked, np.where(prose, sizes, 0)], axis=1)
    totals = _totals(places, measures)
    everything = float(totals[0, 3]) or 1.0
    columns: Columns = []
    around = here
    for _ in range(_UPWARDS):
        held = totals[around]
        size = np.maximum(held[:, 0], 1.0)
        columns += [held[:, 0], held[:, 1], held[:, 2] / size, held[:, 3] / size, held[:, 3] / everything]
        around = places.outer[around]
    for share in (0.7, 0.45):
        columns += [column[here] for column in _beside_main(totals[:, 3], places.outer, share)]
    columns.append(np.full(len(here), everything))
    return columns


def _totals(places: _Places, measures: Matrix) -> NDArray[np.float64]:
    """Return the sums of the *measures* of the blocks in each place: those within one come together, after it."""
    count = len(places.outer)
    own = np.column_stack([np.bincount(places.here, column, count) for column in measures.T])
    ends = list(range(1, count + 1))
    outer = places.outer.tolist()
    for place in range(count - 1, 0, -1):
        ends[outer[place]] = max(ends[outer[place]], ends[place])
    sums = np.vstack([np.zeros(own.shape[1]), np.cumsum(own, axis=0)])
    totals: NDArray[np.float64] = sums[ends] - sums[:-1]
    return totals


def _beside_main(prose: NDArray[np.float64], outer: Numbers, share: float) -> Columns:
    """Return how each place stands to the main part: the smallest place that holds *share* of all *prose*.

    The steps up to where its way meets that of the main part, from there the steps to the main part, and the share
    of the prose that the last place before the meeting holds.
    """
    total = float(prose[0]) or 1.0
    main = 0
    around = outer.tolist()
    for place in np.flatnonzero(prose >= share * total).tolist():
        main = place if around[place] == main else main
    way = {main: 0}
    place, steps = main, 0
    while place != 0:
        place, steps = around[place], steps + 1
        way[place] = steps
    count = len(around)
    up, down, apart = [0] * count, [0] * count, [0] * count
    for index, holder in enumerate(around):
        if index in way:
            down[index], apart[index] = way[index], index
        else:
            up[index], down[index] = up[holder] + 1, down[holder]
            apart[index] = index if holder in way else apart[holder]
    return [np.array(up, dtype=float), np.array(down, dtype=float), prose[apart] / total]


def _kinds(groups: tuple[Numbers, ...], sizes: Matrix, linked: Matrix, prose: Flags, ends: Matrix) -> Columns:
    """Return what the blocks that a template made alike are like together, for each block and way to group them."""
    everything = float(np.where(prose, sizes, 0).sum()) or 1.0
    columns: Columns = []
    for group in groups:
        count = np.maximum(np.bincount(group), 1)
        size = np.bincount(group, sizes)
        shares = (
            count,
            size / count,
            np.bincount(group, sizes * linked) / np.maximum(size, 1),
            np.bincount(group, ends) / count,
            np.bincount(group, np.where(prose, sizes, 0)) / everything,
        )
        columns += [share[group] for share in shares]
    alike: dict[int, set[int]] = {}
    for kin, holder in zip(groups[0].tolist(), groups[-1].tolist(), strict=True):
        alike.setdefault(kin, set()).add(holder)
    holders = np.array([len(alike[kin]) for kin in groups[0].tolist()], dtype=float)
    return [*columns, holders, columns[0] / holders]


def _positions(sizes: Matrix, prose: Flags, overlap: Matrix, place: Matrix) -> Matrix:
    count = len(sizes)
    index = np.arange(count, dtype=np.float32)
    before = np.cumsum(sizes) - sizes
    told = np.cumsum(np.where(prose, sizes, 0))
    total = float(sizes.sum()) or 1.0
    said = np.flatnonzero((overlap > 0.6) & (sizes > 3))
    heading = np.flatnonzero(place[:, 0] == _TAG_NUMBERS["h1"])
    first = float(said[0]) if len(said) else -1.0
    first_heading = float(heading[0]) if len(heading) else -1.0
    last = float(said[-1]) if len(said) else -1.0
    return np.column_stack([
        index, index / count, before / total, np.full(count, total), np.full(count, count), index - first,
        index - first_heading, index - last, np.full(count, first >= 0), told / (float(told[-1]) or 1.0),
    ])  # fmt: skip
