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
_END_RE = re.compile(r"[.!?…。！？؟۔:;»\"”’)\]]\s*$")
_STOP_RE = re.compile(r"[.!?…。！？؟۔][\"”’»)]?\s*$")
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
_RIGHTS_RE = re.compile(
    r"©|all rights reserved|getty images|cookie|newsletter|\bsubscri|privacy policy|sign up", re.IGNORECASE
)
_DATE_RE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b|\bago\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d",
    re.IGNORECASE,
)
_LONG = 80
_WINDOW = 4
_UPWARDS = 4


class Known(NamedTuple):
    """What the metadata says that helps to tell the body: the words of the title, the description, an articleBody."""

    title: str
    description: str
    article: str


def features(page: Sequence[Block], texts: Sequence[str], known: Known) -> Matrix:
    """Return one row a block of *page*, whose clean *texts* are given beside it; see the parts for the columns."""
    own = np.array([_of_text(block, text, known) for block, text in zip(page, texts, strict=True)], dtype=np.float32)
    nearest = np.array([block.place.nearest for block in page], dtype=np.float32)[:, :KIND_COUNT]
    depth = np.array([block.place.depth for block in page], dtype=np.float32)
    distance = np.minimum(depth[:, None] - nearest, 30)
    place = np.array([_of_place(block) for block in page], dtype=np.float32)
    around = _neighbours(own[:, [0, 3, 6, 7]], place[:, :1])
    within = _containers(page, own)
    return np.concatenate([own, distance, place, around, within, _positions(own, place)], axis=1)


def _of_text(block: Block, text: str, known: Known) -> tuple[float, ...]:
    size = len(text)
    words = text.split()
    count = len(words)
    raw = sum(map(len, block.pieces)) or 1
    call = _CALL_RE.match(text)
    title_words = _overlap(text, known.title) if size < 300 else 0.0
    start = text[:40].casefold()
    return (
        size,
        count,
        size / (count or 1),
        block.linked / raw,
        block.strong / raw,
        text.count(",") + text.count("،") + text.count("、") + text.count("，"),
        bool(_STOP_RE.search(text)),
        bool(_END_RE.search(text)),
        len(re.findall(r"[.!?。؟] ", text)),
        sum(map(str.isupper, text[:200])) / min(size, 200),
        sum(map(str.isdigit, text[:200])) / min(size, 200),
        text[:1].isupper(),
        text[:1] in "\"'“‘«-–—•*",
        text.count("|") + text.count("/") + text.count("·"),
        call.lastindex or 0 if call else 0,
        bool(_RIGHTS_RE.search(text)),
        bool(_DATE_RE.search(text[:100])) and size < 100,
        title_words,
        float(len(known.description) > 20 and start[:25] in known.description),
        (-1.0 if not known.article else float(start in known.article)),
        len(block.pieces),
        block.broken,
        text.count('"') + text.count("“"),
        "?" in text,
        ":" in text[-2:],
        "@" in text or "http" in text,
        min(block.after_picture[0], 9),
        min(block.after_picture[1], 9),
        bool(_CREDIT_RE.search(text)),
    )


def _overlap(text: str, title: str) -> float:
    words = set(_WORD_RE.findall(text.casefold()))
    other = set(_WORD_RE.findall(title))
    return len(words & other) / len(words | other) if words and other else 0.0


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
    """Return, for each block and each of the elements around it, how much text that holds, in how many blocks, how linked."""
    totals: dict[Place, list[float]] = {}
    chains: list[list[Place]] = []
    prose = np.where((own[:, 0] >= _LONG) & (own[:, 3] < 0.4), own[:, 0], 0)
    for block, size, links, plain in zip(page, own[:, 0].tolist(), own[:, 3].tolist(), prose.tolist(), strict=True):
        chain = []
        place: Place | None = block.place
        while place is not None:
            chain.append(place)
            total = totals.setdefault(place, [0.0, 0.0, 0.0, 0.0])
            total[0] += size
            total[1] += 1
            total[2] += size * links
            total[3] += plain
            place = place.outer
        chains.append(chain)
    everything = max((total[3] for total in totals.values()), default=0.0) or 1.0
    mains = [_main(totals, everything, share) for share in (0.7, 0.45)]
    kin = Counter(_kin(block.place) for block in page)
    holders = _holders(page)
    rows = []
    for block, chain in zip(page, chains, strict=True):
        row: list[float] = []
        for level in range(_UPWARDS):
            place = chain[min(level, len(chain) - 1)]
            size, count, linked, plain = totals[place]
            row += [size, count, linked / (size or 1.0), plain / (size or 1.0), plain / everything]
        for main in mains:
            shared = next((level for level, place in enumerate(chain) if place in main), len(chain))
            meeting = chain[shared].depth if shared < len(chain) else 0
            row += [shared, len(main) - 1 - meeting, totals[chain[max(shared - 1, 0)]][3] / everything]
        name = _kin(block.place)
        row += [kin[name], holders[name], kin[name] / holders[name], everything]
        rows.append(row)
    return np.array(rows, dtype=np.float32)


def _kin(place: Place) -> tuple[str, str | None, str]:
    """Return what places have in common that a template made alike: tag, class and the tag around."""
    return place.tag, place.element.get("class"), place.outer.tag if place.outer else ""


def _main(totals: dict[Place, list[float]], everything: float, share: float) -> set[Place]:
    """Return the smallest element that holds *share* of the prose of the page, with all elements around it."""
    holders = [(place.depth, id(place), place) for place, total in totals.items() if total[3] >= share * everything]
    around: set[Place] = set()
    place: Place | None = max(holders)[2] if holders else None
    while place is not None:
        around.add(place)
        place = place.outer
    return around


def _positions(own: Matrix, place: Matrix) -> Matrix:
    count = len(own)
    index = np.arange(count, dtype=np.float32)
    sizes = own[:, 0]
    before = np.cumsum(sizes) - sizes
    total = float(sizes.sum()) or 1.0
    title = np.where((own[:, 17] > 0.6) & (own[:, 1] > 1))[0]
    heading = np.where(place[:, 0] == _TAG_NUMBERS["h1"])[0]
    first = float(title[0]) if len(title) else -1.0
    first_heading = float(heading[0]) if len(heading) else -1.0
    last = float(title[-1]) if len(title) else -1.0
    return np.stack(
        [index, index / count, before / total, np.full(count, total), np.full(count, count), index - first, index - first_heading,
         index - last, np.full(count, first >= 0)], axis=1,
    ).astype(np.float32)  # fmt: skip


def _holders(page: Sequence[Block]) -> dict[tuple[str, str | None, str], int]:
    """Return, for each kin, in how many elements its blocks stand: many teasers stand each in its own."""
    outers: dict[tuple[str, str | None, str], set[int]] = {}
    for block in page:
        outers.setdefault(_kin(block.place), set()).add(id(block.place.outer))
    return {name: len(places) for name, places in outers.items()}
