# ruff: noqa: E501 - punctuation of other scripts; numbers that the forest learned with
"""Measures the features of each block of a page, as one matrix: the evidence for or against body text.

:data:`GROUPS` lists the columns of the matrix by name, and the functions that measure them. A forest stores the names
that it was trained with (:mod:`crawler.extract.learned.forest`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.extract.blocks import ElementPlace, TextBlock
from crawler.extract.learned.letters import Letters, Phrases, counts, phrases_of
from crawler.extract.learned.words import Vocabulary, Words, words_of
from crawler.extract.marks import NAMES

Matrix = NDArray[np.float32]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Columns = list[NDArray[Any]]

_TAGS = (
    "p", "div", "li", "td", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "pre", "dt", "dd", "section",
    "article", "span", "summary", "th", "a", "header", "footer", "aside", "nav", "body", "main", "ul", "ol", "table", "tr",
    "figure", "form", "center", "address", "fieldset", "legend", "caption", "details",
)  # fmt: skip
_TAG_NUMBERS = {tag: number for number, tag in enumerate(_TAGS, 1)}
_SLUG_RE = re.compile(r"[a-zA-Z0-9%]+(?:-[a-zA-Z0-9%]+){3}")
_NUMBER_RE = re.compile(r"\d{5}")
MIN_SLUG_HYPHENS = 3
MAX_LINK_CHARACTERS = 120
"""Only the end of a longer address is read."""
MIN_PROSE_LETTERS = 80
MAX_PROSE_LINK_SHARE = 0.4
WINDOW_BLOCKS = 3
"""Blocks before and after each block that are measured with it."""
MAX_CONTAINERS = 4
"""Elements that are measured for each block, from its own outwards."""
MAX_LEVELS_UP = 30
MAX_PICTURE_DISTANCE = 9
MAIN_PROSE_SHARES = (0.7, 0.45)
"""A main part of the page is the smallest element with this share of its prose."""
MIN_TITLE_OVERLAP, MIN_TITLE_LETTERS = 0.6, 3
MAX_BLOCK_CHARACTERS = 50_000
"""Only the beginning of a longer block is read: no paragraph is longer."""


class Evidence(NamedTuple):
    """The measurements of the blocks of a page: ``rows`` of features.

    ``sizes``: the amount of text of each block (a Chinese character counts as two and a half). ``overlap``: the share
    of the title's words in it.
    """

    rows: Matrix
    sizes: Matrix
    overlap: Matrix


class _Measures(NamedTuple):
    """The inputs of the columns: ``prose`` marks the blocks that are long and not linked."""

    letters: Letters
    words: Words
    phrases: Phrases
    markup: _Markup
    place: _PlaceColumns
    nearest: Matrix
    places: _Places
    groups: _BlockGroups
    sizes: Matrix
    prose: Flags


def measure(page: Sequence[TextBlock], texts: Sequence[str], title: str, vocabulary: Vocabulary | None) -> Evidence:
    """Return the evidence of the blocks of *page*, with their clean *texts*, under *title*.

    *vocabulary*: the odds of words; None leaves its columns at zero.
    """
    texts = [text[:MAX_BLOCK_CHARACTERS] for text in texts]
    letters = counts(texts)
    folded = [text.casefold() for text in texts]
    markup = _of_markup(page)
    sizes = letters.size.astype(np.float32)
    prose = (sizes >= MIN_PROSE_LETTERS) & (markup.linked < MAX_PROSE_LINK_SHARE)
    words = words_of(folded, title.casefold(), prose, vocabulary)
    place, nearest, places = _of_places(page)
    measures = _Measures(
        letters, words, phrases_of(texts, folded), markup, place, nearest, places, _groups(page, places), sizes, prose
    )
    columns = [column for group in GROUPS for column in group.measure(measures)]
    return Evidence(np.column_stack(columns).astype(np.float32), sizes, words.overlap)


class _Markup(NamedTuple):
    """For each block: the shares of links and emphasis, the pieces of text, and more.

    Also: whether a line break began it, how many links begin in it, how far the last picture is (in blocks, and levels
    up), and the kind of target of its first link.
    """

    linked: Matrix
    strong: Matrix
    pieces: Matrix
    broken: Matrix
    links: Matrix
    blocks_after_picture: Matrix
    levels_to_picture: Matrix
    goes: Matrix


def _of_markup(page: Sequence[TextBlock]) -> _Markup:
    rows = [
        (sum(map(len, block.pieces)) or 1, block.linked, block.strong, len(block.pieces), block.broken, block.links,
         *block.after_picture, _goes(block.href)) for block in page
    ]  # fmt: skip
    letters, linked, strong, pieces, broken, links, after, up, goes = np.array(rows, dtype=np.float32).T
    after, up = (np.minimum(distance, MAX_PICTURE_DISTANCE) for distance in (after, up))
    return _Markup(linked / letters, strong / letters, pieces, broken, links, after, up, goes)


def _goes(href: str) -> int:
    """Return the kind of *href*: 0 none, 1 an anchor on this page or not an address, 2 some page, 3 an article."""
    if not href:
        return 0
    if href[0] == "#" or href.startswith(("javascript:", "mailto:")):
        return 1
    tail = href[-MAX_LINK_CHARACTERS:]
    return 3 if (tail.count("-") >= MIN_SLUG_HYPHENS and _SLUG_RE.search(tail)) or _NUMBER_RE.search(tail) else 2


class _Places(NamedTuple):
    """All places around the blocks, with the parent and depth of each, outer ones first."""

    outer: Numbers
    depths: Numbers
    own_element: Numbers


class _PlaceColumns(NamedTuple):
    """The place of each block: the numbers of its tag and the two around it, its depth, if it is linked or hidden."""

    tag: Matrix
    tag_around: Matrix
    tag_two_around: Matrix
    depth: Matrix
    in_link: Matrix
    unseen: Matrix


def _of_places(page: Sequence[TextBlock]) -> tuple[_PlaceColumns, Matrix, _Places]:
    """Return the place of each block, how many levels up each kind of name is, and all places."""
    ordered: list[ElementPlace] = []  # outer ones first, children of one place together
    index: dict[int, int] = {}
    for block in page:
        place: ElementPlace | None = block.place
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
    own_element = np.array([index[id(block.place)] for block in page])
    lists = {id(block.place.nearest): block.place.nearest for block in page}
    numbers = {key: row for row, key in enumerate(lists)}
    nearest = np.fromiter(chain.from_iterable(lists.values()), np.float32).reshape(len(lists), -1)
    which = [numbers[id(block.place.nearest)] for block in page]
    distance = np.minimum(depths[own_element][:, None] - nearest[which], MAX_LEVELS_UP)
    around = outer[own_element]
    columns = (
        tags[own_element],
        tags[around],
        tags[outer[around]],
        depths[own_element],
        *(flag[own_element] for flag in flags),
    )
    stands = _PlaceColumns(*(column.astype(np.float32) for column in columns))
    return stands, distance, _Places(outer, depths, own_element)


class _BlockGroups(NamedTuple):
    """The group of each block, in four ways: by its element, its kin, its kin and its parent's kin, its parent."""

    element: Numbers
    kin: Numbers
    wide_kin: Numbers
    around: Numbers


