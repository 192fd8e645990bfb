# ruff: noqa: RUF001 - letters that look like others are part of what was met
"""A catalogue of the forms in which a dump was met, whole, cut and damaged, and what the reader makes of each."""

from __future__ import annotations

import html
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from crawler.seeds import Dump, Page, parse_page
from tests.seeds.written import (
    FORMS,
    RECORDS,
    Record,
    escaped_json_string,
    item,
    items,
    json_string,
    payload,
    print_r,
    serialized,
    size,
    var_dump,
    var_export,
    xdebug,
    xdebug_html,
)

ZONE = ZoneInfo("Asia/Tehran")
FIRST, SECOND, THIRD = RECORDS


def read(text: str) -> Page:
    return parse_page(text, ZONE)


def read_dump(text: str) -> Dump:
    (dump,) = read(text).dumps
    return dump


def kinds(dump: Dump) -> list[str]:
    return [diagnosis.kind for diagnosis in dump.diagnoses]


# ---- whole, in every form


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_dump_reads_back(name: str) -> None:
    dump = read_dump(FORMS[name](RECORDS))
    assert dump.form == name.split(",", maxsplit=1)[0].split(maxsplit=1)[0]
    assert dump.related == items(RECORDS)
    assert dump.diagnoses == ()
    assert dump.length_verdict == ("exact" if "string" in name else None)


@pytest.mark.parametrize("name", FORMS)
def test_the_text_around_a_dump_is_neither_lost_nor_polluted(name: str) -> None:
    page = read(f"Above it.\n\n{FORMS[name](RECORDS)}\nBelow it.\n")
    assert page.paragraphs == ("Above it.", "Below it.")
    assert page.dumps[0].related == items(RECORDS)


@pytest.mark.parametrize("name", FORMS)
def test_cut_at_every_byte_it_yields_a_prefix(name: str) -> None:
    records = RECORDS[:2]
    text = f"Above.\n\n{FORMS[name](records)}"
    expected = items(records)
    for end in range(8, len(text)):
        page = read(text[:end])
        found = [item for dump in page.dumps for item in dump.related]
        whole = tuple(item for item in found if not item.partial)
        assert whole == expected[: len(whole)], text[:end]
        assert [item.id for item in found] == [item.id for item in expected[: len(found)]], text[:end]
        assert page.paragraphs[:1] == ("Above.",)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "title", ['He said "no"', "It's (here) [now] {then}", "a, b; c: d => e", "ISIS “Daesh” – ؟ سوريا"]
)
def test_a_title_may_hold_what_the_form_is_made_of(name: str, title: str) -> None:
    records = [FIRST, (*SECOND[:4], title), THIRD]
    assert read_dump(FORMS[name](records)).related == items(records)


def test_an_empty_list_is_a_dump() -> None:
    dump = read_dump('Text.\nstring(3) "[ ]"')
    assert (dump.related, dump.length_verdict, dump.diagnoses) == ((), "exact", ())


def test_a_json_document_of_its_own() -> None:
    dump = read_dump(payload(RECORDS) + "\n")
    assert (dump.form, dump.offset, dump.related) == ("json", 0, items(RECORDS))


def test_numbers_and_null_instead_of_strings() -> None:
    text = '[{"id":1793356,"sort":3503265,"contenttypeid":21,"pic":null,"title":"T"}]'
    assert read_dump(text).related == (item(FIRST, pic=None, title="T"),)


def test_xdebug_shows_a_json_string_with_its_length_behind() -> None:
    text = payload(RECORDS)
    dump = read_dump(f"/var/www/html/news.php:12:\nstring '{text}' (length={size(text)})\nBelow.")
    assert (dump.declared_length, dump.length_verdict, dump.related) == (size(text), "exact", items(RECORDS))
    assert read(f"/var/www/html/news.php:12:\nstring '{text}' (length={size(text)})").paragraphs == ()


