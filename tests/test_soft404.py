"""A page of status 200 that is not the article asked for is told apart by what it says of itself."""

import pytest

from crawler.archive import Target
from crawler.items import RelatedItem
from crawler.reading import PageFacts
from crawler.sites import load_profile
from crawler.soft404 import soft_404

PROFILE = load_profile("replica")
TARGET = Target(key="replica/7", id="7", depth=1, title="Kurds Retake Town from ISIS")
UNTITLED = Target(key="replica/7", id="7", depth=1)
BASE = "http://127.0.0.1:8765"
NOT_FOUND = "The page you are looking for does not exist or has been moved."


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        (PageFacts(canonical_url=f"{BASE}/news/7/slug", text="Short.", title="A new head"), TARGET),
        (PageFacts(related=(RelatedItem(id="1"),)), TARGET),
        (PageFacts(text="Short.", published="2016-02-28T10:00:00+03:30", title="A new head"), TARGET),
        (PageFacts(text="Short.", title="Kurds retake the town from ISIS + video"), TARGET),
        (PageFacts(text="Long enough. " * 30, title="Whatever"), UNTITLED),
        (PageFacts(text="Short.", title=TARGET.title, canonical_url="http://elsewhere/"), TARGET),
    ],
)
def test_an_article_is_known_by_its_link_its_dump_its_date_or_its_title(facts, target):
    assert soft_404(facts, target, PROFILE, f"{BASE}/news/7") is None


@pytest.mark.parametrize(
    ("facts", "target", "reason"),
    [
        (PageFacts(canonical_url=f"{BASE}/", text="News. " * 99, title=TARGET.title), TARGET, "canonical link"),
        (PageFacts(), TARGET, "no text"),
        (PageFacts(text=NOT_FOUND, title="Page Not Found"), TARGET, "title"),
        (PageFacts(text="Buy this domain. " * 99, title="alalam.ir is for sale"), TARGET, "parked"),
        (PageFacts(text=NOT_FOUND), TARGET, "title"),
        (PageFacts(text=NOT_FOUND, title="Page Not Found"), UNTITLED, "neither date nor much text"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(facts, target, reason):
    assert reason in (soft_404(facts, target, PROFILE, f"{BASE}/news/7") or "")


DATED = PageFacts(text="Words. " * 99, published="2016-02-28T10:00:00+03:30", title="Cheap flights to the sun")


def test_a_date_is_not_enough_for_what_a_web_archive_saw_at_the_url():
    assert soft_404(DATED, TARGET, PROFILE, None) is None
    assert "title" in (soft_404(DATED, TARGET, PROFILE, None, strict=True) or "")
    assert soft_404(DATED, UNTITLED, PROFILE, None, strict=True) is None


def test_another_article_is_not_this_one_unless_its_title_is():
    other = f"{BASE}/news/8"
    dump = (RelatedItem(id="1"),)
    assert "another" in (soft_404(PageFacts(text="x", related=dump), TARGET, PROFILE, other) or "")
    assert "another" in (soft_404(PageFacts(text="x", related=dump, canonical_url=other), TARGET, PROFILE, None) or "")
    assert soft_404(PageFacts(text="x", title=TARGET.title), TARGET, PROFILE, other) is None


def test_a_parked_domain_is_told_by_its_words():
    parked = PageFacts(text="This domain may be for sale. " * 20, title="alalam.ir", published="2026-01-01T00:00:00Z")
    for target in (TARGET, UNTITLED):
        assert "parked" in (soft_404(parked, target, PROFILE, f"{BASE}/news/7") or "")
