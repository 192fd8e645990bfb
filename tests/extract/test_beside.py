"""What stands beside articles is not read as one, and what an article has is never taken for it."""

import pytest
from lxml import etree

from crawler.extract.beside import Beside
from crawler.extract.blocks import blocks

LINKS = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("world", "politics", "sport", "weather"))
STORY = "The river rose by two metres in the night, the water office of the city said on Friday morning."


def lines(body):
    root = etree.fromstring(f"<html><body>{body}<p>{STORY}</p></body></html>", etree.HTMLParser())
    return [block.text for block in blocks(root, beside=Beside(root))]


@pytest.mark.parametrize(
    "body",
    [
        f"<nav><ul>{LINKS}</ul></nav>",
        f"<footer>{LINKS}<p>All the news of the city, every day since 1921, from our own writers.</p></footer>",
        "<aside><p>Write to us about what you saw.</p></aside>",
        f'<div role="navigation">{LINKS}</div>',
        f'<div class="site-menu"><ul>{LINKS}</ul></div>',
        f'<ul id="mainNav">{LINKS}</ul>',
    ],
)
def test_text_beside_an_article_is_left_out(body):
    assert lines(body) == [STORY]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<aside><h1>Flood</h1></aside>", "Flood"),
        ("<footer><article>Flood</article></footer>", "Flood"),
        ("<aside><blockquote>So much water!</blockquote></aside>", "So much water!"),
        ('<div class="has-nav-bar"><p>Flood</p></div>', "Flood"),
        (f'<div class="navigated">{STORY} {STORY}<br><a href="/more">More</a></div>', f"{STORY} {STORY}"),
        ('<div class="menu">Soup of the day</div>', "Soup of the day"),
    ],
)
def test_parts_of_an_article_are_kept_wherever_they_are(body, kept):
    assert kept in lines(body)


def test_a_menu_that_is_never_closed_takes_no_article_with_it():
    assert lines(f"<header><nav><ul>{LINKS}</ul><div><p>{STORY}</p></div>").count(STORY) == 2
