"""The queries for each record use an index, so that their cost does not grow with the corpus."""

from __future__ import annotations

from contextlib import closing

from crawler.archive import Corpus
from crawler.frontier.visits import Due
from crawler.items import Image
from tests.factories import make_article, make_seed, make_stub, related_items

FEW = (
    "CONSTANT ROW",
    "SCAN (subquery",
    "SCAN asked",
    "INDEX recurring_known",
    "INDEX targets_nearer",
    "INDEX targets_failed",
    "INDEX targets_leased",
)
"""Scans of few rows: given values, rows bounded by LIMIT, or a partial index of boilerplate, failures or leases."""


def daily_work(corpus):
    """Do what a crawl does with the corpus again and again."""
    with corpus.group():
        corpus.add(make_seed(related=(1, 2, 3, 4)))
    with corpus.group():
        corpus.frontier.lease(2, max_depth=3, run="run", until=2e9)
        corpus.frontier.pending(max_depth=3, at_most=10)
    with corpus.group():
        corpus.add(
            make_article(1, related=related_items(*range(2, 100)), images=(Image(pic="/a.jpg", status="failed"),))
        )
        corpus.add(make_stub(2))
        corpus.add(make_article(3, text="Text of article 1."))
        corpus.add(make_article(1))
        corpus.add(make_article(1, text="Another."))
        corpus.frontier.end("replica/4", state="failed", reason="no answer")
    with corpus.group():
        corpus.catalogue.visits.lease(2, Due(now=3e9), run="run", until=2e9)
        corpus.unchanged("replica/1", 2e9)
        corpus.catalogue.picture("/a.jpg")
        corpus.frontier.retry_failed()
        corpus.frontier.release(now=3e9)


def test_no_question_of_a_crawl_reads_a_whole_table(tmp_path):
    asked = []
    with closing(Corpus(tmp_path / "corpus", "replica")) as corpus:
        connection = corpus.catalogue.connection
        connection.set_trace_callback(asked.append)
        daily_work(corpus)
        connection.set_trace_callback(None)
        statements = [text for text in asked if text.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}]
        assert len(statements) > 50
        for statement in statements:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            scans = [step for step in steps if step.startswith("SCAN") and not any(few in step for few in FEW)]
            assert not scans, (statement, steps)
