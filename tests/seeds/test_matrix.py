# ruff: noqa: RUF001 - letters of other scripts are part of what was met
"""The matrix of docs/seeds.md: every form in every state, from what a real PHP 8.2 with xdebug 3.2 printed (printed.py)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.items import RelatedItem
from crawler.seeds import Page, parse_page
from crawler.text.mojibake import mend
from tests.conftest import REPOSITORY
from tests.seeds import nested
from tests.seeds.printed import OBJECTS, ROWS, printed

ZONE = ZoneInfo("UTC")
STATES = ("whole", "cut", "nested", "object", "reference", "enum", "escaped", "foreign charset")
PHP_FORMS = (
    "var_dump",
    "debug_zval_dump",
    "xdebug_text",
    "xdebug_html",
    "print_r",
    "var_export",
    "serialize",
    "json_encode",
    "symfony_text",
    "symfony_html",
)
OTHER_VALUES = {  # record, field, value
    "blank_line": (1, 4, "First line\n\nsecond line"),
    "quotes": (1, 4, 'It\'s \\ "x" [1] => Array ( {a} ) , \'b\' => "c"'),
    "letters": (0, 4, "Café “été” – خبر عاجل"),
    "markup": (0, 4, "Fish & <b>chips</b>"),
    "uninitialized": (1, 3, None),
    "reference_value": (1, 3, "/2017/05/02/one_4x3.jpg"),
}
RECORDS_OF_JSON = [
    dict(zip(("id", "sort", "contenttypeid", "pic", "title"), map(str, row), strict=True)) for row in ROWS
]
OTHER_HEADS = {"xdebug_html": "<b>array", "symfony_html": "<pre class=sf-dump"}
OWN_IDS = {row[0] for row in ROWS}


def expected(kind: str, form: str) -> list[list[object]]:
    rows = [list(row) for row in ROWS]
    if kind in OTHER_VALUES:
        record, field, value = OTHER_VALUES[kind]
        rows[record][field] = value
    if (kind, form) == ("blank_line", "print_r"):
        rows[1][4] = "First line second line"  # nothing says that the line break is the title's
    return rows[::-1] if kind == "reversed" else rows


def items(page: Page) -> list[RelatedItem]:
    return [item for dump in page.dumps for item in dump.related]


def rows(page: Page) -> list[list[object]]:
    return [[item.id, item.sort, item.content_type, item.pic, item.title] for item in items(page)]


def cells() -> Iterator[tuple[str, str]]:
    for form in PHP_FORMS:
        yield from ((form, kind) for kind in printed(form))


@pytest.mark.parametrize(("form", "kind"), list(cells()))
def test_output_of_php_is_read_whole_and_leaves_no_trace(form: str, kind: str) -> None:
    text = printed(form)[kind]
    page = parse_page(f"Above.\n\nText.\n212-11\n{text}\n\nBelow it.\n", ZONE)
    assert rows(page) == expected(kind, form)
    assert not any(item.partial for item in items(page))
    if form.endswith("_html"):  # read as HTML the lines above are one
        assert page.paragraphs == ("Above.  Text. 212-11", "Below it.")
    else:
        assert (page.desk_code, page.paragraphs) == ("212-11", ("Above.", "Text.", "Below it."))


@pytest.mark.parametrize("form", PHP_FORMS)
@pytest.mark.parametrize("kind", ["whole", "nested_first", "nested_last", "object", "enum", "wrapped", "keyed_by_id"])
def test_cut_anywhere_it_yields_a_prefix_and_no_id_from_inside(form: str, kind: str) -> None:
    text = printed(form).get(kind, "")
    for end in range(3, len(text), len(text) // 40 + 1):
        found = items(parse_page("Above.\n\n" + text[:end], ZONE))
        assert [item.id for item in found] == [row[0] for row in ROWS[: len(found)]], text[:end]
        whole = [item.title for item in found if not item.partial]
        assert whole == [row[4] for row in ROWS[: len(whole)]], text[:end]


@pytest.mark.parametrize("form", [form for form in PHP_FORMS if not form.endswith("_html")])
@pytest.mark.parametrize(
    "kind", ["whole", "nested_first", "nested_last", "datetime", "object_mixed", "enum", "wrapped"]
)
def test_folded_onto_one_line_it_reads_the_same(form: str, kind: str) -> None:
    if kind not in printed(form):
        pytest.skip("this form does not show private properties")
    page = parse_page(f"Above.\n{' '.join(printed(form)[kind].split())}\nBelow.", ZONE)
    assert (rows(page), page.paragraphs) == (ROWS, ("Above.", "Below."))


def escaped_as_javascript(text: str) -> str:
    return f"<script>var dump = {json.dumps(text)};</script>"


ESCAPES = {
    "once": lambda text: f"<pre>{html.escape(text)}</pre>",
    "twice": lambda text: f"<pre>{html.escape(html.escape(text))}</pre>",
    "textarea": lambda text: f"<textarea>{html.escape(text)}</textarea>",
    "comment": lambda text: f"<!-- {text} -->",
    "script": escaped_as_javascript,
    "attribute": lambda text: f'<i data-x="{html.escape(text)}"></i>',
}


@pytest.mark.parametrize("form", [form for form in PHP_FORMS if not form.endswith("_html")])
@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("kind", ["whole", "nested_first"])
def test_escaped_for_a_page_it_reads_the_same(form: str, escape: str, kind: str) -> None:
    page = parse_page(f"<body><p>Above.</p>{ESCAPES[escape](printed(form)[kind])}<p>Below.</p></body>", ZONE)
    assert (rows(page), page.paragraphs) == (ROWS, ("Above.", "Below."))


@pytest.mark.parametrize("form", [form for form in PHP_FORMS if form != "json_encode"])  # which writes ASCII
def test_letters_that_were_read_in_a_wrong_charset_are_put_right(form: str) -> None:
    text = printed(form)["letters"]
    page = parse_page("Above.\n" + text.encode().decode("sloppy-windows-1252"), ZONE)
    assert rows(page) == expected("letters", form)


@pytest.mark.parametrize("form", ["var_dump", "serialize", "xdebug_text"])
def test_lengths_of_a_single_byte_charset_are_no_damage(form: str) -> None:
    title = "خبر عاجل من سوريا"
    text = printed(form)["whole"].replace(
        'string(31) "Grain depot opens in the valley"', f'string({len(title)}) "{title}"'
    )
    text = text.replace('s:31:"Grain depot opens in the valley"', f's:{len(title)}:"{title}"')
    page = parse_page("Above.\n" + text, ZONE)
    assert rows(page)[1][4] == title
    assert [one.kind for one in page.dumps[0].diagnoses] == []


# ---- what xdebug leaves out


@pytest.mark.parametrize("form", ["xdebug_html_children", "xdebug_text_children"])
@pytest.mark.parametrize("kind", ["whole", "nested_last", "object_class"])
def test_records_with_elements_left_out_are_partial(form: str, kind: str) -> None:
    page = parse_page(f"Above.\n{printed(form)[kind]}\nBelow.", ZONE)
    assert [(item.id, item.sort, item.pic, item.partial) for item in items(page)] == [
        (row[0], row[1], None, True) for row in ROWS
    ]
    assert page.paragraphs == ("Above.", "Below.")


@pytest.mark.parametrize("form", ["xdebug_html_data", "xdebug_text_data"])
def test_only_titles_are_kept_when_shortened(form: str) -> None:
    page = parse_page(f"Above.\n{printed(form)['whole']}\nBelow.", ZONE)
    assert [(item.id, item.pic, item.title) for item in items(page)] == [
        ("2401101", None, 'Ferry "Nor'),
        ("2401102", None, "Grain depo"),
        ("2401103", None, "Museum of"),
    ]
    assert {one.kind for one in page.dumps[0].diagnoses} == {"elided"}
    assert page.paragraphs == ("Above.", "Below.")


def test_a_dump_that_shows_no_record_is_no_prose() -> None:
    page = parse_page(f"Above.\n{printed('xdebug_text_depth1')['whole']}\nBelow.", ZONE)
    assert (items(page), page.paragraphs) == ([], ("Above.", "Below."))


@pytest.mark.parametrize("form", ["xdebug_html", "symfony_html"])
def test_html_of_a_dumper_that_is_cut_in_its_first_record_leaves_no_prose(form: str) -> None:
    text = printed(form)["whole"]
    start, first = text.index(OTHER_HEADS[form]), text.index("2401101")
    for end in range(first, text.index("88001"), 7):
        page = parse_page("<p>Above.</p>" + text[:end], ZONE)
        assert page.paragraphs == ("Above.",), text[start:end]
        assert [item.id for item in items(page)] in ([], ["2401101"])


# ---- nested values of any shape, in every form

_KEYS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
_WORDS = st.text(st.sampled_from("abcdefg xyz.-éسو"), min_size=1, max_size=20).map(str.strip).filter(bool)
_QUOTES = st.text(st.sampled_from("ab \"'.,:;é(){}[]=>"), min_size=1, max_size=20).map(str.strip).filter(bool)
_SCALARS = st.one_of(st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.just(0.75), st.just(-1.5), _WORDS)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)
_IMAGES = st.lists(
    st.fixed_dictionaries({"id": st.integers(9000, 9999).map(str), "sort": st.just("1"), "pic": st.just("/i.jpg")}),
    max_size=3,
)
_DIGITS = st.integers(1, 10**12).map(str)


def records(title: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, object]]]:
    """Lists of records with values of any depth before, between and after the keys that are ours."""
    own = st.fixed_dictionaries(
        {"id": _DIGITS, "sort": _DIGITS, "contenttypeid": st.just("21"), "pic": st.just("/a/b.jpg"), "title": title}
    )
    more = st.fixed_dictionaries({}, optional={"images": _IMAGES, "author": _VALUES, "tags": _VALUES, "zz": _VALUES})
    mixed = st.tuples(more, own, more).map(lambda parts: {**parts[0], **parts[1], **parts[2]})
    return st.lists(mixed, min_size=1, max_size=4)


ESCAPED = {
    "var_export",
    "json_encode",
    "CakePHP",
    "CakePHP 2",
    "Yii",
    "short arrays",
    "var_dump",
    "debug_zval_dump",
    "serialize",
    "Kint",
    "xdebug, text",
}


@pytest.mark.parametrize("form", nested.FORMS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_records_with_values_of_any_shape_read_back(form: str, data: st.DataObject) -> None:
    title = (_QUOTES | _WORDS) if form in ESCAPED else _WORDS
    values = data.draw(records(title.filter(lambda text: mend(text) == text)))
    wrapped = data.draw(st.booleans())
    text = nested.FORMS[form]({"related": values, "total": 3} if wrapped else values)
    page = parse_page(f"Above.\n{text}\n\nBelow.", ZONE)
    assert [tuple(row) for row in rows(page)] == list(nested.records_in(values))
    assert (page.paragraphs, any(item.partial for item in items(page))) == (("Above.", "Below."), False)


@pytest.mark.parametrize("form", nested.FORMS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_with_values_of_any_shape_cut_anywhere_lend_no_id_from_inside(form: str, data: st.DataObject) -> None:
    values = data.draw(records(_WORDS))
    text = nested.FORMS[form](values)
    found = items(parse_page("Above.\n\n" + text[: data.draw(st.integers(0, len(text)))], ZONE))
    assert [item.id for item in found] == [value["id"] for value in values[: len(found)]]


# ---- the docs


def test_the_matrix_in_the_docs_names_every_form_and_state() -> None:
    text = (REPOSITORY / "docs" / "seeds.md").read_text(encoding="utf-8")
    assert "| " + " | ".join(("form", *STATES)) + " |" in text
    assert not [form for form in nested.FORMS if f"| {form} |" not in text]


@pytest.mark.parametrize("form", ["var_dump", "serialize", "var_export", "json_encode", "print_r"])
def test_after_damage_in_a_record_the_values_inside_it_are_no_records(form: str) -> None:
    """The list of pictures comes after the damage: its elements have higher numbers, and ids."""
    pictures = [{"id": str(number), "pic": "/i.jpg", "sort": "1"} for number in range(9000, 9004)]
    keys = ("id", "sort", "contenttypeid", "pic", "title")
    values = [{**dict(zip(keys, map(str, row), strict=True)), "images": pictures} for row in ROWS]
    text = " ".join(nested.FORMS[form](values).split())
    place = text.index("contenttypeid")
    damaged = text[: place - 2] + "#####" + text[place + 9 :]
    assert {item.id for item in items(parse_page("Above.\n\n" + damaged, ZONE))} == OWN_IDS


MORE_VALUES = {  # what stands for a value that was printed before, an enum, and values that only PHP has
    "CakePHP": ["object(App\\Row) id:0 {}", "object(App\\Kind) id:7 {\n name => 'News'\n value => 'n'\n }", "(resource) stream",
        "object(App\\Tag) id:8 {\n      [protected] id => '9001'\n      [private] words => [\n        (int) 0 => 'a'\n      ]\n    }"],
    "Yii": ["app\\models\\Row#1(...)", "[...]", "app\\models\\Kind#9\n    (\n        [name] => 'News'\n        [value] => 'n'\n    )", "{resource}"],
    "Kint": ["array (5) *RECURSION*", "App\\Row Object (5) *RECURSION*", 'App\\Kind Object (2) [\n public name -> string (4) "News"\n ]'],
    "CakePHP 2": ["object(Article) {\n        id => '9001'\n        name => 'Ann'\n    }", "object(Article) {}", "*RECURSION*", "[maximum depth reached]"],
    "short arrays": ["(object) [\n        'id' => '9001',\n    ]", "\\App\\Kind::News", "\\App\\Row::__set_state([\n      'id' => '9001',\n    ])", "new \\App\\Row()"],
    "xdebug, old": ["\n        object(stdClass)[3]\n          public 'id' => string '9001' (length=4)\n          public 'name' => null", "&array", "&object(stdClass)[3]"],
    "Symfony, Laravel": ["&1 array:5 [&1]", 'App\\Kind {#5\n      +name: "News"\n    }', '&2 "text"', "Closure(int $a): string {#8 …3}",
        "DateTimeImmutable @1493719200 {#6\n      date: 2017-05-02 10:00:00.0 UTC (+00:00)\n    }", "stream resource {@12\n      timed_out: false\n    }"],
}  # fmt: skip


@pytest.mark.parametrize(("form", "value"), [(form, value) for form in MORE_VALUES for value in MORE_VALUES[form]])
def test_references_enums_and_other_values_of_frameworks_are_values(form: str, value: str) -> None:
    text = nested.FORMS[form]([{"more": "VALUE", **one} for one in RECORDS_OF_JSON])
    text = re.sub(r"(string (?:\(5\) )?)?['\"]VALUE['\"](?: \(length=5\))?", lambda _: value, text)
    for written in (text, " ".join(text.split())):
        page = parse_page(f"Above.\n{written}\n\nBelow.", ZONE)
        assert (rows(page), page.paragraphs) == (ROWS, ("Above.", "Below."))


@pytest.mark.parametrize("form", [form for form in nested.FORMS if form != "xdebug, HTML"])
@pytest.mark.parametrize("escape", ESCAPES)
def test_other_dumpers_are_read_where_a_page_escapes_them(form: str, escape: str) -> None:
    text = ESCAPES[escape](nested.FORMS[form](RECORDS_OF_JSON))
    page = parse_page(f"<body><p>Above.</p>{text}<p>Below.</p></body>", ZONE)
    assert (rows(page), page.paragraphs) == (ROWS, ("Above.", "Below."))


@pytest.mark.parametrize("form", [form for form in nested.FORMS if form != "json_encode"])
def test_letters_of_other_dumpers_are_put_right(form: str) -> None:
    title = "Café “été” – خبر عاجل"
    text = nested.FORMS[form]([{**RECORDS_OF_JSON[0], "title": title}])
    page = parse_page("Above.\n" + text.encode().decode("sloppy-windows-1252"), ZONE)
    assert rows(page) == [[*ROWS[0][:4], title]]


@pytest.mark.parametrize("dumper", OBJECTS)
def test_objects_as_frameworks_print_them(dumper: str) -> None:
    page = parse_page(f"Above.\n\nText.\n212-11\n{OBJECTS[dumper]}\n\nBelow it.\n", ZONE)
    assert rows(page) == ROWS
    assert (page.desk_code, page.paragraphs) == ("212-11", ("Above.", "Text.", "Below it."))


def test_references_and_enums_of_symfony() -> None:
    text = nested.symfony(
        [dict(zip(("id", "sort", "contenttypeid", "pic", "title"), map(str, row), strict=True)) for row in ROWS]
    )
    kind = '"kind" => App\\Kind {#5\n      +name: "News"\n      +value: "n"\n    }\n    "seen" => {#9}\n    "sort"'
    text = (
        text.replace("1 => array:5 [", "1 => &1 array:5 [")
        .replace('"sort"', kind, 1)
        .replace("2 => array:5 [", "2 => array:5 [&1")
    )
    assert rows(parse_page("Above.\n" + text, ZONE)) == ROWS


def test_symfony_writes_a_value_of_several_lines_as_a_block() -> None:
    text = nested.symfony(
        [dict(zip(("id", "sort", "contenttypeid", "pic", "title"), map(str, row), strict=True)) for row in ROWS]
    )
    text = text.replace('"Grain depot opens in the valley"', '"""\n      First line\\n\n      second line\n      """')
    assert [row[4] for row in rows(parse_page(text, ZONE))] == [ROWS[0][4], "First line\nsecond line", ROWS[2][4]]


# ---- JSON of any shape, and nearly JSON

LIST = json.dumps(RECORDS_OF_JSON)
BROKEN = LIST.replace('\\"Nord\\"', '"Nord"')
SHAPES = {
    "keys in another order": json.dumps(
        [{"url": "/x", "tags": ["a"], **dict(reversed(one.items()))} for one in RECORDS_OF_JSON]
    ),
    "a line each": "\n".join(map(json.dumps, RECORDS_OF_JSON)),
    "added by a script": "var items = [];\n" + "\n".join(f"items.push({json.dumps(one)});" for one in RECORDS_OF_JSON),
    "under a key": json.dumps({"status": "ok", "data": {"page": {"id": "5"}, "related": RECORDS_OF_JSON}}),
    "under a key, broken": json.dumps({"status": "ok", "related": RECORDS_OF_JSON}).replace('\\"Nord\\"', '"Nord"'),
    "keyed by id, broken": json.dumps({one["id"]: one for one in RECORDS_OF_JSON}).replace('\\"Nord\\"', '"Nord"'),
    "nested first, broken": json.dumps([{"images": [{"id": "9001"}], **one} for one in RECORDS_OF_JSON]).replace(
        '\\"Nord\\"', '"Nord"'
    ),
    "a comma before each brace": LIST.replace("}", ",}"),
    "comments": LIST.replace("}, ", "}, // next\n").replace("[", "[ /* list */"),
    "keys without quotes": re.sub(r'"(\w+)": ', r"\1: ", LIST),
    "single quotes": LIST.replace("isn't", "isn\\'t").replace('\\"', "\0").replace('"', "'").replace("\0", '"'),
    "a string of PHP": f'string({len(LIST)}) "{LIST}"',
    "an object as a string of PHP": f'string({len(LIST) + 12}) "{{"related":{LIST}}}"',
    "a string in an array": f'array(2) {{\n  ["ok"]=>\n  bool(true)\n  ["related"]=>\n  string({len(BROKEN)}) "{BROKEN}"\n}}',
    "a string in print_r": f"Array\n(\n    [ok] => 1\n    [related] => {LIST}\n)\n",
    "a string in var_export": "array (\n  'ok' => true,\n  'related' => " + nested.quoted(LIST) + ",\n)",
    "a string in JSON": json.dumps({"data": LIST}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_json_of_any_shape_is_read_whole_and_leaves_no_trace(shape: str) -> None:
    page = parse_page(f"Above.\n\nText.\n212-11\n{SHAPES[shape]}\n\nBelow it.\n", ZONE)
    assert rows(page) == ROWS
    assert not any(item.partial for item in items(page))
    assert (page.desk_code, page.paragraphs) == ("212-11", ("Above.", "Text.", "Below it."))


def test_a_value_that_is_no_number_is_unknown_and_mixes_no_fields() -> None:
    page = parse_page(LIST.replace('"88002"', "NaN"), ZONE)
    assert rows(page) == [ROWS[0], ["2401102", None, *ROWS[1][2:]], ROWS[2]]
