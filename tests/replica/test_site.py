from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.replica import Site
from crawler.replica.universe import FIRST_OPEN, LAST_OPEN, MAX_ARTICLES, UNIVERSE_END
from crawler.sites import load_profile

SITE = Site()
PROFILE = load_profile("replica")
SAMPLE = [*map(SITE.id_at, range(0, 3000, 7)), *range(FIRST_OPEN, LAST_OPEN, 20_011)]
ids = st.integers(0, LAST_OPEN)


@settings(deadline=None, max_examples=60)
@given(ids)
def test_same_number_same_article(article_id):
    assert Site(number=3).article(article_id) == Site(number=3).article(article_id)


def test_another_number_is_another_site():
    assert Site(number=1).article(1793356) != Site(number=2).article(1793356)


@settings(deadline=None, max_examples=60)
@given(ids)
def test_nothing_of_an_article_is_missing(article_id):
    article = SITE.article(article_id)
    assert 5 <= len(article.paragraphs) <= 15
    assert all(text and text == text.strip() for text in (article.title, article.slug, *article.paragraphs))
    assert article.published.isoformat().endswith(("+03:30", "+04:30"))


def test_titles_and_texts_are_distinct():
    # Of all 10,000,000 ids no two have the same title; this is a sample of that.
    titles = {SITE.title(article_id) for article_id in range(1_700_000, 1_730_000)}
    assert len(titles) == 30_000
    texts = {SITE.article(article_id).paragraphs[0] for article_id in SAMPLE}
    assert len(texts) == len(SAMPLE)


def test_texts_are_not_near_duplicates():
    def shingles(article_id):
        words = " ".join(SITE.article(article_id).paragraphs).split()
        return {tuple(words[n : n + 4]) for n in range(len(words) - 3)}

    sets = [shingles(article_id) for article_id in SAMPLE[:90]]
    alike = [len(a & b) / len(a | b) for n, a in enumerate(sets) for b in sets[:n]]
    assert max(alike) < 0.12


@settings(deadline=None, max_examples=60)
@given(ids)
def test_related_items_are_smaller_and_say_what_their_pages_say(article_id):
    article = SITE.article(article_id)
    assert len(article.related) <= 13
    for item in article.related:
        assert int(item.id) < article_id
        assert SITE.index_of(int(item.id)) is not None
        assert (item.title, item.pic) == (SITE.title(int(item.id)), SITE.pic(int(item.id)))
    assert len({item.id for item in article.related}) == len(article.related)


@settings(deadline=None, max_examples=60)
@given(st.integers(FIRST_OPEN, LAST_OPEN))
def test_open_ids_always_have_a_page_a_picture_and_related_items(article_id):
    article = SITE.article(article_id)
    assert SITE.answer(article_id) in {"page", "slug"}
    assert article.related
    assert article.pic.endswith(".jpg")
    assert SITE.serves_picture(article.pic, original=True)


@pytest.mark.parametrize(("first", "step"), [(1_600_000, 1), (2_100_000, 5)])
def test_sorts_are_gap_free_blocks_that_never_meet(first, step):
    seen = set()
    for article_id in range(first, first + 300):
        sorts = [item.sort for item in SITE.related(article_id)]
        rising = sorted(sorts)
        assert rising == list(range(rising[0], rising[0] + len(sorts) * step, step))
        assert sorts in (rising, rising[::-1])
        assert seen.isdisjoint(sorts)
        seen.update(sorts)


@settings(deadline=None, max_examples=60)
@given(ids)
def test_pictures_tell_the_date_of_their_article(article_id):
    article = SITE.article(article_id)
    uploaded = PROFILE.picture_time(article.pic)
    assert timedelta(0) <= article.published - uploaded <= timedelta(hours=1)
    if not article.pic.startswith("/"):
        assert article_id < UNIVERSE_END or article.published.date().isoformat() >= "2017-10-01"


@settings(deadline=None, max_examples=60)
@given(st.integers(1_490_659, 3_232_745))
def test_dates_agree_with_the_known_points_of_the_profile(article_id):
    assert SITE.article(article_id).published.date() == PROFILE.id_time(str(article_id)).date()


