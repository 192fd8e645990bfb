"""The visible text of pages, and above all the dumps in it."""

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import page_text

PAYLOAD = (
    '[{"id":"1793356","sort":"1","contenttypeid":"21","pic":"/2016/02/26/a_1.jpg","title":"Tom & Jerry  said é"} '
    ',{"id":"1793357","sort":"2","contenttypeid":"21","pic":"b.jpg","title":""P5+1 hope ...""} ]'
)


def dump_of(payload):
    return f'string({len(payload.encode())}) "{payload}"'


DUMP = dump_of(PAYLOAD)


@pytest.mark.parametrize(
    "markup",
    [
        "<pre>{}</pre>",
        "<div>\n{}\n</div>",
        "<div>Body text.<br>\n\n{}</div>",
        "<p>Body<p>More<div><span>{}</span></div>",
        "{}",
        "<table><tr><td>{}</td></tr></table>",
    ],
)
@pytest.mark.parametrize("encode", [str, html.escape])
def test_a_dump_arrives_byte_for_byte(markup, encode):
    page = f"<html><body><h1>T</h1>{markup.format(encode(DUMP))}<p>After</p></body></html>"
    assert DUMP in page_text(page.encode())


def test_entities_that_php_counted_stay_and_others_are_decoded():
    counted = dump_of(PAYLOAD.replace("&", "&amp;"))
    assert counted in page_text(f"<pre>{counted}</pre>".encode())


def test_markup_in_a_title_that_php_counted_stays():
    counted = dump_of(PAYLOAD.replace("Jerry", "<b>Jerry</b> <x"))
    assert counted in page_text(f"<div>{counted}</div>".encode())


@pytest.mark.parametrize("cut", [10, 30, 60, 120, 150])
def test_a_cut_dump_arrives_up_to_its_end(cut):
    assert DUMP[:cut] in page_text(f"<div>{DUMP[:cut]}</div>".encode())


def test_an_array_dump_keeps_its_lines():
    dump = 'array(1) {\n  [0]=>\n  array(2) {\n    ["id"]=>\n    string(7) "1793356"\n  }\n}'
    assert dump in page_text(f"<div>x</div><pre>{dump}</pre>".encode())
    assert dump in page_text(f"<div>x</div><pre>{html.escape(dump)}</pre>".encode())


def test_blocks_are_lines_and_what_is_not_drawn_is_left_out():
    page = b"""<title>T</title><style>p{}</style><nav><a>Home</a></nav><h1>A <i>b</i></h1><p>One<br>two&nbsp;&amp;amp;
    three</p><script>var x</script><p style="display: none">no</p><noscript>no</noscript>"""
    assert page_text(page) == "Home\n\nA b\n\nOne\n\ntwo &amp; three"


@settings(deadline=None)
@given(st.binary())
def test_it_never_raises(data):
    assert isinstance(page_text(data), str)


@settings(deadline=None)
@given(st.text(alphabet='<>&"[]{}string(1) 0=/aé\n', max_size=200))
def test_it_never_raises_on_scraps_of_markup(text):
    assert isinstance(page_text(text.encode()), str)
