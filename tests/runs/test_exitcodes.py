"""Exit codes tell the truth about a crawl."""

import pickle
import re
from pathlib import Path

import pytest

from crawler import exceptions
from crawler.exceptions import ConfigError, CorpusDamaged, CorpusLocked, DiskFull, ProfileError, SeedError
from crawler.runs.exitcodes import MEANINGS, exit_code
from crawler.runs.summary import summary


@pytest.mark.parametrize(
    ("stats", "code"),
    [
        ({"finish_reason": "finished"}, 0),
        ({"finish_reason": "finished", "gleaner/targets/failed": 1}, 9),
        ({"finish_reason": "finished", "gleaner/images/failed": 1}, 9),
        ({"finish_reason": "finished", "gleaner/seeds_failed": 1}, 9),
        ({"finish_reason": "finished", "gleaner/targets/failed": 1, "gleaner/recover/rate_limited": 1}, 18),
        ({"finish_reason": "finished", "gleaner/targets/failed": 1, "gleaner/left_alone": 1}, 18),
        ({"finish_reason": "shutdown", "gleaner/targets/failed": 1}, 11),
        ({}, 13),
        ({"finish_reason": "disk_full"}, 3),
        ({"finish_reason": "frontier_gone"}, 8),
        ({"finish_reason": "frontier_refused"}, 4),
        ({"finish_reason": "finished", "gleaner/frontier_failed": "frontier_gone"}, 8),
        ({"finish_reason": "shutdown", "gleaner/frontier_failed": "frontier_gone"}, 11),
        ({"finish_reason": "corpus_error"}, 1),
        ({"finish_reason": "start_error"}, 1),
        ({"finish_reason": "closespider_timeout"}, 15),
        ({"finish_reason": "memusage_exceeded"}, 15),
        ({"finish_reason": "something_new"}, 1),
    ],
)
def test_the_exit_code_of_a_crawl(stats, code):
    assert exit_code(stats) == code


def test_the_exit_codes_of_errors():
    classes = (ConfigError, ProfileError, SeedError, CorpusLocked, CorpusDamaged, DiskFull)
    assert [error.exit_code for error in classes] == [4, 4, 4, 6, 5, 3]


@pytest.mark.parametrize("error", [CorpusDamaged("corpus", "torn"), SeedError("seeds", "gone"), ConfigError("no")])
def test_every_error_can_be_passed_on_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_the_summary_says_what_to_do_next(tmp_path):
    stats = {"finish_reason": "finished", "gleaner/archived/article": 6, "elapsed_time_seconds": 3, "gleaner/run": "r"}
    text = summary(stats, tmp_path, 0)
    assert "Archived in 0:03: 6 articles (2.0/s)" in text
    assert str(tmp_path / "articles") in text
    assert "it resumes the crawl" in summary(stats, tmp_path, 11)
    assert "Known" not in text
    counts = {"gleaner/targets/fetched": 6, "gleaner/targets/pending": 40, "gleaner/targets/seed": 1}
    assert "\nKnown articles: 6 fetched · 40 not requested yet\n" in summary({**stats, **counts}, tmp_path, 0)
    assert text.endswith("a greater -a depth= goes further")
    assert summary(stats, tmp_path, 0, "revisit").endswith("articles that are due")
    assert summary(stats, tmp_path, 0, limited=True).endswith("run it again for the next articles")
    assert f"CORPUS_DIR='{tmp_path}/a corpus'" in summary(stats, tmp_path / "a corpus", 0)
    assert "Recovered" not in text
    asked = {**stats, "gleaner/recover/requests/wayback": 7, "gleaner/recover/articles/wayback": 5}
    assert "Recovered: 5 from wayback, 0 pictures" in summary(asked, tmp_path, 0)
    waiting = {**stats, "gleaner/targets/failed": 2}
    limited = {**waiting, "gleaner/recover/rate_limited": 2}
    assert "2 targets wait, as a web archive asked for fewer requests" in summary(limited, tmp_path, 18)
    assert "2 targets wait, as the site asked for" in summary({**waiting, "gleaner/left_alone": 2}, tmp_path, 18)
    assert "2 targets gave no answer" in summary({**stats, "gleaner/targets/failed": 2}, tmp_path, 9)


def test_docs_list_every_exit_code():
    table = (Path(__file__).parents[2] / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in table.splitlines() if re.match(r"\| \d", line)]
    assert {int(code) for row in rows for code in row.split(",")} == set(MEANINGS)


def test_every_error_has_a_documented_exit_code():
    assert {error.exit_code for error in vars(exceptions).values() if hasattr(error, "exit_code")} <= set(MEANINGS)