def test_several_dumps_in_one_page() -> None:
    texts = [FORMS[name](RECORDS[:2]) for name in ("json-string", "var_dump", "serialize", "print_r", "json")]
    page = read("One.\n" + "\nBetween.\n".join(texts) + "\nLast.")
    assert [dump.form for dump in page.dumps] == ["json-string", "var_dump", "serialize", "print_r", "json"]
    assert all(dump.related == items(RECORDS[:2]) for dump in page.dumps)
    assert page.paragraphs == ("One.", *["Between."] * 4, "Last.")


# ---- cut


@pytest.mark.parametrize(
    ("cut", "whole", "partial", "kind"),
    [
        ('"title":"Militants', 1, {"id": "1793883", "sort": 3503266, "title": "Militants"}, "cut-record"),
        ('"pic":"/2016/02/28', 1, {"id": "1793883", "sort": 3503266, "pic": None, "title": None}, "cut-record"),
        ('{"id":"1793883","sort":"', 1, {"id": "1793883", "sort": None}, "cut-record"),
        ('{"id":"1793883"', 1, {"id": "1793883"}, "cut-record"),
        ('{"id":"1793883', 1, None, "cut-id"),
        ('{"id":"17', 0, None, "cut-id"),
        ("Moscow", 0, {"id": "1793356", "pic": FIRST[3]}, "cut-record"),
    ],
)
def test_cut_anywhere(cut: str, whole: int, partial: dict[str, object] | None, kind: str) -> None:
    text = json_string(RECORDS)
    dump = read_dump(text[: text.index(cut) + len(cut)])
    assert dump.length_verdict == "truncated"
    assert [item for item in dump.related if not item.partial] == list(items(RECORDS[:whole]))
    left = [item for item in dump.related if item.partial]
    if partial is None:
        assert left == []
    else:
        assert {name: getattr(left[0], name) for name in partial} == partial
    assert kind in kinds(dump)
    assert kinds(dump)[-1] == "truncated"


def test_text_below_a_cut_dump_belongs_to_the_page() -> None:
    text = json_string(RECORDS)
    page = read(f"Above.\n{text[:300]}\n" + 'Below it, with a "quote"} , and more.\n\nThe end.')
    assert page.paragraphs == ("Above.", 'Below it, with a "quote"} , and more.', "The end.")
    assert page.dumps[0].related[0] == item(FIRST)


def test_a_dump_that_is_cut_leaves_the_next_one_whole() -> None:
    page = read(f"{json_string(RECORDS)[:250]}\n{json_string(RECORDS)}")
    assert [dump.length_verdict for dump in page.dumps] == ["truncated", "exact"]
    assert page.dumps[1].related == items(RECORDS)


# ---- damaged


@pytest.mark.parametrize(
    "title",
    [
        '"P5+1 hope for the best"',
        'ISIS Executioner "Black Pig" Killed',
        '"',
        '""',
        'a "quote", and "another"',
        'ends with "',
        'a "b": "c", d',
    ],
)
def test_unescaped_quotes_in_titles_are_kept(title: str) -> None:
    records = [FIRST, (*SECOND[:4], title), (*THIRD[:4], title)]
    dump = read_dump(json_string(records))
    assert (dump.related, dump.length_verdict) == (items(records), "exact")
    assert set(kinds(dump)) == {"unescaped-quote"}


@pytest.mark.parametrize(("declared", "verdict", "by"), [(+5, "short", 5), (-1, "long", -1)])
def test_folded_white_space_puts_the_length_off(declared: int, verdict: str, by: int) -> None:
    dump = read_dump(json_string(RECORDS, size(payload(RECORDS)) + declared))
    assert (dump.length_verdict, dump.short_by, dump.related) == (verdict, by, items(RECORDS))
    assert kinds(dump) == [verdict]


def test_a_title_keeps_its_trailing_space_only_for_the_length() -> None:
    records = [(*FIRST[:4], "Ends with a space ")]
    dump = read_dump(json_string(records))
    assert (dump.length_verdict, dump.related[0].title) == ("exact", "Ends with a space")


