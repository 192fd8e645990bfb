"""Siblings of what people posted: the same values, printed by PHP, in other keys, nestings and wrappers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from crawler.seeds import Page, parse_page
from tests.seeds import nested, written

UTC = ZoneInfo("UTC")
IDS = [record[0] for record in written.RECORDS]
RECORDS = [dict(zip(written.KEYS, record, strict=True)) for record in written.RECORDS]
INNER = [{"id": "9001", "sort": "1", "contenttypeid": "21", "pic": "/i.jpg", "title": "Inner"}]
JSON_IN_A_VALUE = [{**record, "meta": json.dumps(INNER)} for record in RECORDS]


def ids(page: Page) -> list[str]:
    return [item.id for dump in page.dumps for item in dump.related]


def plain(dump: str) -> Page:
    return parse_page(f"Above.\n\n{dump}\n\nBelow.", UTC)


def in_body(markup: str) -> Page:
    return parse_page(f"<html><body><p>Above.</p>{markup}<p>Below.</p></body></html>", UTC)


def assert_whole(page: Page) -> None:
    assert (ids(page), page.paragraphs) == (IDS, ("Above.", "Below."))
    assert not [dump for dump in page.dumps if dump.length_verdict == "truncated"]
    assert not [item for dump in page.dumps for item in dump.related if item.partial]


@pytest.mark.parametrize("form", ["xdebug, HTML", "xdebug, text", "serialize", "var_dump", "print_r", "var_export"])
def test_numbers_of_a_list_may_be_negative(form: str) -> None:
    assert_whole(plain(nested.FORMS[form](dict(zip((-2, -1, 5), RECORDS, strict=True)))))


def test_key_may_be_a_digit_that_is_no_number() -> None:
    """Found by mutated seeds: Python calls a superscript a digit, but does not read it as a number."""
    assert ids(plain(nested.var_dump({"²": RECORDS[0]}))) == IDS[:1]


@pytest.mark.parametrize("form", ["json_encode", "var_dump", "var_export", "serialize"])
def test_records_may_be_keyed_by_address(form: str) -> None:
    keyed = {f"http://news.example/2016/02/26/{record['id']}?from=list": record for record in RECORDS}
    text = nested.FORMS[form](keyed)
    assert_whole(plain(text.replace("/", "\\/") if form == "json_encode" else text))


def test_rows_that_were_not_found_are_no_end_of_a_json_list() -> None:
    rows = [RECORDS[0], None, RECORDS[1], False, RECORDS[2]]
    assert_whole(plain(json.dumps(rows, indent=4)))


@pytest.mark.parametrize(
    "last", [[{"id": "9001", "pic": "/i.jpg"}], [{"pic": "/i.jpg"}] * 3, ["a", "b"], {"id": "7", "name": "x"}, []]
)
def test_value_of_several_at_the_end_of_a_record_ends_where_old_xdebug_names_the_next_record(last: object) -> None:
    text = nested.FORMS["xdebug, old"]([{**record, "images": last} for record in RECORDS])
    assert_whole(plain(" ".join(text.split())))


def test_pictures_with_the_keys_of_records_are_no_records_of_old_xdebug() -> None:
    text = nested.FORMS["xdebug, old"]([{**record, "images": INNER * 3} for record in RECORDS])
    assert "9001" not in ids(plain(" ".join(text.split())))


def test_xdebug_names_the_class_of_a_private_property_of_a_parent() -> None:
    shown = nested.xdebug(RECORDS, "      ")
    assert_whole(plain(f"object(App\\Bag)[7]\n  private array 'storage' (ArrayObject) => \n    {shown}\n"))


@pytest.mark.parametrize("layout", [str.lstrip, lambda line: "\t" + line.lstrip(), lambda line: f"{line.lstrip()}  "])
def test_print_r_without_its_indents_ends_after_the_value_behind_the_list(layout: Callable[[str], str]) -> None:
    text = nested.print_r({"related": RECORDS, "next": None, "total": 3})
    assert_whole(plain("\n".join(map(layout, text.splitlines()))))
    assert_whole(in_body(f"<pre>{' '.join(text.split())}</pre>"))


@pytest.mark.parametrize("form", ["var_dump", "print_r", "var_export", "json_encode", "serialize", "xdebug, text"])
def test_attribute_may_hold_arrows(form: str) -> None:
    text = nested.FORMS[form]([{"images": INNER, **record} for record in RECORDS])
    assert_whole(in_body(f"""<i data-x='{text.replace("&", "&amp;").replace("'", "&#39;")}'></i>"""))


@pytest.mark.parametrize("form", ["var_dump", "debug_zval_dump", "print_r", "var_export", "json_encode", "serialize"])
def test_json_in_a_value_lends_no_id_where_a_script_escapes_the_dump(form: str) -> None:
    text = nested.FORMS[form](JSON_IN_A_VALUE)
    assert_whole(in_body(f"<script>var d = {json.dumps(text)};</script>"))


@pytest.mark.parametrize("form", ["var_dump", "debug_zval_dump", "print_r", "var_export", "xdebug, text"])
def test_string_of_a_script_in_single_quotes_is_read(form: str) -> None:
    text = nested.FORMS[form](JSON_IN_A_VALUE).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    assert_whole(in_body(f"<script>var d = '{text}';</script>"))


def test_json_that_was_escaped_twice_has_its_letters() -> None:
    titles = ["Паром возобновил рейсы", "وزیر امور خارجه", "Ferry 🚢"]
    rows = [{**record, "title": title} for record, title in zip(RECORDS, titles, strict=True)]
    text = json.dumps(rows).replace("/", "\\/").replace("\\", "\\\\")
    page = in_body(f"<script>var d = JSON.parse('{text}');</script>")
    assert [item.title for dump in page.dumps for item in dump.related] == titles
    assert page.dumps[0].related[0].pic == RECORDS[0]["pic"]


@pytest.mark.parametrize("fence", ["```", "```php", "```text"])
def test_fence_of_markdown_belongs_to_the_dump(fence: str) -> None:
    assert_whole(plain(f"{fence}\n{nested.print_r(RECORDS)}```"))


def test_object_that_an_email_quotes_leaves_no_mark() -> None:
    text = re.sub(r"\Aa:3:", 'O:11:"ArrayObject":3:', nested.serialized(RECORDS))
    assert_whole(plain(f"> {text}"))


def test_attribute_that_holds_a_greater_sign_is_no_prose() -> None:
    page = in_body(f"""<a title="a > b" href='/x'>Read</a><p>{html.escape(written.json_string(written.RECORDS))}</p>""")
    assert (ids(page), page.paragraphs) == (IDS, ("Above.", "Read", "Below."))


@pytest.mark.parametrize("form", sorted(written.FORMS.keys() - {"xdebug, html"}))  # in strings it is not read
def test_each_dump_in_the_strings_of_one_list_is_found(form: str) -> None:
    """A file of JSON may be read as the text of one page: its list holds the dumps as strings, and is none itself."""
    lines = [{"text": f"Prose.\n{written.FORMS[form]([record])}\n", "url": "http://h/1"} for record in written.RECORDS]
    page = parse_page(json.dumps(lines), UTC)
    assert [[item.id for item in dump.related] for dump in page.dumps] == [[number] for number in IDS]
