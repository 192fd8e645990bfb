"""An article that a user's own pipeline drops is not gone: it has a state and a count, and can be requested again."""

from __future__ import annotations

import json

from tests.conftest import NEIGHBOURS
from tests.crawling import QUICK, crawl_arguments, records, scrapy, setting_arguments, write_seed
from tests.droppers import with_pipeline

UNWANTED = NEIGHBOURS[:2]


def test_a_dropped_article_is_counted_left_alone_and_requested_again_on_demand(replica, tmp_path, seen):
    corpus, seed = tmp_path / "corpus", write_seed(tmp_path / "seed.txt", *NEIGHBOURS)
    pipeline, environment = with_pipeline(tmp_path, "Dropper", *UNWANTED)
    command = crawl_arguments(seed, corpus, replica.profile, settings=[pipeline])
    first, second = scrapy(*command, env=environment), scrapy(*command, env=environment)
    stats = scrapy("corpus", "stats", "--json", "-s", f"CORPUS_DIR={corpus}")
    ended = {
        name: count for name, count in json.loads(stats.stdout)["targets"].items() if name not in {"seed", "pending"}
    }
    seen("exit codes of two crawls", (0, 0), (first.returncode, second.returncode))
    seen("states", {"dropped": len(UNWANTED), "fetched": len(NEIGHBOURS) - len(UNWANTED)}, ended)
    asked = [
        json.loads(path.read_bytes())["stats"].get("gleaner/asked", 0) for path in corpus.glob("runs/*/stats.json")
    ]
    seen("articles requested by the first crawl and the second", [len(NEIGHBOURS), 0], sorted(asked, reverse=True))
    seen("the summary says so", True, f"Dropped by a pipeline: {len(UNWANTED)} articles" in first.stdout)
    again = scrapy("crawl", "revisit", "-a", "dropped=retry", *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK))
    articles = sum(record["kind"] == "article" for record in records(corpus))
    seen("articles after revisit -a dropped=retry", (0, len(NEIGHBOURS)), (again.returncode, articles))
