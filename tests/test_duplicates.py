"""A crawl of a site that publishes stories twice: each is in articles/ once, and whole in duplicates/."""

from __future__ import annotations

from crawler.corpus.fixity.verify import verify
from crawler.corpus.stats import corpus_stats
from crawler.replica import Site
from tests.crawling import crawl, records, write_seed


def test_republished_stories_are_in_duplicates_and_not_in_articles(start_replica, tmp_path):
    site, corpus = Site(articles=120, republished=0.3), tmp_path / "corpus"
    replica = start_replica("--articles", "120", "--republished", "0.3")
    seed = write_seed(tmp_path / "seed.txt", *range(1_793_356, 1_793_366))
    settings = ["IMAGES_FETCH=none"]

    done = crawl(seed, corpus, replica.profile, "depth=9", settings=settings)

    assert done.returncode == 0, done.stderr
    lines = [*records(corpus), *records(corpus, "duplicates")]
    state = {line["id"]: line for line in sorted(lines, key=lambda line: line["version"]) if line["kind"] == "article"}
    copies = {key: told for key in state if (told := site.republication(int(key)))}
    of_archived = {key for key, told in copies.items() if str(told.of) in state}
    assert len(of_archived) > 8
    assert {site.republication(int(key)).edit for key in of_archived} == {"shortened", "new head", "paragraphs dropped"}
    assert {key for key, line in state.items() if line["near_duplicate_of"]} == of_archived
    for key in of_archived:
        line, earlier = state[key], state[str(copies[key].of)]
        assert line["duplicate_rule"].removeprefix("moved-") == "shorter"
        assert 0.5 <= line["similarity"] < 1
        assert len(line["text"]) < len(earlier["text"])
    assert sum(corpus_stats(corpus)["duplicate_rules"].values()) == len(records(corpus, "duplicates"))
    assert verify(corpus).problems == []