@pytest.mark.parametrize(
    ("reading", "again"), [("sloppy-windows-1252", False), ("sloppy-windows-1252", True), ("latin-1", False)]
)
def test_mojibake_is_put_right_where_the_length_proves_it(reading: str, again: bool) -> None:
    text = f"The “prose” too.\n{json_string(RECORDS)}"
    for _ in range(1 + again):
        text = text.encode().decode(reading)
    page = read(text)
    assert page.dumps[0].related == items(RECORDS)
    assert page.dumps[0].length_verdict == "exact"
    assert page.dumps[0].encoding == f"utf-8 read as {reading.removeprefix('sloppy-')}" + " twice" * again
    assert page.paragraphs == ("The “prose” too.",)
    assert "mojibake" in kinds(page.dumps[0])


def test_mojibake_of_the_site_itself_is_not_changed() -> None:
    records = [(*FIRST[:4], "Itâ€™s so")]
    dump = read_dump(json_string(records))
    assert (dump.length_verdict, dump.encoding, dump.related) == ("exact", "utf-8", items(records))


def test_a_length_that_counts_single_bytes_names_the_code_page() -> None:
    records = [(*FIRST[:4], "خبر عاجل من سوريا")]
    dump = read_dump(json_string(records, len(payload(records))))
    assert (dump.length_verdict, dump.encoding, dump.related) == ("exact", "windows-1256", items(records))


@pytest.mark.parametrize("title", ["Caf\ufffd owners r\ufffdclament", "\ufffd" * 6 + " " + "\ufffd" * 4])
def test_letters_that_were_lost_stay_lost_and_are_reported(title: str) -> None:
    records = [(*FIRST[:4], title)]
    dump = read_dump(json_string(records, len(payload(records))))
    assert (dump.length_verdict, dump.related) == ("exact", items(records))
    assert "mojibake" not in kinds(dump)
    assert "lost-letters" in kinds(dump)


def test_lost_letters_are_no_proof_of_a_wrong_reading() -> None:
    records = [(*FIRST[:4], "Caf\ufffd? ouvert")]
    dump = read_dump(json_string(records, size(payload(records)) + 3))
    assert (dump.related, kinds(dump)) == (items(records), ["short", "lost-letters"])


def test_mojibake_in_an_array_is_put_right_by_the_length_of_its_value() -> None:
    dump = read_dump(var_dump(RECORDS).encode().decode("sloppy-windows-1252"))
    assert dump.related == items(RECORDS)
    assert kinds(dump) == ["mojibake"]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("} ,{", "} {", "missing-comma"),
        ('","sort"', '" "sort"', "missing-comma"),
        ("} ,{", " ,{", "missing-brace"),
        ('21","pic"', '21,"pic"', "missing-quote"),
        ("} ,{", "} ,junk ,{", "garbage"),
        (" ]", "\n]", None),
        ('","title"', '",\n"title"', None),
        ("Russia Targets", "Russia\nTargets", "line-break"),
    ],
)
def test_small_damage_to_a_list_costs_no_record(before: str, after: str, kind: str | None) -> None:
    dump = read_dump(json_string(RECORDS).replace(before, after, 1))
    assert dump.related == items(RECORDS)
    assert kind is None or kind in kinds(dump)


def test_missing_and_foreign_keys_are_reported() -> None:
    text = '[{"id":"1","sort":"2","title":"T"} ,{"id":"3","sort":"4","contenttypeid":"21","pic":"p.jpg","title":"U","x":"y"} ]'
    dump = read_dump(f'string({len(text)}) "{text}"')
    assert [(one.id, one.pic, one.title, one.partial) for one in dump.related] == [
        ("1", None, "T", False),
        ("3", "p.jpg", "U", False),
    ]
    assert kinds(dump) == ["missing-key", "foreign-key"]


def test_keys_in_another_order() -> None:
    text = '[{"title":"He said "no"","id":"1","pic":"p.jpg","contenttypeid":"21","sort":"2"} ]'
    assert read_dump(f'string({len(text)}) "{text}"').related == (item(("1", "2", "21", "p.jpg", 'He said "no"')),)


