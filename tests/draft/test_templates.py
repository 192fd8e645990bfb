"""From a list of captures to the templates of its articles: the URL schemes of real sites, and invented ones."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.captures.lines import CaptureLine
from crawler.draft.tally import take_tally
from crawler.draft.templates import Choice, choose_templates
from crawler.sites.templates import article_url
from tests.draft.lists import WORDS, UrlOf, articles, beside, day, listed, slug

SITE = "http://www.example.org"
SECTIONS = ("world-asia", "world-europe", "uk", "business")
NUMBERS = range(1, 1_200)

SCHEMES: dict[str, tuple[UrlOf, UrlOf, list[str]]] = {
    "WordPress, plain": (lambda n: f"{SITE}/?p={n}", str, [f"{SITE}/?p={{id}}"]),
    "WordPress, dated": (lambda n: f"{SITE}/{day(n):%Y/%m/%d}/{slug(n)}-{n}/", str, []),
    "Drupal": (lambda n: f"{SITE}/node/{n}", str, [f"{SITE}/node/{{id}}"]),
    "Joomla": (
        lambda n: (
            f"{SITE}/index.php?option=com_content&view=article&id={n}:{slug(n)}&catid={n % 7}&Itemid={40 + n % 5}"
        ),
        str,
        [f"{SITE}/index.php?option=com_content&view=article&id={{id}}"],
    ),
    "BBC": (
        lambda n: f"{SITE}/news/{SECTIONS[n % 4]}-{12_000_000 + n * 37}",
        lambda n: str(12_000_000 + n * 37),
        [f"{SITE}/news/{section}-{{id}}" for section in sorted(SECTIONS)],
    ),
    "Tasnim": (
        lambda n: f"{SITE}/fa/news/{1387 + n // 730}/{1 + n // 61 % 12:02}/{1 + n // 2 % 29:02}/{n * 11}/{slug(n)}",
        lambda n: str(n * 11),
        [],
    ),
    "Al-Alam": (
        lambda n: f"{SITE}/news/{1_400_000 + n * 7}" + (f"/{slug(n)}" if n % 3 else ""),
        lambda n: str(1_400_000 + n * 7),
        [f"{SITE}/news/{{id}}"],
    ),
    "with an ending": (lambda n: f"{SITE}/en/{n}.html", str, [f"{SITE}/en/{{id}}.html"]),
    "slug before the id": (lambda n: f"{SITE}/en/{slug(n)}-{n}.html", str, []),
    "slug behind the id": (lambda n: f"{SITE}/{n}-{slug(n)}.html", str, [f"{SITE}/{{id}}"]),
    "ASP": (
        lambda n: f"{SITE}/ShowNews.aspx?lang=en&NewsID={n}",
        str,
        [f"{SITE}/ShowNews.aspx?lang=en&NewsID={{id}}"],
    ),
    "Deutsche Welle": (lambda n: f"{SITE}/en/{slug(n)}/a-{n + 1_000_000}", lambda n: str(n + 1_000_000), []),
    "month in letters": (lambda n: f"{SITE}/world/{day(n):%Y/%b}/{n}".lower(), str, []),
}


def choose(lines: Sequence[CaptureLine], ids: set[str]) -> Choice:
    choice = choose_templates(take_tally(lambda: lines, ids), len(ids))
    assert choice is not None
    return choice


def id_in(choice: Choice, line: CaptureLine) -> str | None:
    found = re.compile(choice.pattern, re.ASCII).search("/" + line.url.split("/", 3)[3])
    return found and found["id"]


@pytest.mark.parametrize("with_seeds", [True, False])
@pytest.mark.parametrize("name", SCHEMES)
def test_template_of_a_real_scheme_is_found(name, with_seeds):
    url_of, id_of, expected = SCHEMES[name]
    found = list(articles(url_of, NUMBERS))
    other = list(beside(SITE))
    ids = {id_of(n) for n in random.Random(3).sample(NUMBERS, 60)} if with_seeds else set()
    choice = choose(listed(found, other), ids)
    assert sorted(one.url for one in choice.templates if one.url) == sorted(expected)
    ids_of_urls = {url_of(n): id_of(n) for n in NUMBERS}
    assert [id_in(choice, line) for line in found] == [ids_of_urls[line.url] for line in found]
    assert {line.url for line in other if line.status == "200" and id_in(choice, line)} == set()


def test_ids_with_zeros_before_them_are_those_of_dumps_without():
    lines = listed(articles(lambda n: f"{SITE}/news/{n:07}.html", NUMBERS), beside(SITE))
    choice = choose(lines, {str(n) for n in range(100, 200)})
    assert [one.url for one in choice.templates] == [f"{SITE}/news/{{id:07}}.html"]
    assert article_url(choice.templates[0].url or "", "123") == f"{SITE}/news/0000123.html"
    found = {line.url: id_in(choice, line) for line in lines if "/news/" in line.url}
    assert found
    assert all(found[url] == str(int(url.rpartition("/")[2].removesuffix(".html"))) for url in found)


def test_slug_that_is_all_of_a_query_is_no_part_of_the_template():
    found = articles(lambda n: f"{SITE}/story/{n}.aspx?{slug(n)}" if n % 2 else f"{SITE}/story/{n}.aspx", NUMBERS)
    old = articles(lambda n: f"{SITE}/article.php?no={n}&{slug(n)}", NUMBERS)
    for lines, expected in ((found, f"{SITE}/story/{{id}}.aspx"), (old, f"{SITE}/article.php?no={{id}}")):
        choice = choose(listed(lines, beside(SITE)), {str(n) for n in range(100, 200)})
        assert [one.url for one in choice.templates] == [expected]


def test_eras_schemes_and_hosts_are_templates_of_their_own_if_ids_go_on():
    early = articles(lambda n: f"http://example.org/?p={n}", range(1, 900))
    late = articles(lambda n: f"https://www.example.org/news/{n}/{slug(n)}", range(900, 1_600))
    choice = choose(listed(early, late, beside(SITE)), set())
    assert {one.url for one in choice.templates} == {"http://example.org/?p={id}", "https://www.example.org/news/{id}"}
    assert [one.last[:4] for one in choice.templates if one.url == "http://example.org/?p={id}"] < ["2011"]


def test_another_numbering_is_left_out_and_the_reason_given():
    news = articles(lambda n: f"{SITE}/news/{n * 9}", NUMBERS)
    photos = articles(lambda n: f"{SITE}/photo/{n}", NUMBERS, number=5)
    choice = choose(listed(news, photos), set())
    (template,) = choice.templates
    (doubt,) = choice.doubts
    assert {template.url, doubt.shape} == {f"{SITE}/news/{{id}}", f"{SITE}/photo/{{id}}"}
    assert "another numbering" in doubt.reason


def test_sections_with_one_numbering_are_all_templates():
    lines = articles(lambda n: f"{SITE}/{'world' if n % 2 else 'sport'}/{n}", NUMBERS)
    assert {one.url for one in choose(listed(lines), set()).templates} == {
        f"{SITE}/world/{{id}}",
        f"{SITE}/sport/{{id}}",
    }


def test_forms_for_printing_are_not_templates():
    pages = articles(lambda n: f"{SITE}/news/{n}", NUMBERS)
    printed = articles(lambda n: f"{SITE}/news/{n}/print", NUMBERS, number=4)
    choice = choose(listed(pages, printed), set())
    assert [one.url for one in choice.templates] == [f"{SITE}/news/{{id}}"]
    assert "another form" in choice.doubts[0].reason


def test_evidence_says_whether_a_url_without_its_slug_was_captured():
    with_slug = list(articles(lambda n: f"{SITE}/news/{n}/{slug(n)}", NUMBERS))
    (unknown,) = choose(listed(with_slug), set()).templates
    bare = articles(lambda n: f"{SITE}/news/{n}", range(1, 200))
    (known,) = choose(listed(with_slug, bare), set()).templates
    assert (unknown.url, unknown.drops, unknown.whole) == (f"{SITE}/news/{{id}}", True, 0)
    assert (known.url, known.drops) == (f"{SITE}/news/{{id}}", True)
    assert 100 < known.whole < 200


def test_site_without_numbers_has_no_template():
    lines = listed(articles(lambda n: f"{SITE}/world/{slug(n)}", NUMBERS), beside(SITE))
    assert choose_templates(take_tally(lambda: lines, set()), 0) is None


def test_same_list_gives_the_same_choice():
    lines = listed(articles(SCHEMES["Al-Alam"][0], NUMBERS), beside(SITE))
    assert choose(lines, set()).pattern == choose(list(lines), set()).pattern


words = st.sampled_from([*WORDS, "news", "en", "fa", "content", "p2"])
Write = Callable[[int, int], str]
"""Returns the URL of an article by its number, which says its slug and day, and its id."""


@st.composite
def schemes(draw: st.DrawFn) -> tuple[Write, str | None]:
    """Return a way to write URLs, and the template that stands for it; None if there can be none."""
    host = draw(st.sampled_from(["example.org", "news.example.ir:8080"]))
    base = f"{draw(st.sampled_from(['http', 'https']))}://{host}"
    base += "".join(f"/{one}" for one in draw(st.lists(words, max_size=3, unique=True)))
    ending = draw(st.sampled_from(["", ".html", ".aspx", "/", "/index.html"]))
    form = draw(st.sampled_from(["segment", "word", "query", "slug behind", "dated", "slug before"]))
    if form == "segment":
        return (lambda _, n: f"{base}/{n}{ending}"), f"{base}/{{id}}{ending}"
    if form == "word":
        word = draw(st.sampled_from(["news-", "story_", "a", "art-", "id"]))
        return (lambda _, n: f"{base}/{word}{n}{ending}"), f"{base}/{word}{{id}}{ending}"
    if form == "query":
        name = draw(st.sampled_from(["id", "newsid", "p", "NewsID"]))
        start = f"{base}/show.php?{draw(st.sampled_from(['', 'lang=en&', 'view=article&']))}{name}="
        return (lambda _, n: f"{start}{n}"), f"{start}{{id}}"
    if form == "slug behind":
        sign = draw(st.sampled_from(["/", "-", "_", ":"]))
        return (lambda at, n: f"{base}/{n}{sign}{slug(at)}"), f"{base}/{{id}}"
    if form == "dated":
        return (lambda at, n: f"{base}/{day(at):%Y/%m/%d}/{n}{ending}"), None
    return (lambda at, n: f"{base}/{slug(at)}-{n}{ending}"), None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemes(), st.integers(1, 4_000_000), st.sampled_from([1, 2, 7, 113]), st.booleans())
def test_template_of_an_invented_scheme_is_found_again(scheme, first, step, with_seeds):
    write, expected = scheme
    numbers = range(1, 400)
    id_of = {write(number, first + number * step): str(first + number * step) for number in numbers}
    urls = list(id_of)
    found = list(articles(lambda number: urls[number - 1], numbers))
    other = list(beside("/".join(urls[0].split("/")[:3])))
    ids = {id_of[url] for url in urls[::9]} if with_seeds else set()
    choice = choose(listed(found, other), ids)
    assert [one.url for one in choice.templates] == [expected]
    assert [id_in(choice, line) for line in found] == [id_of[line.url] for line in found]