def _groups(page: Sequence[TextBlock], places: _Places) -> _BlockGroups:
    kin: dict[object, int] = {}
    wide: dict[object, int] = {}
    kins, wides = [], []
    for block in page:
        place = block.place
        kins.append(kin.setdefault(place.kin, len(kin)))
        wides.append(wide.setdefault((place.kin, place.outer.kin if place.outer else None), len(wide)))
    return _BlockGroups(places.own_element, np.array(kins), np.array(wides), places.outer[places.own_element])


def _neighbours(measures: _Measures) -> Columns:
    """Return some measures of the blocks before and after each block; -1 where there is none."""
    own = np.column_stack([
        measures.sizes, measures.markup.linked, measures.letters.ends_in_stop, measures.place.tag, measures.words.odds,
        measures.words.lowest_odds, measures.prose,
    ]).astype(np.float32)  # fmt: skip
    count = len(own)
    padded = np.pad(own, ((WINDOW_BLOCKS, WINDOW_BLOCKS), (0, 0)), constant_values=-1)
    return [column for step in STEPS for column in padded[WINDOW_BLOCKS + step : WINDOW_BLOCKS + step + count].T]


def _containers(measures: _Measures) -> Columns:
    """Return, for each block and the elements around it, their amount of text, number of blocks, and share of links.

    Then the position of the block relative to the main parts of the page (:data:`MAIN_PROSE_SHARES`), and the amount of
    prose.
    """
    sizes, places, own_element = measures.sizes, measures.places, measures.groups.element
    parts = (sizes, np.ones_like(sizes), sizes * measures.markup.linked, np.where(measures.prose, sizes, 0))
    totals = _totals(places, np.stack(parts, axis=1))
    everything = float(totals[0, 3]) or 1.0
    columns: Columns = []
    around = own_element
    for _ in range(MAX_CONTAINERS):
        held = totals[around]
        size = np.maximum(held[:, 0], 1.0)
        columns += [held[:, 0], held[:, 1], held[:, 2] / size, held[:, 3] / size, held[:, 3] / everything]
        around = places.outer[around]
    for share in MAIN_PROSE_SHARES:
        columns += [column[own_element] for column in _beside_main(totals[:, 3], places.outer, share)]
    columns.append(np.full(len(own_element), everything))
    return columns


