"""The parser takes all of a page, as browsers do."""

import time

import pytest
from lxml import etree

from crawler.extract import page_text
from crawler.extract.tree import parse


@pytest.mark.parametrize(
    "end", ["</html>", "</HTML >", "</body></html>", "</Html\n>", "</html></html>", "</html foo='>'>"]
)
def test_elements_after_the_end_of_the_document_belong_to_the_body(end):
    assert page_text(f"<html><body><p>One</p>{end}<p>Two</p></html>".encode()).startswith("One")
    assert page_text(f"<html><body><p>One</p>{end}<p>Two</p></html>".encode()).endswith("Two")


def test_two_documents_in_one_answer_are_both_read():
    one = "<!doctype html><html><head><title>T</title></head><body><p>{}</p></body></html>\n"
    assert page_text((one.format("One") + one.format("Two")).encode()) == "One\n\nTwo"


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "windows-1256"])
def test_the_end_is_found_in_every_encoding(charset):
    page = "<html><body><p>واحد</p></html><p>اثنان</p>".encode(charset)
    assert page_text(page, charset) == "واحد\n\nاثنان"  # noqa: RUF001


def test_invalid_end_tag_is_kept():
    page = b"""<p title="</html>">One</p><!-- </html> --><script>var end = "</html>";</script><p>Two</p></html><p>Three</p>"""
    root = parse(page).root
    assert root.find(".//p").get("title") == "</html>"
    assert root.find(".//script").text == 'var end = "</html>";'
    assert page_text(page) == "One\n\nTwo\n\nThree"


def test_a_page_that_ends_where_it_ends_is_parsed_as_it_is():
    page = b"<html><body><p>One</p></body></html>\n\n"
    assert etree.tostring(parse(page).root) == b"<html><body><p>One</p></body></html>"
    assert page_text(b"<p>One</p></html") == "One"


@pytest.mark.parametrize("unit", [b"</html>", b"<!--</html>", b"</html <", b"<script></html>", b"</html><p>x"])
def test_time_is_linear_in_ends(unit):
    def seconds(times):
        start = time.process_time()
        parse(unit * times)
        return time.process_time() - start

    taken = min(seconds(50_000), seconds(50_000))
    assert seconds(100_000) < 4 * taken + 1
