"""The rules that clean a text. Each has a name, so that it can be counted and disabled.

There are two kinds. Rules for characters apply wherever a line is cleaned (:mod:`crawler.text.clean`). Rules for
paragraphs are functions from :class:`~crawler.text.story.Story` to Story, applied in the order of
:data:`PARAGRAPH_RULES` until nothing changes any more. So cleaning a clean text changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from crawler.text.boilerplate import drop_boilerplate
from crawler.text.clean import NO_RULES, clean_line, clean_text
from crawler.text.datelines import split_credit, split_dateline
from crawler.text.invisible import INVISIBLE_RULES
from crawler.text.links import drop_read_more, drop_share_buttons
from crawler.text.normal import content_sha256
from crawler.text.repeats import drop_captions, drop_pull_quotes
from crawler.text.story import Story, core

PARAGRAPH_RULES: dict[str, Callable[[Story], Story]] = {
    "dateline": split_dateline,
    "credit": split_credit,
    "captions": drop_captions,
    "pull-quotes": drop_pull_quotes,
    "share-buttons": drop_share_buttons,
    "read-more": drop_read_more,
    "boilerplate": drop_boilerplate,
}
RULES = ("mojibake", *INVISIBLE_RULES, "composition", *PARAGRAPH_RULES)
"""The names of all rules."""

_MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean ``text`` (None if nothing is left), the parts split off from it, and how often each rule changed it."""

    text: str | None
    dateline: str | None = None
    credit: str | None = None
    applied: Counter[str] = field(default_factory=Counter)


def rules_named(names: Iterable[str]) -> frozenset[str]:
    """Return *names* as a set; raise ``ValueError`` if one of them is not a rule.

    >>> sorted(rules_named(["captions", " bidi "]))
    ['bidi', 'captions']
    """
    chosen = frozenset(name.strip() for name in names if name.strip())
    if unknown := sorted(chosen.difference(RULES)):
        raise ValueError(f"unknown cleaning rule {unknown[0]!r} (known: {', '.join(RULES)})")
    return chosen


def clean_story(
    text: str | None,
    *,
    dateline: str | None = None,
    credit: str | None = None,
    captions: Iterable[str] = (),
    related: Iterable[str] = (),
    boilerplate: frozenset[int] = frozenset(),
    off: frozenset[str] = NO_RULES,
) -> Cleaned:
    r"""Return *text* cleaned by all rules except those in *off*.

    *dateline* and *credit* were split off before, *captions* are those of the page's pictures, *related* the titles of
    the stories that it links to, *boilerplate* the keys of paragraphs that recur on the site.

    >>> clean_story("ROME (AP) \u2014 It rained.\n\nShare on Facebook\n\n(Reporting by A. Ida)")
    Cleaned(text='It rained.', dateline='ROME (AP)', credit='(Reporting by A. Ida)', applied=Counter(...))
    """
    applied: Counter[str] = Counter()
    story = Story(
        _paragraphs(text or "", off),
        clean_line(dateline or "", off) or None,
        clean_line(credit or "", off) or None,
        frozenset(core(caption) for caption in captions),
        frozenset(core(title) for title in related),
        boilerplate,
    )
    rules = [(name, rule) for name, rule in PARAGRAPH_RULES.items() if name not in off]
    for _ in range(_MAX_ROUNDS):
        before = story
        for name, rule in rules:
            after = rule(story)
            if after != story:
                applied[name] += max(1, len(story.paragraphs) - len(after.paragraphs))
                story = after
        if story == before:
            break
        story = replace(story, paragraphs=_paragraphs("\n\n".join(story.paragraphs), off))
    return Cleaned("\n\n".join(story.paragraphs) or None, story.dateline, story.credit, applied)


def are_equal_when_cleaned(one: str | None, other: str | None, boilerplate: frozenset[int]) -> bool:
    """Return whether two texts are equal after cleaning by all current rules, whichever rules cleaned them before."""
    forms = [content_sha256(clean_story(text, boilerplate=boilerplate).text) for text in (one, other)]
    return forms[0] == forms[1]


def _paragraphs(text: str, off: frozenset[str]) -> tuple[str, ...]:
    return tuple(filter(None, clean_text(text, off).split("\n\n")))
