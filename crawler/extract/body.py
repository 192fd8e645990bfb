"""Extracts the body of an article: its paragraphs and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from lxml import etree, html  # type: ignore[import-untyped]
from numpy.typing import NDArray

from crawler.extract.blocks import ElementPlace, TextBlock, blocks
from crawler.extract.dump import DUMP_RE, without_dump
from crawler.extract.learned.features import Evidence, Matrix, measure
from crawler.extract.learned.forest import Reader, shipped_reader
from crawler.extract.learned.letters import CALL_RE, weight
from crawler.extract.learned.words import Vocabulary
from crawler.extract.moments import parse_moment
from crawler.extract.page import ArticlePage
from crawler.extract.walls import bars

BODY_PROBABILITY = 0.5
"""A block with a higher probability counts as body."""
MAX_DOUBT_SHARE = 0.25
"""A page is read a second time if the expected share of misjudged text in the kept text is higher."""
SURE_PROBABILITY = 0.5
"""Some paragraph of every article reaches this probability: on 492 pages it was not trained on, the lowest was 0.8."""

MIN_TEASERS, MIN_TEASER_SHARE, MIN_LINKED_SHARE = 5, 0.8, 0.9
"""A list of other pages has at least this many teasers, with this share of the text; in each a line is linked by this
share."""
HELD_TEXT_SHARE = 0.8
"""The element of the article holds at least this share of its text."""
MAX_SECOND_READING_BLOCKS = 1_500
MAX_SECOND_READING_PIECES = 6_000
MAX_SECOND_READING_CHARACTERS = 300_000
BELOW_TITLE_SHARE, BELOW_TITLE_LETTERS = 0.4, 480
"""If this much of the kept text is below the title, the text above it is dropped."""
BESIDE_OTHERS_SHARE = 0.2
"""If less is left, or less than :data:`BELOW_TITLE_LETTERS`, the names that mean other stories are not trusted."""
TITLE_MATCH_SHARE = 0.75
MIN_BODY_LETTERS = 80
"""A shorter text is not an article, but a caption, a login or an error."""

MIN_FLASH_LETTERS, MIN_FLASH_WORDS = 20, 4
"""Letters and words of the shortest sentence that can be the whole text of an article with a heading."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "label", "button")
MAX_FLASH_LETTERS = 1_500
"""A page without a heading and with more text in sentences is not a news flash."""
NO_DEPTH = -1
"""Less than the depth of any element: for text in no element that is named after other stories."""

UNCERTAIN_SOURCE = "few words"
"""The source of a text that is too short to be judged by its style."""

MIN_OWN_LETTERS = 400
"""Letters below its heading from which a page of teasers is an article beside them."""
MIN_PARAGRAPH_LETTERS = 40
MIN_JSON_LD_CHARACTERS = 400
MAX_DATE_LINE_CHARACTERS = 60
MAX_HEAD_LINES = 6
_DESK_RE = re.compile(
    r"[A-Z]{1,4}(?:/[A-Z]{1,4}|\s-)(?:\s\d{1,3})?|[A-Z]{1,4}\s-\s\d{1,3}|\d{1,3}(?:-\d{1,3})?|Category:"
)
"""A line of the news desk below the last paragraph: ``212-11``, ``S/SH 11``, ``NJF/NJF``, ``SA - 12``, ``12``."""

_SPLIT_RE = re.compile(r"\s*\n\s*|(?<=[.!?])\s{2,}")


UNREAD_TAGS = ("script", "style", "noscript", "svg", "nav", "footer", "iframe")


class Body(NamedTuple):
    """The paragraphs of an article, their source, and the elements that contain its pictures."""

    paragraphs: list[str]
    source: str
    elements: list[etree._Element]


class BodyReading(NamedTuple):
    """A body, or the reason why there is none."""

    body: Body
    missing: str | None = None


