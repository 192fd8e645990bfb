# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""Made-up news texts in five scripts, and labelled copies of them: what ``dedupe.py`` measures on.

What decides how hard near duplicates are to tell is how often two texts share runs of words by chance. So words are
drawn by Zipf's law, one in three is a function word of the language, one in five begins a set phrase that other texts
use too (``the foreign ministry said in``), and each text has names and places that come back in it. Two texts on
different subjects share 3-word runs over 0.4 % of their words, as pages of real news do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

_LANGUAGES: dict[str, tuple[str, str, str]] = {  # function words, syllables, what parts words
    "Latin": (
        (
            "the of to in a and for on that with by was as from at is has he it be were which this are after have "
            "his its who they had will said but not their been more would about when there also against over out up "
            "who into than"
        ),
        (
            "ba ce di fo gu ka le mi no pu ra se ti vo zu bren dal fer gor han jun kel lom mar nel pol ras sten tor "
            "vin ward xan yor zem clar dov est fin gal hol ist"
        ),
        " ",
    ),
    "Cyrillic": (
        (
            "в и на не с что по из за от он для как это к его но до то у был же под так во сообщил которые была "
            "однако также после или бы их при только уже году со том где время более этом будет"
        ),
        "ба ве ги до жу ка ле ми но пу ра се ти фо хар цен чил шор щед бран дол фер гор кел лом мар нел рас стен тор",
        " ",
    ),
    "Arabic": (
        (
            "في من على إلى أن عن مع هذا التي الذي كان بعد قال ما لا هذه بين قد كما خلال حيث قبل كل منذ أو ذلك هو هي لم "
            "ضد حول عبر لكن إن وقد وكان عند أي لدى حتى"
        ),
        "با تا جي حر خل دم را زن سل شر صد طب عق غم فن قل كب لم من ها وس يد مر سا نو",
        " ",
    ),
    "Persian": (
        (
            "و در به از که این را با است برای آن یک خود تا بر شد کرد گفت نیز بود هم شده می اما پس اگر نیست کند دیگر "
            "پیش باید وی هر سال بین طی همچنین درباره علیه"
        ),
        "با تا جی خر دم را زن سل شر گل پر چم ژن کب لم من ها وس ید مر سا نو می‌ ته رود شهر",
        " ",
    ),
    "Chinese": (
        "的 了 在 是 和 有 对 为 中 与 将 上 不 也 说 他 这 从 等 以 并 但 就 而 被 向 后 由 其 于",
        (
            "国 家 政 府 经 济 发 展 会 议 总 统 外 交 部 长 人 民 市 场 公 司 企 业 科 技 教 育 文 化 "
            "安 全 军 事 海 洋 环 境 "
            "城 乡 地 区 交 通 水 电 石 油 农 村 法 院 警 察 医 生 学 校 报 道 记 者 新 闻 北 京 东 西 "
            "南 山 河 春 夏 秋 冬 大 小 高 低"
        ),
        "",
    ),
}
SCRIPTS = tuple(_LANGUAGES)
_VOCABULARY = 12_000
_PHRASES = 1_500
_SENTENCE = (9, 26)
_PARAGRAPH = (1, 4)
_FIGURES = 0.1
_REPORTS = 4
"""One text in so many is a report full of figures."""


class Text(NamedTuple):
    """A text as paragraphs of sentences of words; ``parting`` stands between words."""

    paragraphs: list[list[list[str]]]
    parting: str

    def __str__(self) -> str:
        stop = "。" if not self.parting else ". "
        return "\n\n".join(
            stop.join(self.parting.join(words) for words in paragraph) + stop.strip() for paragraph in self.paragraphs
        )

    @property
    def words(self) -> int:
        return sum(len(words) for paragraph in self.paragraphs for words in paragraph)


@dataclass(frozen=True)
class Language:
    """The words of a made-up language and how often they are used."""

    function: list[str]
    content: list[str]
    weights: list[float]
    phrases: list[list[str]]
    phrase_weights: list[float]
    parting: str


