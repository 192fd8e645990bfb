# ruff: noqa: RUF001 - look-alikes of digits are the point
"""Pages made to waste time or memory: twice the length takes about twice the time, and that is little."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.seeds import parse_page
from tests.matrix import partners
from tests.seeds.written import FORMS, RECORDS, json_string
from tests.waiting import grows_linearly

ZONE = ZoneInfo("Asia/Tehran")

UNITS = [
    "[", '"', "{", "(", " ", "\n", "\0", "\\", "<", "&", "é", "\ud800", "word ",
    "string(", "array", "Array (", 'string(9) "[', 'string(9) "[{"', '[{"id":"', '[{"id":"1"', '{"id":', '"id"',
    "array(1) { [0]=> array(5) {", 'array(1) { [0]=> array(5) { ["id"]=> string(9) "', '[0]=> array(5) { ["id"]=> string(9) "x" ',
    "array (size=1) 0 => array (size=5) 'id' => string '", "Array ( [0] => Array ( [id] => ", "array ( 0 => array ( 'id' => '",
    'a:1:{i:0;a:5:{s:2:"id";s:9:"', "<p>", "<a ", "<!--", "<script>", "&quot;", '"} ,{"id":', '\\"',
    "Fri Jan 3, 2014 10:41:53\n", "(reuters) -- \n", "9" * 100,
]  # fmt: skip
BEGINNINGS = ["", "<p>", 'string(99) "[{"id":"5","sort":"7","title":"', "array(9) { ", "Array ( ", "array ( ", "a:9:{"]


def parse(text: str) -> None:
    parse_page(text, ZONE)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_time_is_linear(beginning: str) -> None:
    for unit in partners(BEGINNINGS[1:], UNITS)[beginning] if beginning else UNITS:
        short = beginning + unit * (25_000 // len(unit))
        assert grows_linearly(parse, short, short + short), unit


@pytest.mark.parametrize("unit", ["[", '"', "{", '[{"id":"'])
def test_a_megabyte_of_one_thing_passes_in_seconds(unit: str) -> None:
    assert grows_linearly(parse, unit * (500_000 // len(unit)), unit * (1_000_000 // len(unit)), worth_seconds=8)


def test_a_real_dump_is_found_behind_a_megabyte_of_noise() -> None:
    page = parse_page('"id" string array ' * 50_000 + "\n" + json_string(RECORDS), ZONE)
    assert [len(dump.related) for dump in page.dumps] == [3]


def test_dumps_beyond_the_limit_of_a_page_are_left_and_reported() -> None:
    page = parse_page((json_string(RECORDS[:1]) + "\n") * 1100, ZONE)
    assert len(page.dumps) == 1000
    assert [one.kind for one in page.diagnoses] == ["too-many"]


def test_deviations_without_end_are_counted() -> None:
    text = json_string([("x", *RECORDS[0][1:])] * 5000 + RECORDS)
    (dump,) = parse_page(text, ZONE).dumps
    assert len(dump.related) == 3
    assert len(dump.diagnoses) < 250
    assert dump.diagnoses[-1].kind == "too-many"


def test_every_prefix_of_a_dump_with_a_cut_in_a_letter() -> None:
    data = json_string([(*RECORDS[0][:4], "سوريا “x”")]).encode()
    for end in range(len(data)):
        page = parse_page(data[:end].decode("utf-8", "replace"), ZONE)
        assert {item.id for dump in page.dumps for item in dump.related} <= {RECORDS[0][0]}


@pytest.mark.parametrize("form", FORMS)
def test_no_number_is_greater_than_a_database_holds(form: str) -> None:
    records = [(str(n), str(sort), *RECORDS[0][2:]) for n, sort in enumerate((2**63 - 1, 2**63, 2**64 - 1, 10**400), 1)]
    (dump,) = parse_page("A paragraph.\n" + FORMS[form](records), ZONE).dumps
    assert [item.sort for item in dump.related] == [2**63 - 1, None, None, None]
    assert [diagnosis.kind for diagnosis in dump.diagnoses].count("bad-number") == 3


# What an id might be instead of a number (one is one: JSON may spell it so).
IDS = [
    "../../etc/passwd", "..%2f..%2f", "/etc/passwd", "C:\\x", "1\r\nHost: evil", "1\n", "1 2", "1\t2", "1%0d%0aX: y", "1\0",
    "１２３", "١٢٣", "۱۲۳", "²", "Ⅳ", "0x10", "1e5", "1.5", "-1", "+1", "1_000", "1,000", "10" * 200, "9" * 21, "",
    "null", "NaN", "Infinity", "true", "[]", "{}", "{$gt:}", "1;id", "$(id)", "`id`", "1 OR 1=1", "1'--", "<b>1</b>",
    "%31", "\\u0031", "1\u202e2", "\ufeff1", "1\u200b",
]  # fmt: skip


def ids_of(number: str) -> list[str]:
    page = parse_page("A paragraph.\n" + json_string([(number, *RECORDS[0][1:]), RECORDS[1]]), ZONE)
    return [item.id for dump in page.dumps for item in dump.related]


def are_ids(found: list[str]) -> bool:
    return all(re.fullmatch("[0-9]{1,20}", number) for number in found)


@pytest.mark.parametrize("number", IDS)
def test_only_numbers_of_1_to_20_digits_are_ids(number: str) -> None:
    found = ids_of(number)
    assert are_ids(found)
    assert RECORDS[1][0] in found


@given(st.text(max_size=30))
def test_only_numbers_are_ids(number: str) -> None:
    assert are_ids(ids_of(number))
