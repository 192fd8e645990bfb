"""What is true of the reader for any records and any text."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.seeds import parse_page
from crawler.text.mojibake import mend
from tests.seeds.written import FORMS, Record, items, json_string

ZONE = ZoneInfo("Asia/Tehran")
SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What no form can tell from its own end, or what is cleaned out of a title on purpose.
_CONTROLS = st.characters(exclude_categories=("Cs", "Cc"))
_ANY_TITLE = st.text(_CONTROLS, max_size=40).filter(lambda title: "&" not in title and "<" not in title)
# A list written by hand and print_r quote nothing, so a title must not hold what ends one there.
_PLAIN_TITLE = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="{}[]()\\&<>"), max_size=40
)
_DIGITS = st.from_regex(r"[0-9]{1,18}", fullmatch=True)
_PIC = st.from_regex(r"/[0-9]{4}/[a-z0-9_]{1,30}\.(jpg|mp4)", fullmatch=True)
_NO_LENGTHS = {"json", "json, escaped", "print_r", "print_r, folded", "var_export"}
_QUOTES_NOTHING = {"json-string", "json", "print_r", "print_r, folded"}


def lists_of_records(name: str, *, cut: bool = False) -> st.SearchStrategy[list[Record]]:
    title = _PLAIN_TITLE if name in _QUOTES_NOTHING else _ANY_TITLE
    if name == "print_r, folded":
        title = title.map(lambda text: " ".join(text.split()))
    if cut or name in _NO_LENGTHS:  # nothing proves that what looks like mojibake is none
        title = title.filter(lambda text: mend(text) == text)
    record = st.tuples(
        _DIGITS, _DIGITS, st.sampled_from(["21", "3"]), _PIC, title.filter(lambda text: text.strip() != "")
    )
    return st.lists(record, min_size=1, max_size=5)


@pytest.mark.parametrize("name", FORMS)
@SETTINGS
@given(data=st.data())
def test_any_list_written_in_any_form_reads_back_equal(name: str, data: st.DataObject) -> None:
    records = data.draw(lists_of_records(name))
    text = FORMS[name](records)
    (dump,) = parse_page(text, ZONE).dumps
    assert dump.related == items(records)


@pytest.mark.parametrize("name", FORMS)
@SETTINGS
@given(data=st.data())
def test_cut_anywhere_it_yields_a_prefix(name: str, data: st.DataObject) -> None:
    records = data.draw(lists_of_records(name, cut=True))
    text = FORMS[name](records)
    end = data.draw(st.integers(0, len(text)))
    found = [item for dump in parse_page(text[:end], ZONE).dumps for item in dump.related]
    whole = [item for item in found if not item.partial]
    assert whole == list(items(records))[: len(whole)]
    assert [item.id for item in found] == [record[0] for record in records[: len(found)]]


_FRAGMENTS = st.sampled_from(
    [
        'string(95) "[', '{"id":"1', '","sort":"2', '","contenttypeid":"21', '","pic":"a.jpg', '","title":"T', '"} ,', "} ]",
        '"', "[", "]", "{", "}", "\\", "array(2) {", " [0]=> array(5) {", '["id"]=> string(3) "123"', "Array (", "[0] => Array (",
        "[id] => 5", "array ( 0 => array (", "'id' => '5',", "a:1:{i:0;a:5:{", 's:2:"id";s:1:"5";', "array (size=2)",
        "'id' => string '5' (length=1)", "<p>", "</p>", "<!--", "<script>", "&quot;", "=&gt;", "\n", "\r\n", "\n\n", "\0", "\ud800",
        "\ufeff", "é", "â€™", "Fri Jan 3, 2014 18:13:55", "212-11", "Category:", "سه شنبه 10 مهر 1397 - 22:17", "99:99", "9" * 30,
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(_FRAGMENTS | st.text(max_size=8), max_size=30).map("".join))
def test_no_input_raises_an_error(text: str) -> None:
    page = parse_page(text, ZONE)
    data = text.encode("utf-8", "surrogatepass")
    for dump in page.dumps:
        assert 0 <= dump.offset <= dump.end <= len(data)
        assert all(0 <= diagnosis.offset <= len(data) for diagnosis in dump.diagnoses)
        assert all(re.fullmatch("[0-9]{1,20}", item.id, re.ASCII) for item in dump.related)
        for item in dump.related:  # what is kept can be written down
            (item.title or "").encode()
            (item.pic or "").encode()
    for paragraph in page.paragraphs:
        paragraph.encode()


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["utf-8", "latin-1", "utf-16-le"]))
def test_any_bytes_around_a_dump_leave_it_whole(noise: bytes, encoding: str) -> None:
    record: Record = ("1793356", "3503265", "21", "/a.jpg", "T")
    # No quote, bracket or entity: those could make a dump of their own.
    prose = re.sub(r"[^\w \n.,!?-]", "", noise.decode(encoding, "ignore"))
    page = parse_page(f"{prose}\n\n{json_string([record])}\n\n{prose}", ZONE)
    assert [dump.related for dump in page.dumps] == [items([record])]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_reading_is_repeatable(text: str) -> None:
    assert parse_page(text, ZONE) == parse_page(text, ZONE)
