"""A page of status 200 that is not the article asked for is told apart by what it says of itself."""

import pytest

from crawler.archive import Target
from crawler.items import Attempt, RelatedItem
from crawler.pages.facts import PageFacts, read_page
from crawler.pages.soft404 import answer_refusal, attempt_of, is_settled, soft_404
from crawler.sites import load_profile

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
        (PageFacts(no_text="a login"), TARGET, "a login"),
        (PageFacts(text=NOT_FOUND, title="Page Not Found"), TARGET, "title"),
        (PageFacts(text="Buy this domain. " * 99, title="alalam.ir is for sale"), TARGET, "parked"),
        (PageFacts(text=NOT_FOUND), TARGET, "title"),
        (PageFacts(text=NOT_FOUND, title="Page Not Found"), UNTITLED, "neither date nor much text"),
    ],
)
def test_page_that_is_not_the_article_is_refused_with_a_reason(facts, target, reason):
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


def test_parked_domain_is_recognized_by_its_words():
    parked = PageFacts(text="This domain may be for sale. " * 20, title="alalam.ir", published="2026-01-01T00:00:00Z")
    for target in (TARGET, UNTITLED):
        assert "parked" in (soft_404(parked, target, PROFILE, f"{BASE}/news/7") or "")


@pytest.mark.parametrize(
    "facts",
    [
        PageFacts(),
        PageFacts(no_text="a login"),
        PageFacts(text="A short text of another head.", title="A new head"),
        PageFacts(canonical_url=f"{BASE}/", text="News. " * 99, title=TARGET.title),
        PageFacts(title=TARGET.title, error="page not found"),
    ],
)
def test_absence_of_evidence_settles_nothing(facts):
    reason = soft_404(facts, TARGET, PROFILE, f"{BASE}/news/7")
    assert reason
    assert not is_settled(reason)


@pytest.mark.parametrize(
    "facts",
    [
        PageFacts(error="page not found"),
        PageFacts(error="page not found", canonical_url=f"{BASE}/news/7", published="2016-02-28T10:00:00+03:30"),
        PageFacts(no_text="a list of other pages", title="News"),
        PageFacts(canonical_url=f"{BASE}/news/8", text="News. " * 99, title="Another"),
        PageFacts(text="This domain is for sale.", title="alalam.ir"),
    ],
)
def test_a_page_that_says_what_it_is_instead_is_evidence(facts):
    assert is_settled(soft_404(facts, TARGET, PROFILE, f"{BASE}/news/7") or "")


def made_soft_404s():
    heads = ["Page not found", "404", "Error 404", "Not Found", "Oops! That page can't be found", "HTTP 404", "Sorry"]
    lines = [
        "The page you are looking for does not exist.",
        "We could not find that page.",
        "The article has been removed.",
        "The page you requested could not be found on this server.",
        "Nothing was found at this location. Try a search?",
        "This page is no longer available.",
        "الصفحة غير موجودة",
        "صفحه مورد نظر یافت نشد",
    ]
    chromes = ["{}", "<ul><li><a href=/>Home</a><li><a href=/w>World</a></ul>{}<footer>All rights reserved</footer>",
               "<title>Daily</title><article>{}</article>", "<div class=date>Fri Jan 3, 2014 18:13:55</div><main>{}</main>"]  # fmt: skip
    return [chrome.format(f"<h1>{h}</h1><p>{line}</p>") for h in heads for line in lines for chrome in chromes]


def test_made_soft_404s_are_caught_and_flashes_are_not():
    missing = made_soft_404s()
    assert len(missing) > 200
    url = f"{BASE}/news/7"
    reasons = [soft_404(read_page(page.encode(), url, PROFILE), TARGET, PROFILE, url) for page in missing]
    assert sum(is_settled(reason or "") for reason in reasons) >= 0.95 * len(missing)
    assert all(reasons)
    flashes = [
        f"<article><h1>{TARGET.title}</h1><p>{line}</p></article>"
        for line in (
            "The black box was not found, officials say.",
            "A court in Erbil said the minister did not exist on its list.",
            "Kurdish fighters took the town on Friday, witnesses say.",
            "Access to the town was denied on Friday.",
            "Gunmen fled the town.",
        )
    ]
    for page in flashes:
        facts = read_page(page.encode(), url, PROFILE)
        assert facts.text
        assert soft_404(facts, TARGET, PROFILE, url) is None


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Error</h1><p>The page you are looking for is temporarily unavailable. Please try again later.</p>",
        "<title>Consent</title><p>Please accept cookies to see the article you requested.</p>",
        "<title>Sign in</title><p>You must be signed in to view the page you requested.</p>",
        "<p>The page you requested is being loaded, please wait.</p>",
        "<h1>Sorry</h1><p>This article is not available in your country.</p>",
        "<h1>عذرا</h1><p>الصفحة التي تبحث عنها تحت الصيانة، يرجى المحاولة لاحقا.</p>",
    ],
)
def test_a_page_that_is_unavailable_for_now_or_to_this_reader_is_not_gone(page):
    url = f"{BASE}/news/7"
    reason = soft_404(read_page(page.encode(), url, PROFILE), TARGET, PROFILE, url)
    assert reason
    assert not is_settled(reason)


