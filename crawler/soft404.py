"""Pages that answer 200 but are not the article that was asked for: "not found" texts, home pages, parked domains."""

from __future__ import annotations

from rapidfuzz import fuzz, utils

from crawler.archive.frontier import Target
from crawler.reading import PageFacts
from crawler.sites import SiteProfile

AGREEMENT = 60.0
"""From which token-set ratio on (0 to 100) a page's title agrees with the one that a dump told.

Headlines are edited after publication, mostly in a few words; unrelated ones of a site share but stop words.
"""

_SHORT_TEXT = 300


def soft_404(facts: PageFacts, target: Target, profile: SiteProfile) -> str | None:
    """Return why a page is not the article *target*, None if it may well be.

    In the order of trust: what the page's canonical link says it is; what only an article has (its own dump of
    related items, a date); the title that a dump told; and, with none of these, whether there is much text at all.
    """
    canonical = facts.canonical_url
    if canonical and profile.allows(canonical):
        canonical_id = profile.article_id(canonical)
        if canonical_id == target.id:
            return None
        if canonical_id is None:
            return "soft 404: its canonical link is not that of an article"
    if facts.related or (facts.text and facts.published):
        return None
    if not facts.text:
        return "soft 404: there is no text in it"
    if target.title and not titles_agree(facts.title or "", target.title):
        return "soft 404: its title is not the one that the dump told"
    if not target.title and len(facts.text) < _SHORT_TEXT:
        return "soft 404: there is neither date nor much text in it"
    return None


def titles_agree(one: str, other: str) -> bool:
    """Tell whether two titles are of one story.

    >>> titles_agree("Kurds Retake Town from ISIS", "Kurds Retake Town from ISIS + Video")
    True
    >>> titles_agree("Kurds Retake Town from ISIS", "Page Not Found")
    False
    """
    return fuzz.token_set_ratio(one, other, processor=utils.default_process) >= AGREEMENT
