# ruff: noqa: RUF001, RUF003 - the words of other scripts are the subject
"""Separates the dateline before the first sentence of a story and the credit after its last from the text."""

from __future__ import annotations

import re
from dataclasses import replace

from crawler.text.agencies import AGENCIES, AGENCY
from crawler.text.story import Story

_MAX_DATELINE_CHARACTERS = 90
_MAX_CREDIT_CHARACTERS = 250
_MIN_CAPITALS = 4
"""Letters. Fewer capitals before a dash may be an abbreviation (``NASA - the ...`` continues in small letters)."""

_DASH_RE = re.compile(r"(?<=[\w.)\]»”/])(?:\s*\.?\s*(?:—|–|―|--)\s*|\s*\.?-\s+|\s+-\s*|(?<=\))\s*-\s*)(?=\S)")
_WORD = r"[^\W\d_]+(?:[.'’-][^\W\d_]+){0,3}\.?"
_PLACES = rf"{_WORD}(?:[ /,]{{1,2}}{_WORD}){{0,6}}"
_MONTH = r"[^\W\d_]{3,12}\.?"
_DATE = rf"(?:{_MONTH} \d{{1,2}}(?:, \d{{4}})?|\d{{1,2}}\.? {_MONTH}(?: \d{{4}})?)"
_AGENCY_LAST_RE = re.compile(
    rf"{_PLACES}(?:[,.] ?{_DATE})?,?\s*(?:[(\[（]\s*{AGENCIES}\s*[)\]）]|(?:\s*[-–—/,.]\s*){AGENCIES})\s*[/.]?"
)
_AGENCY_FIRST_RE = re.compile(rf"{AGENCY}\s*[-–—/,]\s*{_PLACES}")
_SHOUTED_RE = re.compile(rf"(?P<place>{_PLACES})(?:, (?:{_PLACES}|{_DATE})){{0,2}}(?:\s*\((?P<whom>[^()]{{2,30}})\))?")
# 新华社北京11月5日电（记者张三）, 中新网上海5日电
_CHINESE_RE = re.compile(
    rf"[(（]?(?:{AGENCY})[^，。；,;]{{1,24}}?[日]?(?:电|電)[)）]?(?:\s*[（(]记者[^）)]{{1,30}}[）)])?\s*"
)
# МОСКВА, 12 ноября. /ТАСС/. - Москва. 5 ноября. INTERFAX.RU - - МОСКВА, 12 ноя — РИА Новости.
_RUSSIAN_RE = re.compile(rf"{_WORD}[,.] {_DATE}\.? (?:/{AGENCY}/\.|{AGENCY}\s*[-–—]|[-–—]\s*{AGENCY}\.)\s*(?=\S)")
_LABELS_WORDS = (
    "BREAKING UPDATE UPDATED EXCLUSIVE WATCH VIDEO PHOTO PHOTOS LIVE ANALYSIS OPINION COMMENT EDITORIAL REVIEW "
    "INTERVIEW FACTBOX EXPLAINER NOTE CORRECTION ALERT EXTRA LISTEN READ TIMELINE RECAP SPOILER TRANSCRIPT DIRECT "
    "EXCLUSIVA EXCLUSIF VIVO EILMELDUNG LIVEBLOG QUESTION ANSWER WARNING IMPORTANT МОЛНИЯ СРОЧНО NASA NATO OPEC "
    "ISIS ISIL IAEA FIFA UEFA UNESCO UNICEF"
)
_LABELS = frozenset(_LABELS_WORDS.split())

_SOURCE = (
    "Sources?|Quellen?|Fuentes?|Fontes?|Fonti|Bron|Kaynak|Источники?|المصدر|المصادر|مصدر|منبع|منابع|ماخذ|מקור|מקורות|来源|來源|"
    "资料来源|稿源"
)
_CREDIT_LINE_RE = re.compile(
    rf"(?:(?:{_SOURCE})\s*[:：]\s*(?P<source>[^\s:：].{{0,80}})"
    rf"|[(\[（—–-]*\s*(?:{AGENCIES})\s*[)\]）]*[.。]?"
    rf"|(?:©|\([cC]\)|Copyright)\s*(?:\d{{4}}\s*)?{AGENCIES}\b.*"
    r"|[(\[]?(?:Additional |With )?(?:[Rr]eporting|[Ww]riting|[Ee]diting) by [A-Z].*)"
)
_CREDIT_TAIL_RE = re.compile(rf"(?<=[.!?…؟۔。！？\"”»])\s*(?P<credit>[(\[（]\s*(?:{AGENCIES})\s*[)\]）])\.?$")
_MAX_CREDITS = 4


def split_dateline(story: Story) -> Story:
    """Move ``LONDON, Nov 5 (Reuters) -`` from the start of the text to ``dateline``; only one, and never twice."""
    if story.dateline or not story.paragraphs:
        return story
    first, *others = story.paragraphs
    end = _dateline_end(first)
    if end is None:
        return story
    dateline, rest = first[:end].rstrip(" —–―-").rstrip(), first[end:].lstrip()
    if not rest and not others:
        return story
    return replace(story, dateline=dateline, paragraphs=(rest, *others) if rest else tuple(others))


def _dateline_end(text: str) -> int | None:
    head = text[:_MAX_DATELINE_CHARACTERS]
    for pattern in (_CHINESE_RE, _RUSSIAN_RE):
        if match := pattern.match(head):
            return match.end()
    if len(text) < _MAX_DATELINE_CHARACTERS and (_AGENCY_LAST_RE.fullmatch(text.rstrip(" —–―-"))):
        return len(text)
    end = None
    for dash in _DASH_RE.finditer(head):
        if _is_dateline(head[: dash.start()], text[dash.end() :]):
            end = dash.end()
    return end


def _is_dateline(head: str, rest: str) -> bool:
    if _AGENCY_LAST_RE.fullmatch(head) or _AGENCY_FIRST_RE.fullmatch(head):
        return True
    match = _SHOUTED_RE.fullmatch(head)
    if match is None:
        return False
    place = match["place"]
    shouted = re.split(r"[,(]", place)[0].strip()
    words = shouted.replace(".", " ").split()
    capitals = sum(map(len, words))
    begins = rest.lstrip("\"“”'‘«(")[:1]
    return (
        shouted.isupper()
        and capitals >= _MIN_CAPITALS
        and not _LABELS.intersection(words)
        and (begins.isupper() or begins.isdigit())
    )


def split_credit(story: Story) -> Story:
    """Move ``(Reporting by ...)``, ``Source: dpa`` or a closing ``(AFP)`` from the end of the text to ``credit``."""
    paragraphs = list(story.paragraphs)
    credits_: list[str] = []
    while len(paragraphs) > 1 and len(credits_) < _MAX_CREDITS:
        last = paragraphs[-1]
        if len(last) > _MAX_CREDIT_CHARACTERS or not _CREDIT_LINE_RE.fullmatch(last):
            break
        credits_.insert(0, paragraphs.pop())
    if paragraphs and (tail := _CREDIT_TAIL_RE.search(paragraphs[-1])) and tail.start() > 0:
        credits_.insert(0, tail["credit"])
        paragraphs[-1] = paragraphs[-1][: tail.start()]
    if not credits_:
        return story
    named = [part for part in (*credits_, story.credit) if part]
    return replace(story, paragraphs=tuple(paragraphs), credit="; ".join(dict.fromkeys(named)))
