"""Cleaning of whole records."""

from crawler.items import Article, Capture, RelatedItem
from crawler.text import clean_article, content_sha256


def make_article(**changes):
    fields = {"key": "alalam/1", "kind": "article", "site": "alalam", "capture": Capture(source="origin"), "run": "r"}
    return Article(**fields | changes)


def test_every_text_field_is_clean_and_the_text_hashed():
    article = make_article(
        title=" A\u200b title\n of \u202etwo ",
        kicker="\xa0",
        text="One.\r\n\r\n\r\nTwo.",
        authors=(" Ann  Lee", "Ann Lee", "\u200b"),
        related=(RelatedItem(id="5", title=" \x00R "), RelatedItem(id="6")),
    )
    cleaned = clean_article(article)
    assert cleaned.title == "A title of two"
    assert cleaned.kicker is None
    assert cleaned.text == "One.\n\nTwo."
    assert cleaned.authors == ("Ann Lee",)
    assert [item.title for item in cleaned.related] == ["R", None]
    assert cleaned.content_sha256 == content_sha256("One.\n\nTwo.")
    assert clean_article(cleaned) == cleaned


def test_missing_text_has_no_hash_and_the_argument_is_unchanged():
    article = make_article(title="A", text=" \n")
    cleaned = clean_article(article)
    assert (cleaned.text, cleaned.content_sha256) == (None, None)
    assert article.text == " \n"