def test_duplicate_records_are_kept_and_reported() -> None:
    dump = read_dump(json_string([FIRST, FIRST]))
    assert dump.related == items([FIRST, FIRST])
    assert kinds(dump) == ["duplicate-record"]


@pytest.mark.parametrize("name", ["var_dump", "var_dump, folded", "serialize"])
def test_a_wrong_length_inside_an_array_is_overruled_by_its_grammar(name: str) -> None:
    damaged = FORMS[name](RECORDS).replace("Russia Targets", "Russia  Targets", 1)
    dump = read_dump(damaged)
    assert dump.related == items([(*FIRST[:4], "Russia  Targets: Moscow"), SECOND, THIRD])
    assert "value-length" in kinds(dump)


@pytest.mark.parametrize("written", [var_dump, xdebug, print_r, var_export, serialized])
def test_array_without_its_first_elements_gives_the_others(written: Callable[[list[Record]], str]) -> None:
    text = written(RECORDS)
    place = text.index("3503265")
    damaged = text[:place] + "#####" + text[place + 40 :]
    assert items(RECORDS)[-1] in read_dump(damaged).related


def test_xdebug_shortens_long_values_and_says_so() -> None:
    dump = read_dump(xdebug([FIRST]).replace("Moscow' (length=22)", "Mos'... (length=600)"))
    assert kinds(dump) == ["elided"]
    assert dump.related[0].title == "Russia Targets: Mos"


# ---- the page around it


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_system(end: str) -> None:
    page = read(
        end.join(["Title", "", "Fri Jan 3, 2014 18:13:55", "", "Body.", "212-11", json_string(RECORDS), "After."])
    )
    assert (page.title, page.paragraphs, page.desk_code) == ("Title", ("Body.", "After."), "212-11")
    assert page.dumps[0].related == items(RECORDS)


def test_a_byte_order_mark() -> None:
    page = read(f"\ufeffFri Jan 3, 2014 18:13:55\n{json_string(RECORDS)}")
    assert page.published is not None
    assert [one.kind for one in page.diagnoses] == ["bom"]


def test_nul_bytes() -> None:
    page = read("Bo\0dy.\n" + json_string(RECORDS).replace("Moscow", "Mos\0cow") + "\0")
    assert page.dumps[0].related == items(RECORDS)
    assert [one.kind for one in page.diagnoses] == ["nul"]


def test_utf_16_that_was_read_as_bytes() -> None:
    page = read(json_string([FIRST]).encode("utf-16-le").decode("latin-1"))
    assert page.dumps[0].related == items([FIRST])
    assert [one.kind for one in page.diagnoses] == ["nul", "utf-16"]


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    page = read(f"a\ud83d\n{json_string([(*FIRST[:4], 'b' + chr(0xDE00))], 126)}")
    assert page.paragraphs == ("a\ufffd",)
    assert page.dumps[0].related[0].title == "b\ufffd"
    escaped = escaped_json_string([FIRST]).replace("Moscow", "\\ud800")
    assert read_dump(escaped).related[0].title == "Russia Targets: \ufffd"


def test_offsets_count_bytes() -> None:
    page = read(f"سوريا “x”\n{json_string(RECORDS)}\nAfter.")
    dump = page.dumps[0]
    raw = f"سوريا “x”\n{json_string(RECORDS)}\nAfter.".encode()
    assert raw[dump.offset : dump.end].decode() == json_string(RECORDS)


# ---- raw HTML


def test_a_dump_as_it_stood_in_the_page() -> None:
    page = read(f"<html><body><h1>Title</h1><p>One &amp; two.</p>{json_string(RECORDS)}<p>After.</p></body></html>")
    assert page.dumps[0].related == items(RECORDS)
    assert (page.title, page.paragraphs) == ("Title", ("One & two.", "After."))