def find_body(page: ArticlePage, title: str | None, reader: Reader | None = None) -> BodyReading:
    """Return the body of *page*, without *title* and date line at its head and without leaked dumps.

    First the profile's selector; then the blocks that the forest judges as body, without those that the markup of a
    longer article calls comments or other stories. Where the forest is uncertain about much of that (some 5 pages in
    100), trafilatura reads the page instead, because it makes different mistakes. Where almost nothing is left, the
    articleBody of the JSON-LD. A body ends where a dump begins: the site leaks dumps after the last paragraph.
    *reader* judges the blocks; None: the one that ships with Gleaner.
    """
    if chosen := page.select("body"):
        paragraphs = [page.clean(block.text) for element in chosen for block in blocks(element)]
        if cleaned := _cleaned(paragraphs, title):
            return BodyReading(Body(cleaned, "profile", chosen))
    kept, doubt, surest = _judged(page, title, reader or shipped_reader())
    elements = _around(kept)
    if not _is_declared_article(page):
        if page.blocks and surest < SURE_PROBABILITY and not page.lost:
            return _few_words(page, title, elements)
        if (beside := _beside_teasers(page, kept, title)) is not None:
            return beside
    if doubt > MAX_DOUBT_SHARE and _is_small(page):
        paragraphs = _cleaned(map(page.clean, _second_reading(page)), title)
        if _is_text(paragraphs):
            return BodyReading(Body(paragraphs, "trafilatura", elements))
    paragraphs = _cleaned((text for _, text in kept), title)
    if _is_text(paragraphs):
        return BodyReading(Body(paragraphs, "page", elements))
    paragraphs = _cleaned(map(page.clean, _SPLIT_RE.split(_article_body(page))), title)
    if sum(map(len, paragraphs)) >= MIN_JSON_LD_CHARACTERS:
        return BodyReading(Body(paragraphs, "json-ld", elements))
    return _few_words(page, title, elements)


def _few_words(page: ArticlePage, title: str | None, elements: list[etree._Element]) -> BodyReading:
    """Return the sentences below the heading of *page*: a news flash has only one, which the forest cannot judge.

    The page must have its title in a heading and, around it, more such text than links. On a page without a heading
    whose metadata give a title, the sentences may be anywhere, but none may be a notice.
    """
    if not page.blocks:
        return BodyReading(Body([], "", elements), "no text on the page")
    pairs = _up_to_dump(page.blocks)
    start = next((number for number, (block, text) in enumerate(pairs) if _says_title(block, text, title)), None)
    kept: list[str] = []
    below: list[tuple[TextBlock, str]] = []
    if start is not None:
        place = pairs[start][0].place
        around = place.outer.outer if place.outer and place.outer.tag == "header" else place.outer
        below = [(block, text) for block, text in pairs[start + 1 :] if _is_in(block.place, around)]
        kept = [text for block, text in below if _is_sentence(block, text, place.other)]
    elif title and all(block.place.tag not in _HEADINGS[:2] for block, _ in pairs):
        below = pairs
        kept = [text for block, text in below if _is_sentence(block, text, NO_DEPTH)]
        kept = [text for text in kept if not bars(text)] if sum(map(len, kept)) <= MAX_FLASH_LETTERS else []
    kept = _cleaned(kept, title)
    if not kept or sum(block.linked for block, _ in below) > sum(map(len, kept)):
        return BodyReading(Body([], "", elements), "nothing that reads like an article")
    return BodyReading(Body(kept, UNCERTAIN_SOURCE, elements))


def _says_title(block: TextBlock, text: str, title: str | None) -> bool:
    return block.place.tag in _HEADINGS[:2] and title is not None and text.casefold() == title.casefold()


def _is_in(place: ElementPlace, around: ElementPlace | None) -> bool:
    inner: ElementPlace | None = place
    while inner is not None and inner is not around:
        inner = inner.outer
    return inner is not None


def _is_sentence(block: TextBlock, text: str, other: int) -> bool:
    """Return whether *block* may be a sentence of an article: not a link, heading, caption, call or rights notice.

    *other* is the depth of the element around the title that is named after other stories: text in a deeper one
    belongs to those.
    """
    place = block.place
    if place.unseen or place.other > other or place.tag in _HEADINGS or block.linked > len(text) / 2:
        return False
    return (
        weight(text) >= MIN_FLASH_LETTERS
        and len(text.split()) >= MIN_FLASH_WORDS
        and not CALL_RE.match(text.casefold())
    )


def _is_declared_article(page: ArticlePage) -> bool:
    """Return whether the metadata of *page* calls it an article: section fronts do not."""
    kind = page.meta("og:type") or ""
    return kind.strip().lower() == "article" or any("headline" in node for node in page.linked.articles)


