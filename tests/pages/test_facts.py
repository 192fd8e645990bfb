"""What is read of a page obeys the rules of cleaning that are switched off, in each of its fields."""

from crawler.pages.facts import Cleaning, read_page
from crawler.sites import load_profile

SPACE = "\u200b"
TITLE = f"Rain{SPACE} in the city"
PAGE = f"""<html lang="en"><head><title>{TITLE}</title><meta name="author" content="Ann{SPACE} Lee"></head><body>
<article><h1>{TITLE}</h1>
<p>It rained{SPACE} all day in the city, and the river rose by more than two metres, officials said on Monday.</p>
<p>The water reached the old harbour in the evening, where shops had to close and cellars were pumped dry, he said.</p>
<p>Two bridges were closed to traffic in the afternoon, and schools sent their pupils home early. (AFP)</p></article></body></html>"""


def read(off):
    facts = read_page(PAGE.encode(), "http://h/1", load_profile("replica"), cleaning=Cleaning(frozenset(off)))
    return facts.title, facts.authors, facts.text, facts.credit


def test_all_rules_are_on_unless_switched_off():
    title, authors, text, credit = read([])
    assert (title, authors, credit) == ("Rain in the city", ("Ann Lee",), "(AFP)")
    assert SPACE not in text


def test_rule_that_is_switched_off_is_obeyed_in_every_field():
    title, authors, text, _ = read(["zero-width"])
    assert (title, authors) == (TITLE, (f"Ann{SPACE} Lee",))
    assert SPACE in text


def test_rule_of_paragraphs_can_be_switched_off_for_a_page():
    *_, text, credit = read(["credit"])
    assert credit is None
    assert text.endswith("(AFP)")