FLASHES = {
    "Blast in Sanaa Airport": "Rockets hit the airport of Sanaa, witnesses say.",
    "انفجار في مطار صنعاء": "سقطت صواريخ على مطار صنعاء، بحسب شهود.",
    "انفجار در فرودگاه صنعا": "موشک‌ها به فرودگاه صنعا برخورد کردند.",  # noqa: RUF001
}
AROUND = "<nav><a href=/>Home</a> <a href=/w>World</a></nav>{}<footer>Copyright 2016. All rights reserved.</footer>"


@pytest.mark.parametrize(("title", "sentence"), FLASHES.items())
@pytest.mark.parametrize(
    "head", ["<title>{} | Daily News</title>", '<title>Daily</title><meta property="og:title" content="{}">']
)
@pytest.mark.parametrize("notice", ["", "<div><p>We use cookies to improve your experience.</p></div>"])
def test_a_flash_without_a_heading_is_known_by_the_title_of_its_page(title, sentence, head, notice):
    page = head.format(title) + AROUND.format(f"<div><p>{sentence}</p></div>{notice}")
    url = f"{BASE}/news/7"
    facts = read_page(page.encode(), url, PROFILE)
    assert facts.text == sentence
    assert soft_404(facts, Target(key="replica/7", id="7", depth=1, title=title), PROFILE, url) is None
    assert soft_404(facts, TARGET, PROFILE, url)


@pytest.mark.parametrize(
    "page",
    [
        "<title>{}</title><div id=root></div><div><p>We use cookies to improve your experience.</p></div>",
        "<title>{}</title><p>Please enable JavaScript to run this application.</p>",
        "<h1>{}</h1><p>Subscribe now to continue reading.</p><p>Already a subscriber? Log in</p>",
        "<title>{}</title>" + "<p>Vbn zqxw the kjhg of dfgh today</p>" * 1_000,
    ],
)
def test_text_before_an_article_is_not_its_text(page):
    url = f"{BASE}/news/7"
    facts = read_page(page.format(TARGET.title).encode(), url, PROFILE)
    assert facts.text is None
    assert not is_settled(soft_404(facts, TARGET, PROFILE, url) or "an article")


@pytest.mark.parametrize(
    ("path", "status", "body", "is_text", "reason", "told"),
    [
        ("/news/7", 404, b"No", True, "status 404", 404),
        ("/news/7", 503, b"", True, "status 503", 503),
        ("/news/7", 203, b"", True, "an empty answer", None),
        ("/news/7", 204, b"", True, "status 204", 204),
        ("/", 200, b"Home", True, "soft 404: redirected to a page that is not an article", 200),
        ("/en/index.html", 200, b"Home", True, "soft 404: redirected to a page that is not an article", 200),
        ("/404.html", 200, b"No", True, "soft 404: redirected to a page that is not an article", 200),
        ("/login", 200, b"Who?", True, "redirected to a page that is not an article", None),
        ("/news/7", 200, b"", True, "an empty answer", None),
        ("/news/7", 200, b"\xff\xd8", False, "not a page", None),
    ],
)
def test_answer_without_article_is_refused_and_its_status_is_only_evidence(path, status, body, is_text, reason, told):
    url = f"{BASE}{path}"
    assert answer_refusal(url, status, body, PROFILE, is_text=is_text) == reason
    assert attempt_of(url, status, reason) == Attempt(url, told, reason)


def test_answer_with_a_page_of_an_article_may_be_it():
    assert answer_refusal(f"{BASE}/news/7/a-slug", 200, b"<p>", PROFILE, is_text=True) is None
