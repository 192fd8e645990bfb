"""Graphs that the programs they are made for read back."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import networkx as nx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive.rebuilding import rebuild
from crawler.archive.writer import Corpus
from crawler.corpus.export.graph import GRAPH_FORMATS, Written, export_graph
from crawler.corpus.export.graph.dot import quoted
from crawler.corpus.export.graph.xml import xml_text
from crawler.exceptions import ConfigError, CorpusError
from crawler.items import RelatedItem
from tests.archive.corpora import make_corpus, rewrite
from tests.factories import make_article, make_seed, make_stub, related_items

HOSTILE = '"]; <x/> & \\N "; ]]> \x0b\ufffe \x1b[31m \r\n end'


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "corpus"
    make_corpus(
        root,
        make_seed(related=(1, 2)),
        make_article(
            1,
            title="One",
            published="2020-01-01T00:00:00+03:30",
            related=(RelatedItem(id="3", sort=-7), RelatedItem(id="1")),
        ),
        make_stub(2, title="Two"),
        make_article(4, text="Text of article 1."),  # a duplicate, which the graph knows too
        make_article(5, related=related_items(1)),
    )
    segment = root / "articles" / "articles-000001.jsonl"
    rewrite(segment, (b'"One"', json.dumps(HOSTILE).encode()))
    rebuild(root, "for the test")
    return root


def graph(root, format_, tmp_path):
    out = tmp_path / f"out.{format_}"
    assert export_graph(root, format_, str(out)) == Written(6, 5)
    return out


EDGES = {
    ("replica/seed-0e0b62733202", "replica/1"): 0,
    ("replica/seed-0e0b62733202", "replica/2"): 1,
    ("replica/1", "replica/3"): -7,
    ("replica/1", "replica/1"): None,
    ("replica/5", "replica/1"): 0,
}


@pytest.mark.parametrize(("format_", "read"), [("graphml", nx.read_graphml), ("gexf", nx.read_gexf)])
def test_networkx_reads_it_back(root, tmp_path, format_, read):
    found = read(graph(root, format_, tmp_path))
    assert found.is_directed()
    assert {(a, b): data.get("sort") for a, b, data in found.edges(data=True)} == EDGES
    nodes = dict(found.nodes(data=True))
    one = nodes["replica/1"]
    assert one["title"] == '"]; <x/> & \\N "; ]]>  \x1b[31m \r\n end'.replace("\x1b", "")
    assert (one["state"], one["kind"], one["published"], one["depth"]) == (
        "fetched",
        "article",
        "2020-01-01T00:00:00+03:30",
        0,
    )
    assert (nodes["replica/3"]["state"], nodes["replica/3"].get("kind"), nodes["replica/3"]["depth"]) == (
        "pending",
        None,
        1,
    )
    assert (nodes["replica/2"]["state"], nodes["replica/2"]["title"]) == ("gone", "Two")
    assert nodes["replica/4"]["kind"] == "article"


def test_parquet_holds_nodes_and_edges(root, tmp_path):
    out = graph(root, "parquet", tmp_path)
    edges = pq.read_table(out / "edges.parquet").to_pylist()
    assert {(row["source"], row["target"]): row["sort"] for row in edges} == EDGES
    nodes = {row["key"]: row for row in pq.read_table(out / "nodes.parquet").to_pylist()}
    assert nodes["replica/1"]["title"] == HOSTILE
    assert nodes["replica/3"] == {
        "key": "replica/3",
        "state": "pending",
        "kind": None,
        "title": None,
        "published": None,
        "depth": 1,
    }


def test_dot_is_well_formed(root, tmp_path):
    text = graph(root, "dot", tmp_path).read_text()
    string = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
    value = rf"(?:{string}|-?\d+)"
    attributes = rf"\[(?:\w+={value}(?:, )?)+\]"
    statement = rf"{string}(?: -> {string})?(?: {attributes})?;"
    first, *statements, last = text.splitlines()
    assert (first, last) == ("digraph corpus {", "}")
    assert len(statements) == 11
    assert all(re.fullmatch(statement, line) for line in statements)
    assert '"replica/1" -> "replica/3" [sort=-7];' in statements


@given(st.text())
def test_any_text_is_xml_in_elements_and_attributes(text):
    escaped = xml_text(text)
    element = ET.fromstring(f'<a b="{escaped}">{escaped}</a>')
    held = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    assert element.attrib["b"] == held
    assert (element.text or "") == held


@given(st.text())
def test_any_text_is_one_dot_string(text):
    assert re.fullmatch(r'"(?:[^"\\\x00-\x1f]|\\["\\])*"', quoted(text))


def test_invalid_numbers_are_left_out(root, tmp_path):
    segment = root / "articles" / "articles-000001.jsonl"
    rewrite(segment, (b'"sort":-7', b'"sort":"\\"/>"'))
    rebuild(root, "for the test")
    for format_ in GRAPH_FORMATS:
        graph(root, format_, tmp_path)


def test_graph_is_a_snapshot_while_the_corpus_grows(root, tmp_path):
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(77))
        graph(root, "gexf", tmp_path)
    corpus.close()


@pytest.mark.parametrize("format_", GRAPH_FORMATS)
def test_nothing_is_replaced_and_no_corpus_is_an_error(root, tmp_path, format_):
    out = graph(root, format_, tmp_path)
    with pytest.raises(ConfigError, match="exists already"):
        export_graph(root, format_, str(out))
    assert export_graph(root, format_, str(out), force=True).nodes == 6
    with pytest.raises(CorpusError):
        export_graph(tmp_path / "none", format_, str(tmp_path / "other"))


def test_page_in_duplicates_has_its_title(tmp_path):
    root = tmp_path / "corpus"
    text = "One text. " * 40
    make_corpus(root, make_article(1, title="First", text=text), make_article(4, title="Fourth", text=text))
    assert list((root / "duplicates").glob("*.jsonl"))
    found = nx.read_gexf(graph_of(root, tmp_path))
    assert sorted(data["label"] for _, data in found.nodes(data=True)) == ["First", "Fourth"]


def graph_of(root, tmp_path):
    out = tmp_path / "out.gexf"
    export_graph(root, "gexf", str(out))
    return out