def _teasers(page: ArticlePage, kept: list[tuple[TextBlock, str]]) -> set[int] | None:
    """Return which blocks (by ``id``) are teasers if most of the *kept* text is: they share an element with a link."""
    chosen = {id(block): weight(text) for block, text in kept if not _is_linked_line(page, block)}
    found = [block for block, _ in page.blocks]
    teasers, holders = set(), set()
    for number, block in enumerate(found):
        around = found[max(0, number - 2) : number + 2] if id(block) in chosen else []
        if any(_is_linked_line(page, other) and _are_together(block, other) for other in around):
            teasers.add(id(block))
            holders.add(id(block.place.outer))
    share = sum(chosen[one] for one in teasers)
    return teasers if len(holders) >= MIN_TEASERS and share >= MIN_TEASER_SHARE * sum(chosen.values()) else None


def _beside_teasers(page: ArticlePage, kept: list[tuple[TextBlock, str]], title: str | None) -> BodyReading | None:
    """Return the *kept* paragraphs between the heading with the *title* and the first teaser; None: most are others.

    A section front has teasers only; an article may be short beside a long column of them.
    """
    if (teasers := _teasers(page, kept)) is None:
        return None
    numbers = {id(block): number for number, (block, _) in enumerate(page.blocks)}
    headings = (number for number, (block, text) in enumerate(page.blocks) if _says_title(block, text, title))
    start, end = next(headings, len(page.blocks)), min(numbers[one] for one in teasers)
    own = [(block, text) for block, text in kept if start < numbers.get(id(block), -1) < end]
    if sum(weight(text) for _, text in own) < MIN_OWN_LETTERS:
        return BodyReading(Body([], "", _around(kept)), "a list of other pages")
    return BodyReading(Body(_cleaned((text for _, text in own), title), "page", _around(own)))


def _is_linked_line(page: ArticlePage, block: TextBlock) -> bool:
    """Return whether all of *block* is a link to another page of this site."""
    if not block.href or block.linked < MIN_LINKED_SHARE * sum(map(len, block.pieces)):
        return False
    url = page.absolute(block.href)
    return bool(url) and not block.href.startswith("#") and (urlsplit(url).hostname or "").lower() == page.host


def _are_together(block: TextBlock, other: TextBlock) -> bool:
    return other.place.outer is block.place.outer or block.place.outer in {other.place, other.place.outer}


def _is_text(paragraphs: list[str]) -> bool:
    sizes = [weight(paragraph) for paragraph in paragraphs]
    return sum(sizes) >= MIN_BODY_LETTERS and max(sizes) >= MIN_PARAGRAPH_LETTERS


def _is_small(page: ArticlePage) -> bool:
    """Return whether *page* is small enough for trafilatura, whose time grows faster than the page."""
    pieces = sum(len(block.pieces) for block, _ in page.blocks)
    return (
        len(page.blocks) <= MAX_SECOND_READING_BLOCKS
        and pieces <= MAX_SECOND_READING_PIECES
        and sum(map(len, page.lines)) <= MAX_SECOND_READING_CHARACTERS
    )


def _second_reading(page: ArticlePage) -> list[str]:
    from trafilatura import bare_extraction  # noqa: PLC0415 - most processes of a few pages are spared it

    root = deepcopy(page.root)
    etree.strip_elements(root, *UNREAD_TAGS, with_tail=False)  # trafilatura's time grows faster than the page
    tree = html.fromstring(etree.tostring(root, encoding="unicode", method="html"))
    document = bare_extraction(tree, with_metadata=False, include_comments=False, fast=True)
    text = document.text if document and not isinstance(document, dict) else None
    start = next((number for number, (block, _) in enumerate(page.blocks) if block.place.tag == "h1"), 0)
    above = {line for line in page.lines[:start] if len(line) < MIN_PARAGRAPH_LETTERS}  # kickers
    return [line for line in (text or "").split("\n") if line not in above]


def evidence(
    page: ArticlePage, title: str | None, vocabulary: Vocabulary | None
) -> tuple[list[TextBlock], list[str], Evidence]:
    """Return the blocks of *page* up to a dump, their texts, and their features."""
    pairs = _up_to_dump(page.blocks)
    found, texts = [block for block, _ in pairs], [text for _, text in pairs]
    return found, texts, measure(found, texts, title or page.title or "", vocabulary)


def _up_to_dump(pairs: list[tuple[TextBlock, str]]) -> list[tuple[TextBlock, str]]:
    """Return *pairs* up to the block in which the site leaks a dump below its article; that one may begin with text.

    A dump that is invisible or above the title does not end the body: only its block is left out.
    """
    leaks = [number for number, (_, text) in enumerate(pairs) if DUMP_RE.search(text)]
    if not leaks:
        return pairs
    title = next((number for number, (block, _) in enumerate(pairs) if block.place.tag == "h1"), 0)
    passed = {
        number
        for number in leaks
        if pairs[number][0].place.unseen or number < title or (number == 0 and not without_dump(pairs[0][1]).strip())
    }
    end = next((number for number in leaks if number not in passed), len(pairs))
    return [pair for number, pair in enumerate(pairs[: end + 1]) if number not in passed]


