"""Pages that are made to hurt, and bytes in the wrong charset."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract, page_text
from crawler.extract.tree import parse
from crawler.text.charset import decode, to_utf8
from tests.waiting import grows_linearly

HOSTILE = {
    "nested": "<div>" * 100_000 + "deep text" + "</div>" * 100_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(300_000)) + ">text</p>",
    "slashes": "<p/" + "/".join(f"a{n}" for n in range(300_000)) + ">text</p>",
    "many attributes": ("<p " + " ".join(f"a{n}" for n in range(1_500)) + ">") * 1_000,
    "angles": "<" * 3_000_000,
    "quotes": '<a b="' * 300_000,
    "scripts": '<script type="application/ld+json">{"a":1}</script>' * 10_000,
    "brackets": '<script type="application/ld+json">' + "[" * 500_000 + "</script>",
    "breaks": "a<br>" * 70_000,
    "dumps": "<p>" + 'string(9) "[' * 100_000,
    "entities": "&amp;" * 500_000,
    "headings": f"<title>{'abc def ' * 1_000}</title>" + "<h1>abc def ghi</h1>" * 50_000,
    "menus": ('<div class="menu"><a href="/">word</a>' + " word" * 1_000) * 1_900,
    "one text": "<p>" + "Word and word, another word. " * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_takes_seconds_not_minutes(name):
    def read(page):
        extract(page, "http://example.com/")
        page_text(page)

    page = HOSTILE[name].encode()
    assert grows_linearly(read, page[: len(page) // 2], page)


@pytest.mark.parametrize("value", ["1", '">"', "'>'", '"<"', ""])
def test_the_attributes_of_an_element_that_has_thousands_are_dropped(value):
    page = "<p " + " ".join(f"a{n}={value}" if value else f"a{n}" for n in range(20_000)) + ">text</p>"
    paragraph = parse(page.encode()).root.find(".//p")
    assert paragraph.text == "text"
    assert len(paragraph.attrib) <= 2_000


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["a{}", 'a{}="v"', 'a{}=">"', "a{}  = '\">'", 'a{}="<b>"', 'a{}="x > y"']),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 300),
    st.sampled_from(["", "<p>some text</p>", '<a href="/1">one</a>', "<script>if (a > b) c = '\"';</script>"]),
)
def test_wherever_a_long_element_has_its_quotes_its_attributes_are_dropped(kinds, run, around):
    attributes = " ".join(kinds[number // run % len(kinds)].format(number) for number in range(20_000))
    page = f"{around * 2_000}<i {attributes}>text</i>{around * 2_000}"
    element = parse(page.encode()).root.find(".//i")
    assert element.text == "text"
    assert len(element.attrib) <= 2_000


def test_text_beyond_the_depth_limit_is_saved_and_reported():
    assert "deep text" in page_text(HOSTILE["nested"].encode())
    assert extract(HOSTILE["nested"].encode(), "http://example.com/")["sources"]["lost"] == "size"
    nested = ("<div>" * 5_000 + "deep text" + "</div>" * 5_000).encode()
    assert "deep text" in page_text(nested)
    assert extract(nested, "http://example.com/")["sources"]["lost"] == "depth"


def test_scripts_are_not_taken_for_tags_with_many_attributes():
    script = "<script>if (a<b && c == '\"') { " + "x = 1; " * 9_000 + "}</script>"
    assert page_text(f"<p>before</p>{script}<p>after</p>".encode()) == "before\n\nafter"


RUSSIAN = "<p>Река поднялась ночью на два метра, и мосты были закрыты для движения до утра.</p>"
HEAD = "<!DOCTYPE html><html><head><title>News</title></head><body class=page>"
ARABIC = "<p>ارتفع منسوب النهر في الليل وأغلقت الجسور أمام حركة المرور حتى الصباح</p>"


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        (RUSSIAN.encode("windows-1251"), "windows-1251", RUSSIAN),
        (b"<meta charset=windows-1251>" + RUSSIAN.encode("windows-1251"), None, RUSSIAN),
        (b"<meta charset=iso-8859-1>" + RUSSIAN.encode(), None, RUSSIAN),
        (RUSSIAN.encode("utf-8-sig"), "windows-1251", RUSSIAN),
        (RUSSIAN.encode("utf-16"), None, RUSSIAN),
        ((HEAD + RUSSIAN).encode("utf-16-le"), None, RUSSIAN),
        (b"<meta charset=utf-8>" + (RUSSIAN * 3).encode("windows-1251"), None, RUSSIAN),
        (b"<meta charset=iso-8859-1>" + (RUSSIAN * 3).encode("windows-1251"), None, RUSSIAN),
        ((ARABIC * 3).encode("windows-1256"), "windows-1256", ARABIC),
        (b"caf\xe9 \x93x\x94", None, "café “x”"),
        (RUSSIAN.encode() + b"\xff", None, RUSSIAN),
        (b"caf\xe9", "no-such-charset", "café"),
        ("<p>橋は朝まで閉鎖された".encode("iso2022_jp"), "iso-2022-jp", "橋は朝まで閉鎖された"),
        ("<p>桥梁关闭到早上".encode("hz"), "hz-gb-2312", "桥梁关闭到早上"),
        (b"<p>at ~{home~}", None, "at ~{home~}"),
    ],
)
def test_charsets(data, charset, expected):
    assert expected in decode(data, charset)
    assert to_utf8(data, charset) == decode(data, charset).encode()