@cache
def language(script: str) -> Language:
    """Return the language of *script*, the same one each time."""
    draw = random.Random(f"language {script}")
    function, syllables, parting = _LANGUAGES[script]
    parts = syllables.split()
    content = list(
        dict.fromkeys("".join(draw.choices(parts, k=draw.choice((2, 2, 3, 3, 4)))) for _ in range(_VOCABULARY))
    )
    weights = list(accumulate(1 / (rank + 20) for rank in range(len(content))))
    words = function.split()
    phrases = []
    for _ in range(_PHRASES):
        phrase = draw.choices(content, cum_weights=weights, k=draw.choice((1, 2, 2, 3)))
        for _ in range(draw.choice((1, 1, 2))):
            phrase.insert(draw.randrange(len(phrase) + 1), draw.choice(words))
        phrases.append(phrase)
    phrase_weights = list(accumulate(1 / (rank + 10) for rank in range(_PHRASES)))
    return Language(words, content, weights, phrases, phrase_weights, parting)


class Writer:
    """Writes texts of one *script*; the same *seed* gives the same texts."""

    def __init__(self, script: str, seed: int) -> None:
        self.language = language(script)
        self.draw = random.Random(f"{script} {seed}")
        self._boilerplate = [self._paragraph([], sentences=3) for _ in range(12)]

    def names(self) -> list[str]:
        """Return the words that one event brings up again and again: people, places, a number."""
        return [*self.draw.choices(self.language.content, k=9), str(self.draw.randrange(3, 4000))]

    def text(self, names: list[str], words: int = 0) -> Text:
        """Return a text about *names*, of *words* words or a little more (0: of 150 to 700)."""
        words = words or int(150 * 4.7 ** self.draw.random())
        text = Text([], self.language.parting)
        length = 0
        while length < words:
            text.paragraphs.append(self._paragraph(names))
            length += sum(map(len, text.paragraphs[-1]))
        return text

    def with_boilerplate(self, text: Text, share: float) -> Text:
        """Return *text* with paragraphs of the site at its end, up to *share* of the words of all."""
        room = text.words * share / (1 - share)
        chosen = []
        for paragraph in self._boilerplate:  # always in the same order, as a template has them
            length = sum(map(len, paragraph))
            if length <= room:
                chosen.append(paragraph)
                room -= length
        return text._replace(paragraphs=[*text.paragraphs, *chosen])

    def sentence(self, names: list[str]) -> list[str]:
        """Return a sentence in which some of *names* may be."""
        speech, draw = self.language, self.draw
        words: list[str] = []
        length = draw.randint(*_SENTENCE)
        content = iter(draw.choices(speech.content, cum_weights=speech.weights, k=length))
        while len(words) < length:
            kind = draw.random()
            if kind < 0.12:  # noqa: PLR2004
                words += draw.choices(speech.phrases, cum_weights=speech.phrase_weights)[0]
            elif kind < 0.45:  # noqa: PLR2004
                words.append(speech.function[int(len(speech.function) * draw.random() ** 2)])
            elif kind < 0.53 and names:  # noqa: PLR2004
                words.append(draw.choice(names))
            else:
                words.append(next(content))
        return words

    def _paragraph(self, names: list[str], sentences: int = 0) -> list[list[str]]:
        return [self.sentence(names) for _ in range(sentences or self.draw.randint(*_PARAGRAPH))]

    def with_figures(self, text: Text) -> Text:
        """Return *text* with a figure for every tenth word or so, as a report on weather or markets has them."""
        return text._replace(
            paragraphs=[
                [[self._figure() if self.draw.random() < _FIGURES else word for word in words] for words in paragraph]
                for paragraph in text.paragraphs
            ]
        )

    def other_figures(self, text: Text) -> Text:
        """Return *text* with other figures: the report of another day."""
        return text._replace(
            paragraphs=[
                [[self._figure() if word.isdigit() else word for word in words] for words in paragraph]
                for paragraph in text.paragraphs
            ]
        )

    def _figure(self) -> str:
        return str(self.draw.randrange(1, 10 ** self.draw.randint(1, 4)))


def _flat(text: Text) -> list[tuple[int, int]]:
    """Return where each sentence is."""
    return [(at, place) for at, paragraph in enumerate(text.paragraphs) for place in range(len(paragraph))]


def shortened(writer: Writer, text: Text, share: float) -> Text:
    """Return *text* without its last *share*, at times without one from its middle, cut between words."""
    keep, cut = text.words - round(text.words * share), []
    begins = 0 if writer.draw.random() < 0.7 else round(text.words * share)  # noqa: PLR2004
    seen = 0
    for paragraph in text.paragraphs:
        kept = []
        for words in paragraph:
            # With a beginning, what is cut lies right after the first tenth.
            stays = [w for at, w in enumerate(words, seen) if _stays(at, keep, begins, text.words)]
            seen += len(words)
            if stays:
                kept.append(stays)
        if kept:
            cut.append(kept)
    return text._replace(paragraphs=cut)


