"""What README and tutorial say of pandas: a dataframe with the values of the lines, whatever these look like."""

from __future__ import annotations

import json
import re

import pytest

from crawler.corpus.export import Options, export
from crawler.corpus.selection import Selection
from tests.archive.corpora import make_corpus
from tests.docs.test_docs import PAGES
from tests.factories import make_article, make_stub, related_items

pd = pytest.importorskip("pandas", reason="pandas is not installed; the group test of pyproject.toml brings it")
SNIPPETS = {
    call: page.name
    for page in PAGES
    for call in re.findall(r"`(pd\.read_\w+\([^`]*\))`", page.read_text(encoding="utf-8"))
}
LONG = "20160308000000000001", "20160308000000000002"
ARTICLES = [
    make_article("0012345", desk_code="007", kicker="12", title="1e5", related=related_items("0012346")),
    make_article("0012346", desk_code="8", kicker=None, title="2020-01-01", published="2020-02-29T23:59:59+03:30"),
    make_article(LONG[0], title="true", text="The first of two long numbers."),
    make_article(LONG[1], title="nan", text="And now for the second of them, which is another."),
    make_stub("17", title="null"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("pandas") / "corpus"
    make_corpus(root, *ARTICLES)
    export(root, "parquet", str(root.parent / "out.parquet"), Selection(), all_versions=True, options=Options())
    return root


def frame_of(call, corpus):
    """Run a line of the docs, with the corpus of this test in place of the reader's."""
    path = corpus.parent / "out.parquet" if "parquet" in call else corpus / "articles/articles-000001.jsonl"
    return eval(re.sub(r'"[^"]+"', repr(str(path)), call, count=1), {"pd": pd})


def same(found, expected):
    if expected is None:
        return found is None or (not isinstance(found, list) and bool(pd.isna(found)))
    return type(found) is type(expected) and found == expected


def test_the_docs_say_how():
    assert {"README.md", "tutorial.md"} <= set(SNIPPETS.values())
    assert sum("read_json" in call for call in SNIPPETS) > 1


@pytest.mark.parametrize("call", [call for call in SNIPPETS if "read_json" in call])
def test_every_value_of_a_line_is_in_the_dataframe(call, corpus):
    lines = [json.loads(line) for line in (corpus / "articles/articles-000001.jsonl").read_bytes().splitlines()]
    frame = frame_of(call, corpus)
    assert list(frame.columns) == list(lines[0])
    assert {line["id"] for line in lines} >= {"0012345", *LONG}
    for line, row in zip(lines, frame.to_dict("records"), strict=True):
        assert {name for name in line if not same(row[name], line[name])} == set()


@pytest.mark.parametrize("call", SNIPPETS)
def test_ids_are_found_in_related(call, corpus):
    frame = frame_of(call, corpus)
    assert set(LONG) <= set(frame["id"])
    listed = [one["id"] for related in frame["related"] for one in related]
    assert listed == ["0012346"]
    assert frame["id"].isin(listed).sum() == 1


def test_dates_are_parsed_as_the_tutorial_says(corpus):
    frame = pd.read_json(corpus / "articles/articles-000001.jsonl", lines=True, dtype=False)
    dates = pd.to_datetime(frame["published"], utc=True)
    assert dates[frame["id"] == "0012346"].tolist() == [pd.Timestamp("2020-02-29T20:29:59Z")]
