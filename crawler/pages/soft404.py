"""Is this the page of the target? By the answer (:func:`answer_refusal`), then by the page (:func:`soft_404`). Pure.

A soft 404 is a page that answers 200 but is not the article requested: "not found" text, home page, parked domain.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rapidfuzz import fuzz, utils

from crawler.frontier.targets import Target
from crawler.items import Attempt
from crawler.net.statuses import WITH_PAGE, is_page
from crawler.pages.facts import PageFacts
from crawler.sites import SiteProfile

MIN_TITLE_AGREEMENT_PERCENT = 60.0
"""The least token-set ratio (0 to 100) at which a page's title agrees with the title from a dump.

Headlines are edited after publication, mostly in a few words; unrelated ones of a site share only stop words.
"""

SETTLED = "soft 404: "
"""The start of the reason if the page says what it is instead of the article."""

"""Statuses of answers that browsers show as pages: 203 is one that a proxy changed."""
_NOWHERE_RE = re.compile(r"^/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?(?:index\.\w{3,5})?$|404|not-?_?found", re.IGNORECASE)
"""Paths of front pages and error pages: sites redirect requests for missing pages to them."""
_MIN_ARTICLE_LETTERS = 300
_LIST = "a list of other pages"
"""The reason of :func:`crawler.extract.extract` for a missing text that shows that a page is not an article."""

_MIN_TITLE_WORDS = 3
_PARKED_RE = re.compile(
    r"\b(?:(?:this |the )?domain(?: name)? (?:is |may be |has |was )?(?:for sale|parked|expired|suspended)"
    r"|buy this domain|domain parking)\b",
    re.IGNORECASE,
)


def answer_refusal(
    url: str, status: int, body: bytes, profile: SiteProfile, *, is_text: bool, location: str | None = None
) -> str | None:
    """Return why an answer cannot be the page of an article, None if it may be.

    *url* is the URL after redirects; *is_text* is whether the answer is text by its headers and its first bytes;
    *location* is where it still redirects to.
    """
    if not is_page(status, location):
        return f"status {status}"
    if profile.article_id(url) is None:
        settled = _NOWHERE_RE.search(urlsplit(url).path) is not None
        return _reason("redirected to a page that is not an article", settled=settled)
    if not body:
        return "an empty answer"
    return None if is_text else "not a page"


def attempt_of(url: str, status: int, refusal: str) -> Attempt:
    """Return the attempt to record for a refused answer.

    It has a status only if that is evidence; the status of a page is, if the page says what it is instead of the
    article.
    """
    return Attempt(url, status if status not in WITH_PAGE or is_settled(refusal) else None, refusal)


def soft_404(
    facts: PageFacts, target: Target, profile: SiteProfile, url: str | None, *, strict: bool = False
) -> str | None:
    """Return why the page at *url* (None: one that names the target) is not the article *target*, None if it may be.

    The evidence in the order of trust: the page's canonical link; whether it says that it is another article; what only
    an article of the site has (its own dump of related items); the title from a dump, unless, on the site itself, the
    page has text with a date; otherwise, whether there is much text. *strict* is for captures of web archives: at that
    time the URL may have had a dated page of another owner.

    A reason for which :func:`is_settled` is true says what the page is instead. Any other says only that the article
    was not recognized.
    """
    agrees = target.title is not None and titles_agree(facts.title or "", target.title)
    if facts.error and not agrees and not facts.related:
        return f"{SETTLED}it says that there is no such page"
    canonical = facts.canonical_url
    canonical_id = profile.article_id(canonical) if canonical and profile.allows(canonical) else None
    if canonical_id == target.id:
        return None
    if (
        canonical
        and profile.allows(canonical)
        and canonical_id is None
        and not (agrees and facts.text and facts.published)
    ):
        return _reason("its canonical link is not that of an article", settled=not agrees)
    article_id = canonical_id or (target.id if url is None else profile.article_id(url))
    if article_id != target.id and not agrees:
        return f"{SETTLED}it is another article"
    return None if facts.related else _unlike_article(facts, target, agrees=agrees, strict=strict)


def _unlike_article(facts: PageFacts, target: Target, *, agrees: bool, strict: bool) -> str | None:
    """Return the evidence against a page that does not say its id, and whose title agrees or not."""
    if not facts.text:
        return _reason(facts.no_text or "there is no text in it", settled=facts.no_text == _LIST and not agrees)
    if not agrees and _PARKED_RE.search(f"{facts.title}\n{facts.text}"):
        return f"{SETTLED}the domain is parked"
    if facts.published and (agrees or not strict or not target.title):
        return None
    if target.title and not agrees:
        return "its title is not the one that the dump told"
    if not target.title and len(facts.text) < _MIN_ARTICLE_LETTERS:
        return "there is neither date nor much text in it"
    return None


def is_settled(reason: str) -> bool:
    """Return whether *reason*, which :func:`soft_404` gave, is evidence that the article is not at its URL."""
    return reason.startswith(SETTLED)


def _reason(words: str, *, settled: bool) -> str:
    return f"{SETTLED}{words}" if settled else words


def titles_agree(one: str, other: str) -> bool:
    """Return whether two titles are of the same story.

    >>> titles_agree("Kurds Retake Town from ISIS", "Kurds Retake Town from ISIS + Video")
    True
    >>> titles_agree("Kurds Retake Town from ISIS", "Page Not Found")
    False
    >>> titles_agree("News", "News of the Kurds")  # a word or two are in many titles
    False
    """
    one, other = utils.default_process(one), utils.default_process(other)
    is_short = min(len(set(one.split())), len(set(other.split()))) < _MIN_TITLE_WORDS
    return (fuzz.ratio if is_short else fuzz.token_set_ratio)(one, other) >= MIN_TITLE_AGREEMENT_PERCENT