def test_a_dump_with_its_quotes_as_entities() -> None:
    text = f"<p>Body.</p><pre>{html.escape(json_string(RECORDS))}</pre><p>After.</p>"
    dump = read_dump(text)
    assert (dump.length_verdict, dump.related) == ("exact", items(RECORDS))
    assert text.encode()[dump.offset : dump.end].startswith(b"string(")
    assert text.encode()[dump.offset : dump.end].endswith(b"]&quot;")
    assert read(text).paragraphs == ("Body.", "After.")


def test_entities_are_decoded_once() -> None:
    records = [(*FIRST[:4], "Fish &amp; chips")]
    assert read_dump(html.escape(json_string(records))).related == items(records)


def test_entities_that_the_site_counted_itself() -> None:
    records = [(*FIRST[:4], "Fish &amp; chips")]
    dump = read_dump(f"<p>Body.</p>{json_string(records)}")
    assert (dump.length_verdict, dump.related[0].title) == ("exact", "Fish & chips")


def test_an_array_in_html_without_and_with_escaped_arrows() -> None:
    assert read_dump(f"<p>x</p><pre>{var_dump(RECORDS)}</pre>").related == items(RECORDS)
    assert read_dump(f"<p>x</p><pre>{html.escape(var_dump(RECORDS))}</pre>").related == items(RECORDS)


def test_xdebug_s_coloured_html() -> None:
    page = read(f"<body><p>Above.</p>{xdebug_html(RECORDS)}<p>Below.</p></body>")
    assert page.dumps[0].form == "xdebug"
    assert page.dumps[0].related == items(RECORDS)
    assert page.paragraphs == ("Above.", "Below.")


def test_a_list_in_a_script() -> None:
    page = read(f"<p>Body.</p><script>var related = {payload(RECORDS)};</script><p>After.</p>")
    assert (page.dumps[0].form, page.dumps[0].related) == ("json", items(RECORDS))
    assert page.paragraphs == ("Body.", "After.")


# ---- what is no dump


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just prose.",
        "A page about PHP: var_dump('x') gives string(1) \"x\" and array(0) { }.",
        'var_dump($a); string(17) "[1, 2, 3, 4, 5, 6]"',
        '[{"id":"5","name":"somebody else\'s list"}]',
        "Array ( [0] => Array ( [id] => 5 [name] => x ) )",
        'a:1:{i:0;a:1:{s:4:"name";s:1:"x";}}',
        'array(1) { [0]=> array(1) { ["name"]=> string(1) "x" } }',
        '{"id":"1","sort":"2"}',
    ],
)
def test_other_output_of_php_is_left_in_the_text(text: str) -> None:
    page = read(text)
    assert page.dumps == ()
    assert page.paragraphs == ((text,) if text else ())


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "-1",
        "1.5",
        "0x10",
        "../../etc/passwd",
        "1\\r\\nHost: evil",
        "１２３",
        "١٢٣",
        "1" * 21,
        "1e5",
        "1 2",
        "null",
    ],
)
def test_only_ascii_digits_are_an_id(number: str) -> None:
    dump = read_dump(json_string([(number, *FIRST[1:]), SECOND]))
    assert dump.related == items([SECOND])
    assert "bad-id" in kinds(dump)


def test_an_id_that_is_an_object_costs_only_its_record() -> None:
    text = json_string(RECORDS).replace('"1793356"', '{"$gt":""}', 1)
    assert read_dump(text).related == items(RECORDS[1:])


@pytest.mark.parametrize("digits", [20, 5000])
def test_a_declared_length_of_many_digits(digits: int) -> None:
    dump = read_dump(f'string({"9" * digits}) "{payload(RECORDS)}"')
    assert (dump.related, dump.declared_length, kinds(dump)) == (items(RECORDS), None, ["bad-length"])


def test_a_sort_beyond_what_a_database_holds_is_unknown() -> None:
    dump = read_dump(json_string([("1", "9" * 20, "21", "p.jpg", "T")]))
    assert (dump.related[0].sort, kinds(dump)) == (None, ["bad-number"])
