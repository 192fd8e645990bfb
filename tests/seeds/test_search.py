"""Where in a page dumps are looked for: in all of its bytes, however they are hidden or escaped there."""

from __future__ import annotations

import html
import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.facts import read_page
from crawler.seeds import parse_dumps, parse_page
from crawler.sites import load_profile
from tests.seeds.written import FORMS, RECORDS, escaped_json, escaped_json_string, items, json_string, payload

ZONE = ZoneInfo("Asia/Tehran")
PROFILE = load_profile("replica")
URL = "http://127.0.0.1:8765/news/7"
PLACES = [
    "<pre>{}</pre>",
    "<pre style='display:none'>{}</pre>",
    '<div STYLE="color: red; Display : None"><p>x</p>{}</div>',
    "<pre hidden>{}</pre>",
    "<section hidden=''><div><b>{}</b></div></section>",
    "<!-- {} -->",
    "<!-- {}",
    "<script>{}</script>",
    "<script><!-- {} --></script>",
    "<script>var x = 1; /* {} */</script>",
    "<style>{}</style>",
    "<textarea>{}</textarea>",
    "<noscript><p>{}</p></noscript>",
    "<template><div>{}</div></template>",
    "<svg><![CDATA[{}]]></svg>",
    "<iframe>{}</iframe>",
    "<nav>{}</nav>",
]
WHERE = [
    "<html><body>{}<h1>Title</h1><p>Body.</p></body></html>",
    "<html><body><h1>Title</h1><p>Body.</p>{}</body></html>",
    "<html><body><h1>Title</h1><p>Body.</p></body></html>{}",
    "<html><head>{}</head><body><h1>Title</h1><p>Body.</p></body></html>",
]


def escaped_twice(text: str) -> str:
    return html.escape(html.escape(text))


