"""Dumps as people post them: coloured by a terminal, copied out of a browser, cut at any byte, inside of each other."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from crawler.items import RelatedItem
from crawler.seeds import parse_page
from crawler.seeds.model import Page
from tests.fuzz.promises import check
from tests.seeds import nested as nested_values
from tests.seeds import written

UTC = ZoneInfo("UTC")
HEAD = "Title\n\nWed May 3, 2017 09:15:00\n\nThe ferry office said nothing.\n\nSA - 12\n"
BODY = ("The ferry office said nothing.",)
IDS = [record[0] for record in written.RECORDS]


def read(dump: str) -> Page:
    return parse_page(HEAD + dump, UTC)


def items(page: Page) -> list[RelatedItem]:
    return [item for dump in page.dumps for item in dump.related]


def ids(page: Page) -> list[str]:
    return [item.id for item in items(page)]


def nested(form: str, extra: str) -> str:
    """Return a var_dump whose records have one more value, *extra*, before ours."""
    return form.replace('    ["id"]=>', f'    ["extra"]=>\n    {extra}\n    ["id"]=>').replace("array(5)", "array(6)")


def test_colours_of_a_terminal_are_left_out_and_offsets_count_them() -> None:
    coloured = re.sub(r"(string|array)", "\x1b[1m\\1\x1b[22m", written.var_dump(written.RECORDS))
    coloured = re.sub(r'"([0-9]+)"', '"\x1b[31m\\1\x1b[0m"', coloured)
    page = read(coloured)
    assert items(page) == list(written.items(written.RECORDS))
    assert (page.paragraphs, page.desk_code) == (BODY, "SA - 12")
    assert (HEAD + coloured).encode()[page.dumps[0].end - 1 : page.dumps[0].end] == b"}"
    assert page.dumps[0].end == len((HEAD + coloured).encode())


@pytest.mark.parametrize("form", [written.var_dump, written.print_r, written.var_export])
def test_unbreakable_blanks_of_an_indent_are_blanks(form: Callable[..., str]) -> None:
    page = read(form(written.RECORDS).replace("  ", "\u00a0 "))
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == BODY


def test_keys_that_are_no_words_end_a_value() -> None:
    closure = 'object(Closure)#72 (1) {\n["parameter"]=>\narray(2) {\n["$x"]=>\nstring(10) "<required>"\n'
    closure += '["&$y"]=>\nstring(10) "<optional>"\n[-1]=>\nstring(1) "a"\n}\n}'
    assert items(read(nested(written.var_dump(written.RECORDS), closure))) == list(written.items(written.RECORDS))


def test_closure_in_xdebug_has_no_arrow() -> None:
    text = written.xdebug(written.RECORDS).replace(
        "      'id'",
        "      'fmt' => \n        object(Closure)[72]\n          virtual 'closure' '{closure}'\n      'id'",
    )
    assert items(read(text.replace("size=5", "size=6"))) == list(written.items(written.RECORDS))


@pytest.mark.parametrize("title", ['a:1:{i:0;s:2:"id";}', '[{"id":"5"}]', "Array\n(\n    [0] => 1\n)"])
def test_title_like_another_dump_is_a_title_where_its_length_is_declared(title: str) -> None:
    records = [written.RECORDS[0], (*written.RECORDS[1][:4], title), written.RECORDS[2]]
    page = read(written.xdebug(records))
    assert [item.title for item in items(page)] == [record[4] for record in records]
    assert not any(item.partial for item in items(page))


def test_serialized_value_in_print_r_does_not_end_it() -> None:
    text = written.print_r(written.RECORDS).replace("[sort]", '[meta] => a:1:{i:0;s:2:"id";}\n            [sort]')
    page = read(text)
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == BODY


def test_lists_of_lists_in_json_are_one_dump() -> None:
    records = json.loads(written.escaped_json(written.RECORDS))
    for text in (json.dumps([records[:2], records[2:]]), json.dumps([records], indent=4)):
        page = read(text)
        assert items(page) == list(written.items(written.RECORDS))
        assert page.paragraphs == BODY


@pytest.mark.parametrize("reference", ["r", "R"])
def test_reference_to_a_record_is_that_record(reference: str) -> None:
    first, second, third = (f'O:1:"A":5:{{{written.serialized([record])[14:-2]}}}' for record in written.RECORDS)
    # Numbers: 1 the list, 2 the first record, 3 to 7 its values, 8 the record in it.
    inside = first[:-1].replace(":5:{", ":6:{") + f's:4:"next";{second}}}'
    page = read(f"a:3:{{i:0;{inside}i:1;{reference}:8;i:2;{third}}}")
    assert items(page) == list(written.items(written.RECORDS))


def test_serialized_array_is_found_in_serialized_arrays() -> None:
    text = written.serialized(written.RECORDS)
    for _ in range(3):
        text = f'a:2:{{s:5:"cache";s:{written.size(text)}:"{text}";s:1:"n";i:3;}}'
    page = read(text)
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == BODY


def test_array_around_a_string_with_a_dump_is_left_out_of_html() -> None:
    text = written.escaped_json(written.RECORDS)
    arrow = "<font color='#888a85'>=&gt;</font>"
    array = f"<pre>\n<b>array</b> <i>(size=2)</i>\n  'cache' {arrow} <small>string</small> "
    quoted = text.replace('"', "&quot;")
    array += f"<font color='#cc0000'>'{quoted}'</font> <i>(length={written.size(text)})</i>\n"
    array += f"  'n' {arrow} <small>int</small> <font color='#4e9a06'>3</font>\n</pre>"
    page = parse_page(f"<html><body><p>One.</p>{array}<p>Two.</p></body></html>", UTC)
    assert ids(page) == IDS
    assert page.paragraphs == ("One.", "Two.")


def test_tag_around_an_attribute_with_a_dump_is_no_prose() -> None:
    text = written.escaped_json(written.RECORDS).replace('"', "&quot;")
    page = parse_page(f'<html><body><p>One.</p><div data-a="{text}" id="x">Two.</div></body></html>', UTC)
    assert ids(page) == IDS
    assert page.paragraphs == ("One.", "Two.")


@pytest.mark.parametrize(
    "form",
    [
        written.var_dump,
        written.print_r,
        written.var_export,
        written.xdebug,
        written.json_string,
        written.serialized,
    ],
)
@pytest.mark.parametrize("mark", ["> ", ">", ">> ", "> > "])
def test_marks_of_quoted_lines_in_mail_are_left_out(form: Callable[..., str], mark: str) -> None:
    quoted = "".join(f"{mark}{line}\n" for line in form(written.RECORDS).split("\n"))
    page = parse_page(f"Hello,\n\nNina wrote:\n\n{quoted}\nBye.\n", UTC)
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == ("Hello,", "Nina wrote:", "Bye.")


@pytest.mark.parametrize(
    ("form", "float_form"),
    [
        (written.var_dump, lambda number: (f'string({len(number)}) "{number}"', f"float({number})")),
        (written.var_export, lambda number: (f"'{number}'", f"{number}.0")),
        (written.serialized, lambda number: (f's:{len(number)}:"{number}";', f"d:{number};")),
        (written.xdebug, lambda number: (f"string '{number}' (length={len(number)})", f"float {number}")),
    ],
)
def test_whole_number_that_was_printed_as_a_float_is_an_id(form: Callable[..., str], float_form: Callable) -> None:
    text = form(written.RECORDS)
    for number in IDS:
        assert float_form(number)[0] in text
        text = text.replace(*float_form(number))
    assert items(read(text)) == list(written.items(written.RECORDS))


@pytest.mark.parametrize("number", ["1793356.5", "1.0E+25", "-0.0", "1793356000000000000000.0"])
def test_other_floats_are_no_ids(number: str) -> None:
    assert IDS[0] == "1793356"
    text = written.var_dump(written.RECORDS).replace('string(7) "1793356"', f"float({number})")
    assert ids(read(text)) == IDS[1:]


def test_object_of_a_class_without_a_name_is_a_value_in_var_export() -> None:
    unnamed = "\\class@anonymous\0/srv/www/related.php:27$1::__set_state(array(\n     'id' => '55',\n  ))"
    text = written.var_export(written.RECORDS).replace("    'title'", f"    'extra' => {unnamed},\n    'title'")
    assert items(read(text)) == list(written.items(written.RECORDS))


def test_print_r_of_an_object_is_found_in_a_string_of_a_script() -> None:
    listed = written.print_r(written.RECORDS).replace("\n", "\n        ")
    shown = f"stdClass Object\n(\n    [related] => {listed}\n    [total] => 3\n)\n"
    page = parse_page(f"<html><p>One.</p><script>var x = {json.dumps(shown)};</script><p>Two.</p></html>", UTC)
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == ("One.", "Two.")


@pytest.mark.parametrize("cut_bytes", [0, 7, 8, 20, 40])
def test_html_of_xdebug_that_is_cut_at_its_first_id_leaves_no_trace(cut_bytes: int) -> None:
    shown = written.xdebug_html(written.RECORDS)
    page = parse_page(f"<html><p>One.</p>{shown[: shown.index(IDS[0]) + cut_bytes]}", UTC)
    assert page.paragraphs == ("One.",)
    assert ids(page) in ([], [IDS[0]])


@pytest.mark.parametrize("form", [written.print_r, written.var_export, written.serialized])
def test_dump_without_double_quotes_is_found_in_a_string_of_a_script(form: Callable[..., str]) -> None:
    script = f"<script>var x = {json.dumps(form(written.RECORDS))};</script>"
    page = parse_page(f"<html><body><p>One.</p>{script}<p>Two.</p></body></html>", UTC)
    assert ids(page) == IDS
    assert page.paragraphs == ("One.", "Two.")


@pytest.mark.parametrize(
    "form", [written.serialized, lambda records: json.dumps(json.loads(written.escaped_json(records)), indent=1)]
)
def test_text_that_was_escaped_as_a_whole_is_read(form: Callable[..., str]) -> None:
    assert ids(read(form(written.RECORDS).replace('"', "&quot;"))) == IDS


@pytest.mark.parametrize(
    "form",
    [
        written.var_dump,
        written.print_r,
        written.var_export,
        written.xdebug,
        lambda records: json.dumps(json.loads(written.escaped_json(records)), indent=4),
    ],
)
def test_nothing_of_a_cut_dump_is_left_in_the_prose(form: Callable[..., str]) -> None:
    text = form(written.RECORDS)
    begin = text.find("sort")
    left = [
        cut
        for cut in range(begin - 2, len(text))
        if "contenttypeid" in (prose := " ".join(read(text[:cut]).paragraphs)) or IDS[0] in prose
    ]
    assert left == []


def test_pictures_of_a_record_that_is_cut_before_its_id_are_no_records() -> None:
    pictures = [{"id": "9001", "sort": "1", "pic": "/x.jpg"}, {"id": "9002", "sort": "2", "pic": "/y.jpg"}]
    records = [{"pictures": pictures} | record for record in json.loads(written.escaped_json(written.RECORDS))]
    text = json.dumps(records)
    found = {number for cut in range(1, len(text)) for number in ids(read(text[:cut]))}
    assert found == set(IDS)


@pytest.mark.parametrize(
    "prose",
    [
        "Use print_r to see Array ( [0] => apple [1] => pear ) on the page.",
        "It ends with array(3) { [0]=> array(2) { and here the prose goes on in the same line.",
        "It ends with a:3:{i:0;a:5:{ and here the prose goes on in the same line.",
        "It ends with array ( 0 => array ( and here the prose goes on in the same line.",
        "array (size=3) 0 => is how xdebug begins, and here the prose goes on.",
        "In PHP you write this: array(3) {",
        "In PHP you write this: Array (",
        "In PHP you write this: a:3:{",
    ],
)
def test_prose_about_dumps_stays_prose(prose: str) -> None:
    page = read("\n" + prose)
    assert not page.dumps
    assert prose in page.paragraphs


@pytest.mark.parametrize(
    "opening", ["array(3) {", "Array (", "array (", "a:1:{", "object(Row)#1 (2) {", "array (size=3)"]
)
def test_sentence_that_ends_in_the_opening_of_an_array_is_no_dump(opening: str) -> None:
    page = read(f"\nThe page printed {opening}")
    assert not page.dumps
    assert f"The page printed {opening}" in page.paragraphs
    assert read(f"\n{opening}").dumps  # alone on the last line it is a dump that is cut at once


LINE_FORMS = [written.var_dump, written.print_r, written.var_export, written.xdebug, written.serialized]


@pytest.mark.parametrize("form", LINE_FORMS)
@pytest.mark.parametrize("mark", ["> ", ">", ">> ", "> > "])
def test_dump_that_an_email_quotes_is_read_and_its_marks_leave_no_trace(form: Callable[..., str], mark: str) -> None:
    text = "\n".join(mark + line for line in ("It prints:", *form(written.RECORDS).split("\n")))
    page = read(text + "\n\nThanks.")
    assert items(page) == list(written.items(written.RECORDS))
    assert page.paragraphs == (*BODY, "SA - 12", "It prints:", "Thanks.")
    html_page = parse_page(f"<html><body><p>One.</p><pre>{html.escape(text)}</pre><p>Two.</p></body></html>", UTC)
    assert items(html_page) == list(written.items(written.RECORDS))


def test_quoted_lines_without_a_dump_keep_their_marks() -> None:
    quoted = "> An Array of flowers is in the garden.\n> It is the [id] of the town."
    assert read(f"\n{quoted}\n\n{written.var_dump(written.RECORDS)}").paragraphs[2:] == tuple(quoted.split("\n"))


def test_xdebug_before_2_2_folded_onto_one_line_ends_an_array_at_a_key_that_it_has() -> None:
    record = json.loads(written.escaped_json(written.RECORDS))[0]
    text = nested_values.xdebug_old([{"images": [{"id": "9001", "pic": "/i.jpg"}], **record}])
    page = read(" ".join(text.split()))
    assert items(page) == list(written.items(written.RECORDS[:1]))
    assert page.paragraphs == BODY


def test_xdebug_in_html_without_place_and_type_is_read() -> None:
    records = [
        {key: one[key] for key in ("id", "pic", "title")} for one in json.loads(written.escaped_json(written.RECORDS))
    ]
    page = parse_page(f"<html><body><p>One.</p>{nested_values.xdebug_html(records)}<p>Two.</p></body></html>", UTC)
    assert (ids(page), page.paragraphs) == (IDS, ("One.", "Two."))


def test_list_ends_at_an_almost_valid_element() -> None:
    """Found by fuzzing: the search for the next element takes less care than what then reads its key."""
    assert ids(read("array(1){][0=&gt;\narray(5){string(7)&")) == []


LATE_IDS = [
    {"contenttypeid": "21", "sort": f"350326{n}", "pic": f"/{n}.jpg", "title": f"Ferry {n}", "id": f"179335{n}"}
    for n in (6, 7)
]
SHAPES: dict[str, object] = {
    "list": LATE_IDS,
    "names": {"first": LATE_IDS[0], "second": LATE_IDS[1]},
    "twice": {"first": LATE_IDS[0], "again": LATE_IDS[0], "second": LATE_IDS[1]},
    "wrapped": {"total": 2, "related": {"first": LATE_IDS[0], "second": LATE_IDS[1]}},
    "each wrapped": [{"item": record, "score": "0.5"} for record in LATE_IDS],
}


@pytest.mark.parametrize("form", nested_values.FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_cut_anywhere_yields_no_other_record(form: str, shape: str) -> None:
    text = "Title\n\n" + nested_values.FORMS[form](SHAPES[shape])
    for end in range(len(text), 0, -5):
        page = parse_page(text[:end], UTC)
        check(page, len(text[:end].encode()))
        assert ids(page) in ([], ["1793356"], ["1793356", "1793357"]), text[:end]
    assert ids(parse_page(text, UTC)) == ["1793356", "1793357"]