def _totals(places: _Places, measures: Matrix) -> NDArray[np.float64]:
    """Return the sums of the *measures* of the blocks in each place; inner places come after outer ones."""
    count = len(places.outer)
    own = np.column_stack([np.bincount(places.own_element, column, count) for column in measures.T])
    ends = list(range(1, count + 1))
    outer = places.outer.tolist()
    for place in range(count - 1, 0, -1):
        ends[outer[place]] = max(ends[outer[place]], ends[place])
    sums = np.vstack([np.zeros(own.shape[1]), np.cumsum(own, axis=0)])
    totals: NDArray[np.float64] = sums[ends] - sums[:-1]
    return totals


def _beside_main(prose: NDArray[np.float64], outer: Numbers, share: float) -> Columns:
    """Return the position of each place relative to the main part: the smallest place with *share* of all *prose*.

    That is: the steps up to the common ancestor, the steps from there to the main part, and the share of the prose in
    the last place below the common ancestor.
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


def _kinds(measures: _Measures) -> Columns:
    """Return the measures of the group of similar blocks around each block, for each way to group them."""
    sizes, groups = measures.sizes, measures.groups
    prose = np.where(measures.prose, sizes, 0)
    everything = float(prose.sum()) or 1.0
    columns: Columns = []
    for group in (groups.kin, groups.wide_kin, groups.around):
        count = np.maximum(np.bincount(group), 1)
        size = np.bincount(group, sizes)
        shares = (
            count,
            size / count,
            np.bincount(group, sizes * measures.markup.linked) / np.maximum(size, 1),
            np.bincount(group, measures.letters.ends_in_stop) / count,
            np.bincount(group, prose) / everything,
        )
        columns += [share[group] for share in shares]
    alike: dict[int, set[int]] = {}
    for kin, holder in zip(groups.kin.tolist(), groups.around.tolist(), strict=True):
        alike.setdefault(kin, set()).add(holder)
    holders = np.array([len(alike[kin]) for kin in groups.kin.tolist()], dtype=float)
    return [*columns, holders, columns[0] / holders]


def _positions(measures: _Measures) -> Columns:
    """Return the position of each block on the page, and its distance from the first heading and title blocks."""
    sizes = measures.sizes
    count = len(sizes)
    index = np.arange(count, dtype=np.float32)
    before = np.cumsum(sizes) - sizes
    characters = np.cumsum(np.where(measures.prose, sizes, 0))
    total = float(sizes.sum()) or 1.0
    title_blocks = np.flatnonzero((measures.words.overlap > MIN_TITLE_OVERLAP) & (sizes > MIN_TITLE_LETTERS))
    heading = np.flatnonzero(measures.place.tag == _TAG_NUMBERS["h1"])
    first = float(title_blocks[0]) if len(title_blocks) else -1.0
    first_heading = float(heading[0]) if len(heading) else -1.0
    last = float(title_blocks[-1]) if len(title_blocks) else -1.0
    return [
        index, index / count, before / total, np.full(count, total), np.full(count, count), index - first,
        index - first_heading, index - last, np.full(count, first >= 0), characters / (float(characters[-1]) or 1.0),
    ]  # fmt: skip


class ColumnGroup(NamedTuple):
    """The names of columns, and the function that measures them."""

    names: tuple[str, ...]
    measure: Callable[[_Measures], Iterable[NDArray[Any]]]


def _each(values: Iterable[object], measures: str) -> tuple[str, ...]:
    return tuple(f"{measure} {value}" for value in values for measure in measures.split())


STEPS = tuple(step for step in range(-WINDOW_BLOCKS, WINDOW_BLOCKS + 1) if step)
GROUPS = (
    ColumnGroup(Letters._fields, attrgetter("letters")),
    ColumnGroup(_Markup._fields, attrgetter("markup")),
    ColumnGroup(Words._fields, attrgetter("words")),
    ColumnGroup(Phrases._fields, attrgetter("phrases")),
    ColumnGroup(_each(NAMES, "levels_to"), lambda measures: measures.nearest.T),
    ColumnGroup(_PlaceColumns._fields, attrgetter("place")),
    ColumnGroup(_each(STEPS, "size linked ends_in_stop tag odds lowest_odds prose"), _neighbours),
    ColumnGroup(
        (
            *_each(range(MAX_CONTAINERS), "held_size held_blocks held_linked held_prose_share held_of_all_prose"),
            *_each(MAIN_PROSE_SHARES, "levels_up_to_main_part levels_down_to_main_part prose_share_with_main_part"),
            "prose_of_page",
        ),
        _containers,
    ),
    ColumnGroup(
        (
            *_each(("kin", "wide_kin", "around"), "blocks_of size_of linked_of ends_in_stop_of prose_share_of"),
            *("elements_around_kin", "kin_an_element"),
        ),
        _kinds,
    ),
    ColumnGroup(
        (
            *("index", "index_share", "share_before", "size_of_page", "blocks_of_page", "blocks_after_title"),
            *("blocks_after_heading", "blocks_after_last_title", "says_title", "prose_share_up_to"),
        ),
        _positions,
    ),
)
COLUMNS = tuple(name for group in GROUPS for name in group.names)