@pytest.mark.parametrize("escape", [str, html.escape, escaped_twice])
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("place", PLACES)
def test_a_dump_is_found_wherever_it_stands(place: str, where: str, escape) -> None:
    page = where.format(place.format(escape(json_string(RECORDS))))
    (dump,) = parse_dumps(page)
    assert (dump.length_verdict, dump.related) == ("exact", items(RECORDS))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "place", ["<!--{}-->", "<textarea>{}</textarea>", "<template>{}</template>", '<i data-x="{}"></i>']
)
def test_every_form_is_found_escaped_in_hidden_places(place: str, form: str) -> None:
    (dump,) = parse_dumps(f"<html><body><p>Body.</p>{place.format(html.escape(FORMS[form](RECORDS)))}</body></html>")
    assert dump.related == items(RECORDS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("escape", [str, html.escape])
def test_a_dump_after_the_plain_one_is_found_however_it_is_escaped(escape, form: str) -> None:
    first, second = json_string(RECORDS[:1]), escape(FORMS[form](RECORDS[1:]))
    page = f"<html><body><pre>{first}</pre><p>Body.</p><template>{second}</template></body></html>"
    assert sum((dump.related for dump in parse_dumps(page)), ()) == items(RECORDS)


def test_a_list_with_places_and_pictures_alone_is_found_after_a_plain_dump() -> None:
    first = json_string(RECORDS[:1])
    second = html.escape('[{"id":"7","sort":"1","pic":"/a.jpg","title":"A ship"}]')
    dumps = parse_dumps(f"<html><body><pre>{first}</pre><p>Body.</p><i hidden>{second}</i></body></html>")
    assert [item.id for dump in dumps for item in dump.related] == [RECORDS[0][0], "7"]


@pytest.mark.parametrize(
    "attribute",
    ['data-related="{}"', "data-related='{}'", 'value="{}" type=hidden', 'onclick="show({})"'],
)
@pytest.mark.parametrize("written", [json_string, escaped_json, escaped_json_string, payload])
def test_a_dump_in_an_attribute(attribute: str, written) -> None:
    records = [(*record[:4], record[4].replace("'", "’")) for record in RECORDS]  # noqa: RUF001
    (dump,) = parse_dumps(f"<p>Body.</p><div {attribute.format(html.escape(written(records)))}></div>")
    assert dump.related == items(records)


@pytest.mark.parametrize("written", [json_string, escaped_json, escaped_json_string, payload])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("page", ["<p>Body.</p><script>var dump = {};</script>", "Body.\n212-11\n{}"])
def test_a_dump_inside_strings_of_json(page: str, levels: int, written) -> None:
    text = written(RECORDS)
    for _ in range(levels):
        text = json.dumps(text)
    (dump,) = parse_dumps(page.format(text))
    assert dump.related == items(RECORDS)


@pytest.mark.parametrize("quote", [r"\x22", r"\u0022", r"\""])
@pytest.mark.parametrize("written", [json_string, payload])
def test_a_dump_inside_a_string_of_javascript(quote: str, written) -> None:
    text = written(RECORDS).replace("'", r"\x27").replace('"', quote)
    (dump,) = parse_dumps(f"<p>Body.</p><script>var dump = '{text}';</script>")
    assert dump.related == items(RECORDS)


def test_the_length_counts_the_backslashes_of_json_in_json() -> None:
    text = escaped_json(RECORDS).replace('"', '\\"')
    (dump,) = parse_dumps(f'Body.\nstring({len(text)}) "{text}"')
    assert (dump.length_verdict, dump.related) == ("exact", items(RECORDS))


def test_a_dump_that_stands_twice_is_two_dumps_and_its_items_count_once() -> None:
    page = f"<p>Body.</p><pre>{html.escape(json_string(RECORDS))}</pre><script>{json_string(RECORDS)}</script>"
    assert len(parse_dumps(page)) == 2
    assert read_page(page.encode(), URL, PROFILE).related == items(RECORDS)


def test_lists_of_others_in_scripts_are_no_dumps() -> None:
    lists = [
        '[{"id":"5","title":"Another story","url":"/news/5"}]',
        '[{"id":"3","sort":"1","title":"World"},{"id":"4","sort":"2","title":"Sport"}]',
        '[{"id":"9","pic":"/a.jpg","title":"Most read"}]',
        json.dumps('[{"id":"5","title":"Another story"}]'),
    ]
    for one in lists:
        page = f'<html><body><script>var list = {one};</script><div data-list="{html.escape(one)}"></div></body></html>'
        assert parse_dumps(page) == ()
        assert read_page(page.encode(), URL, PROFILE).related == ()


def test_tags_that_the_page_put_into_a_dump_are_no_part_of_it() -> None:
    broken = json_string(RECORDS).replace(" ,{", "<br />\n,{").replace("Moscow", "<wbr>Moscow")
    assert [dump.related for dump in parse_dumps(f"<div>{broken}</div>")] == [items(RECORDS)]


def test_the_end_of_a_hidden_dump_hides_no_prose() -> None:
    page = parse_page(f"<script>{html.escape(json_string(RECORDS))}</script><h1>Title</h1><p>Body.</p>", ZONE)
    assert (page.title, page.paragraphs) == ("Title", ("Body.",))


def test_hidden_text_is_no_prose() -> None:
    page = parse_page(
        "<h1>Title</h1><p>Body.</p><div hidden><div>a</div>b</div><div style='display:none'>c</div>"
        "<nav><!-- </nav> -->d</nav><p class='hidden'>Shown.</p>",
        ZONE,
    )
    assert page.paragraphs == ("Body.", "Shown.")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(RECORDS), min_size=1, max_size=3, unique=True),
    st.sampled_from(PLACES),
    st.sampled_from(WHERE),
    st.sampled_from([str, html.escape, escaped_twice]),
    st.sampled_from(sorted(FORMS)),
)
def test_the_reader_of_seeds_and_that_of_pages_agree(records, place, where, escape, form) -> None:
    page = where.format(place.format(escape(FORMS[form](records))))
    seen = [item for dump in parse_page(page, PROFILE.zone).dumps for item in dump.related]
    assert [item.id for item in read_page(page.encode(), URL, PROFILE).related] == [item.id for item in seen]
    assert parse_dumps(page) == parse_page(page, ZONE).dumps