def _stays(at: int, keep: int, begins: int, total: int) -> bool:
    if not begins:
        return at < keep
    return at < total // 10 or at >= total // 10 + begins


def shuffled(writer: Writer, text: Text, _share: float) -> Text:
    """Return *text* with its paragraphs in another order."""
    return text._replace(paragraphs=writer.draw.sample(text.paragraphs, len(text.paragraphs)))


def reworded(writer: Writer, text: Text, share: float) -> Text:
    """Return *text* with *share* of its words swapped for others, anywhere."""
    speech, draw = writer.language, writer.draw
    return text._replace(
        paragraphs=[
            [
                [
                    draw.choices(speech.content, cum_weights=speech.weights)[0] if draw.random() < share else word
                    for word in words
                ]
                for words in paragraph
            ]
            for paragraph in text.paragraphs
        ]
    )


def new_head(writer: Writer, text: Text, share: float) -> Text:
    """Return *text* with another beginning: the first *share* of it is rewritten."""
    room, rest = round(text.words * share), list(text.paragraphs)
    names = [word for words in text.paragraphs[0] for word in words][:8]
    old = 0
    while rest and old + sum(map(len, rest[0])) <= room:
        old += sum(map(len, rest.pop(0)))
    if old < room and rest:  # the last of it within a paragraph
        words = [word for sentence in rest.pop(0) for word in sentence]
        rest.insert(0, [words[room - old :]])
    head = writer.text(names, words=max(1, room - 8))
    return text._replace(paragraphs=[*head.paragraphs, *rest])


def another_story(writer: Writer, names: list[str], text: Text, share: float) -> Text:
    """Return another text on the event of *text*: the same names, and its statements quoted, up to *share*."""
    other = writer.text(names)
    room = share * min(text.words, other.words)
    places = _flat(text)
    writer.draw.shuffle(places)
    for at, place in places:
        quoted = text.paragraphs[at][place]
        if len(quoted) <= room:
            room -= len(quoted)
            other.paragraphs.insert(writer.draw.randrange(len(other.paragraphs) + 1), [quoted])
    return other


class Copy(NamedTuple):
    """A labelled text: *kind* of copy, the number of the text that it is a copy of (None: of none), and itself."""

    kind: str
    of: int | None
    text: str


_Edit = Callable[[Writer, Text, float], Text]
EDITS: dict[str, tuple[_Edit, float]] = {
    "shortened 10 %": (shortened, 0.10),
    "shortened 25 %": (shortened, 0.25),
    "shortened 50 %": (shortened, 0.50),
    "paragraphs shuffled": (shuffled, 0.0),
    "words swapped 10 %": (reworded, 0.10),
    "words swapped 25 %": (reworded, 0.25),
    "head changed 10 %": (new_head, 0.10),
    "head changed 25 %": (new_head, 0.25),
}
BEYOND = frozenset({"shortened 50 %"})
"""Edits of more than a quarter: found if they can be, and no part of what recall is measured on."""
OTHERS = ("same event", "boilerplate only", "other figures")


def originals(script: str, count: int, seed: int = 1) -> Iterator[tuple[Text, list[str]]]:
    """Yield *count* texts of *script* and what they are about.

    Every other one ends in boilerplate of its site, every fourth is full of figures.
    """
    writer = Writer(script, seed)
    for number in range(count):
        names = writer.names()
        text = writer.text(names)
        if number % _REPORTS == 0:
            text = writer.with_figures(text)
        yield (writer.with_boilerplate(text, 0.25) if number % 2 else text), names


def copies(script: str, texts: list[tuple[Text, list[str]]], first: int, seed: int = 1) -> Iterator[Copy]:
    """Yield copies of every kind of each of *texts*, numbered from *first*, and texts that look like them."""
    writer = Writer(script, seed)  # its boilerplate is that of the originals
    writer.draw = random.Random(f"copies {script} {seed}")
    for number, (text, names) in enumerate(texts, first):
        for kind, (edit, share) in EDITS.items():
            yield Copy(kind, number, str(edit(writer, text, share)))
        yield Copy("same event", None, str(another_story(writer, names, text, 0.35 * writer.draw.random())))
        if (number - first) % _REPORTS == 0:
            yield Copy("other figures", None, str(writer.other_figures(text)))
        other = writer.text(writer.names())
        yield Copy("boilerplate only", None, str(writer.with_boilerplate(other, 0.15 + 0.25 * writer.draw.random())))
