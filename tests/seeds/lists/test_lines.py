"""Lists of URLs or ids, and tables; and texts that only look like them."""

from __future__ import annotations

import pytest

from crawler.seeds.lists.lines import table_delimiter
from tests.seeds.lists.read import NEWS, seeds_of


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_urls_and_ids_stand_one_a_line(end, charset):
    lines = [
        "# a comment",
        f"{NEWS}17",
        "",
        "000042",
        "99999999999999999999",
        f"  {NEWS}18/a-slug?x=1#y  ",
        "alalam/19",
    ]
    seeds = seeds_of(end.join(lines).encode(charset), "list.pdf")
    assert seeds.ids == ["17", "000042", "99999999999999999999", "18", "19"]
    assert seeds.errors == []


def test_what_is_no_url_and_no_id_is_counted_in_one_line():
    lines = [f"{NEWS}17", "1" * 21, "https://other.example/news/1", f"{NEWS}18", "rubbish here", f"{NEWS}19", "20"]
    seeds = seeds_of("\n".join(lines), "list.txt")
    assert seeds.ids == ["17", "18", "19", "20"]
    assert seeds.errors == [
        f"list.txt: 3 of 7 entries are no article of alalam, and skipped, such as number 2: '{'1' * 21}'"
    ]


def test_very_long_line_is_no_article():
    seeds = seeds_of(f"{NEWS}17\n{NEWS}18\nhttps://en.alalam.ir/{'x' * 300_000}/news/5\n{NEWS}19\n")
    assert seeds.ids == ["17", "18", "19"]
    assert len(seeds.errors[0]) < 300


@pytest.mark.parametrize(
    "url",
    [
        "http://en.alalam.ir/news/17",
        "HTTPS://EN.ALALAM.IR/news/17",
        "https://en.alalam.ir:443/news/17",
        "https://en.alalam.ir/news/17/\u062e\u0628\u0631-\u0627\u0648\u0644",
        "https://web.archive.org/web/20160227101112/https://en.alalam.ir/news/17",
        "https://web.archive.org/web/2016id_/http:/en.alalam.ir/news/17",
        "https://arquivo.pt/wayback/20160227101112mp_/en.alalam.ir/news/17",
    ],
)
def test_url_in_any_form_names_its_article(url):
    assert seeds_of(f"{url}\n").ids == ["17"]


@pytest.mark.parametrize(
    "url",
    [
        "https://en.alalam.ir.evil.example/news/17",
        "https://user@evil.example/https://en.alalam.ir/news/17",
        "https://evil.example/?u=https://en.alalam.ir/news/17",
        "ftp://en.alalam.ir/news/17",
        "https://en.alalam.ir/newspaper/17",
    ],
)
def test_url_of_another_host_or_kind_names_no_article(url):
    assert seeds_of(f"{NEWS}1\n{NEWS}2\n{url}\n").ids == ["1", "2"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_table_is_read_by_the_names_of_its_columns(delimiter, mark):
    rows = [["No", "Title", "URL"], ["1", f'"A {delimiter} ""B"""', f"{NEWS}17"], ["2", "", f"{NEWS}18"]]
    seeds = seeds_of(mark + "\r\n".join(delimiter.join(row) for row in rows), "table.pdf")
    assert [(target.id, target.title) for target in seeds.targets] == [
        ("17", f'A {delimiter.strip()} "B"'.replace("  ", " ")),
        ("18", None),
    ]
    assert seeds.errors == []


def test_ids_in_a_table_keep_their_zeros():
    seeds = seeds_of('"Article ID","n"\n"000123",2\n"99999999999999999999",3\n1793356.0,4\n', "ids.csv")
    assert seeds.ids == ["000123", "99999999999999999999"]
    assert seeds.errors == [
        "ids.csv: 1 of 3 entries is no article of alalam, and skipped, such as number 4: '1793356.0'"
    ]


def test_numbers_of_rows_are_no_ids_of_articles():
    seeds = seeds_of(f"id,url\n1,{NEWS}17\n2,\n3,{NEWS}18\n")
    assert seeds.ids == ["17", "18"]
    assert "such as number 3: '2'" in seeds.errors[0]


def test_id_counts_where_a_row_has_no_url():
    assert seeds_of(f"id,url\n17,{NEWS}17\n18,\n").ids == ["17", "18"]


def test_row_with_line_breaks_is_one_row():
    assert seeds_of(f'title,url\n"one\ntwo",{NEWS}17\n').ids == ["17"]


def test_table_without_end_of_a_quote_is_read_up_to_there():
    seeds = seeds_of(f'title,url\na,{NEWS}17\n"b,{NEWS}18\n' + f"c,{NEWS}19\n" * 20_000)
    assert seeds.ids == ["17"]
    assert "field larger than field limit" in seeds.errors[0]


@pytest.mark.parametrize(
    "text", ["id,name\nAli,5\nReza,7\n", "url\n", "A title; url\n\nSome prose; and more\n", "a,b\n1,2\n"]
)
def test_other_table_is_none_of_articles(text):
    assert table_delimiter(text.encode()) is None
    assert len(seeds_of(text).pages) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"A story of the harbour\n\nFri Jan 3, 2014 10:41:53\n\nIt rained.\n{NEWS}17\n{NEWS}18\n\n212-11\n",
        f"See {NEWS}17\nand {NEWS}18\n",
        "",
        "\0" * 200,
    ],
)
def test_prose_is_no_list(text):
    seeds = seeds_of(text)
    assert (seeds.targets, [page.page.dumps for page in seeds.pages]) == ([], [()])


def test_dump_with_urls_in_it_stays_a_dump():
    dump = '[{"id":"17","sort":"5","contenttypeid":"21","pic":"a.jpg","title":"T"}]'
    seeds = seeds_of(f'{NEWS}1\n{NEWS}2\n{NEWS}3\nstring({len(dump)}) "{dump}"')
    assert seeds.targets == []
    assert [item.id for item in seeds.pages[0].page.dumps[0].related] == ["17"]