def test_dates_grow_with_ids():
    dates = [SITE.calendar.published(article_id) for article_id in range(0, LAST_OPEN, 9_973)]
    assert dates == sorted(dates)


@pytest.mark.parametrize("articles", [1, 2, 999, 3000, 444_999, 445_000, 445_001, 1_000_000, MAX_ARTICLES])
def test_universes_of_any_size_fit(articles):
    site = Site(articles=articles)
    assert 0 < site.id_at(0) <= site.id_at(articles - 1) < UNIVERSE_END
    assert [site.index_of(site.id_at(n)) for n in (0, articles // 2, articles - 1)] == [0, articles // 2, articles - 1]
    assert site.index_of(site.id_at(0) - 1) is None
    assert site.index_of(UNIVERSE_END) is None
    assert all(item.title for item in site.article(1793356).related)
    assert site.article(site.id_at(0)).related == ()


@pytest.mark.parametrize("articles", [0, -1, MAX_ARTICLES + 1])
def test_impossible_universes_are_refused(articles):
    with pytest.raises(ValueError, match="articles must be"):
        Site(articles=articles)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_impossible_shares_are_refused(share):
    with pytest.raises(ValueError, match="soft_missing must be"):
        Site(soft_missing=share)


def test_shares_are_kept():
    site = Site(articles=10_000, missing=0.05, soft_missing=0.1, redirects=0.25)
    answers = [site.answer(site.id_at(index)) for index in range(site.articles)]
    counts = {answer: answers.count(answer) / len(answers) for answer in ("missing", "lost", "slug")}
    assert counts == pytest.approx({"missing": 0.05, "lost": 0.1, "slug": 0.25 * 0.85}, abs=0.01)


def test_kinds_of_pictures_and_related_counts_are_mixed_as_on_the_real_site():
    every = [SITE.id_at(index) for index in range(SITE.articles)]
    pics = [SITE.pic(article_id) for article_id in every]
    assert 0.08 < sum(pic.endswith(".mp4") for pic in pics) / len(pics) < 0.17
    assert 0.03 < sum("/" not in pic for pic in pics) / len(pics) < 0.1
    assert 0.005 < sum(not SITE.serves_picture(pic, original=False) for pic in pics) / len(pics) < 0.03
    assert sum(SITE.serves_picture(pic, original=False) for pic in pics) > sum(
        SITE.serves_picture(pic, original=True) for pic in pics
    )
    counts = [len(SITE.related(article_id)) for article_id in every]
    assert set(counts) == set(range(14))
    assert sum(2 <= count <= 6 for count in counts) > len(counts) / 2


REPUBLISHING = Site(republished=0.1)


def test_some_stories_are_republished_shortened_edited_or_without_paragraphs():
    copies = {one: told for one in map(REPUBLISHING.id_at, range(3000)) if (told := REPUBLISHING.republication(one))}

    assert 240 < len(copies) < 360
    assert {told.edit for told in copies.values()} == {"shortened", "new head", "paragraphs dropped"}
    assert not copies.keys() & {told.of for told in copies.values()}
    for one, (of, edit) in copies.items():
        article, earlier = REPUBLISHING.article(one), REPUBLISHING.article(of)
        assert of < one
        assert REPUBLISHING.answer(of) in {"page", "slug"}
        assert article.title != earlier.title
        assert (article.paragraphs[0] in earlier.paragraphs) is (edit != "new head" and len(article.paragraphs) > 1)
        told, kept = " ".join(article.paragraphs), " ".join(earlier.paragraphs)
        assert 0.5 * len(kept) < len(told) < 0.9 * len(kept)


def test_republication_of_some_articles_changes_no_other_article():
    own = [one for one in SAMPLE if not REPUBLISHING.republication(one)]

    assert len(own) < len(SAMPLE)
    assert all(REPUBLISHING.article(one) == SITE.article(one) for one in own)
    assert not any(map(SITE.republication, SAMPLE))