def _judged(page: ArticlePage, title: str | None, reader: Reader) -> tuple[list[tuple[TextBlock, str]], float, float]:
    """Return the blocks that are body, the doubt (expected share of misjudged text), and the highest probability.

    The highest probability is that among blocks long enough to be a paragraph.
    """
    if not page.blocks:
        return [], 0.0, 0.0
    found, texts, measured = evidence(page, title, reader.vocabulary)
    judged = reader.judge(measured)
    sizes = measured.sizes
    start = _title_at(found, measured.overlap)
    judged = np.where(_of_other_articles(found, start, sizes * (judged > BODY_PROBABILITY)), 0, judged)
    keep = judged > BODY_PROBABILITY
    surest = float(np.where(sizes >= MIN_BODY_LETTERS, judged, 0).max())
    doubt = float((sizes * np.minimum(judged, 1 - judged)).sum() / max(1.0, (sizes * keep).sum()))
    if (sizes * keep)[start:].sum() >= min(BELOW_TITLE_LETTERS, BELOW_TITLE_SHARE * (sizes * keep).sum()):
        keep[:start] = False
    leak = [bool(DUMP_RE.search(text)) for text in texts[-1:]]
    keep[-1:] |= np.array(leak)  # the block may begin with the last paragraph
    return [(block, text) for block, text, kept in zip(found, texts, keep.tolist(), strict=True) if kept], doubt, surest


def _title_at(found: list[TextBlock], overlap: Matrix) -> int:
    """Return the number of the first ``h1`` with the title; blocks above it belong to the site. 0 if there is none."""
    headings = (number for number, block in enumerate(found) if block.place.tag == "h1")
    return next((number for number in headings if overlap[number] > TITLE_MATCH_SHARE), 0)


def _of_other_articles(found: list[TextBlock], start: int, taken: Matrix) -> NDArray[np.bool_]:
    """Return which blocks are in an element named after other stories that does not contain the block *start*.

    Return none if that would leave almost nothing of the *taken* body text (letters of each): names can mislead.
    """
    around = found[start].place.other
    other: NDArray[np.bool_] = np.array([block.place.other > around for block in found])
    leaves_enough = bool(taken[~other].sum() >= max(BELOW_TITLE_LETTERS, BESIDE_OTHERS_SHARE * taken.sum()))
    return other & leaves_enough


def _article_body(page: ArticlePage) -> str:
    bodies = (node.get("articleBody") for node in page.linked.articles)
    return max((body for body in bodies if isinstance(body, str)), key=len, default="")


def _around(kept: list[tuple[TextBlock, str]]) -> list[etree._Element]:
    """Return the smallest element that holds most of the *kept* text."""
    held: defaultdict[int, dict[ElementPlace, int]] = defaultdict(dict)  # by depth; added outwards from the deepest
    for block, text in kept:
        place = block.place
        held[place.depth][place] = held[place.depth].get(place, 0) + len(text)
    most = HELD_TEXT_SHARE * sum(len(text) for _, text in kept)
    for depth in range(max(held, default=-1), -1, -1):
        for place, size in held[depth].items():
            if size >= most:
                return [place.element]
            if place.outer:
                held[depth - 1][place.outer] = held[depth - 1].get(place.outer, 0) + size
    return []


def _cleaned(paragraphs: Iterable[str], title: str | None) -> list[str]:
    """Return *paragraphs* (clean lines) up to a dump, without title and date line above and desk code below."""
    cleaned: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        line = without_dump(paragraph).rstrip()
        if line and not (number < MAX_HEAD_LINES and _is_heading(line, title)):
            cleaned.append(line)
        if len(line) != len(paragraph):
            break
    while cleaned and _DESK_RE.fullmatch(cleaned[-1]):
        cleaned.pop()
    return cleaned


def _is_heading(line: str, title: str | None) -> bool:
    if title and line.casefold() == title.casefold():
        return True
    return (
        len(line) <= MAX_DATE_LINE_CHARACTERS
        and parse_moment(line) is not None
        and not re.search(r"\w{3,}\W+(?:\w+\W+){6}", line)
    )
