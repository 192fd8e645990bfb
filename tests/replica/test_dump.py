"""Our own reader of dumps agrees with the replica about what the replica prints."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.replica import Site
from crawler.replica.dump import seed_text
from crawler.replica.universe import FIRST_OPEN, LAST_OPEN
from crawler.seeds import parse_page

SITE = Site()


@settings(deadline=None)
@given(st.integers(FIRST_OPEN, LAST_OPEN))
def test_seed_text_is_read_back_as_the_article(article_id):
    article = SITE.article(article_id)
    page = parse_page(seed_text(article), SITE.calendar.zone)
    assert page.title == article.title
    assert page.published == article.published
    assert page.paragraphs == article.paragraphs
    assert page.desk_code == article.desk_code
    (dump,) = page.dumps
    assert dump.length_verdict == "exact"
    assert dump.related == article.related
