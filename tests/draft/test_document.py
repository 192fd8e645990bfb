"""A drafted profile as it is written: what is known has its evidence beside it, what is not is commented out."""

from __future__ import annotations

import pytest

from crawler.draft.document import ProfileDraft, write_profile
from crawler.draft.pages import SampleFacts
from crawler.draft.pictures import PictureTally
from crawler.draft.tally import take_tally
from crawler.draft.templates import choose_templates
from crawler.draft.zones import guess_zone
from crawler.sites.profile import parse_profile
from tests.draft.lists import articles, beside, listed, slug

SITE = "http://www.example.org"


def written(url_of, **facts):
    lines = listed(articles(url_of, range(1, 600)), beside(SITE))
    tally = take_tally(lambda: lines, set())
    choice = choose_templates(tally, 0)
    parts = {"pages": SampleFacts(), "pictures": PictureTally({}), "zone": guess_zone([], ())}
    return write_profile(ProfileDraft("example", "list.jsonl", tally, choice, **{**parts, **facts}))


def test_keys_without_evidence_are_comments_that_say_why():
    text = written(lambda n: f"{SITE}/node/{n}")
    profile = parse_profile(text.encode(), "drafted")
    assert profile.article_urls("7") == (f"{SITE}/node/7",)
    assert (profile.language, profile.image_templates) == (None, ())
    assert "# [image]\n# urls = [" in text
    assert "no dump names a picture" in text
    assert "the language is not known" in text
    assert "# Extraction was not checked: no page of the sample was read." in text


@pytest.mark.parametrize(
    ("url_of", "told"),
    [
        (lambda n: f"{SITE}/news/{n}/{slug(n)}", ["UNKNOWN whether"]),
        (lambda n: f"{SITE}/news/{n}" + (f"/{slug(n)}" if n % 3 else ""), ["without the slug"]),
        (lambda n: f"{SITE}/news/{n}", []),
    ],
)
def test_dropped_slug_is_told_with_what_is_known_of_urls_without_it(url_of, told):
    text = written(url_of)
    assert f'"{SITE}/news/{{id}}"' in text
    assert [one for one in ("UNKNOWN whether", "without the slug") if one in text] == told


@pytest.mark.parametrize(
    ("sources", "keys"),
    [
        ({"warc": 9}, set()),
        ({"wayback": 9}, {"wayback"}),
        ({"commoncrawl": 9}, {"commoncrawl", "commoncrawl_data"}),
    ],
)
def test_archives_are_those_of_the_list(sources, keys):
    text = written(lambda n: f"{SITE}/node/{n}", sources=sources)
    found = {line.partition(" = ")[0] for line in text.splitlines() if line.startswith(("wayback", "commoncrawl"))}
    assert found == keys
    assert ("\n[recover]\n" in text) == bool(keys)
