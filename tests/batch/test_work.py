"""What a pool makes of inputs: in their order, tried again, and no fault ends the work but those that should."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import crawler
from crawler.batch.pool import open_pool
from crawler.batch.work import run
from crawler.exceptions import ClusterGone, ConfigError, CorpusDamaged, DiskFull
from tests.batch import jobs
from tests.batch.cluster import DaskCluster

POOLS = ("processes:0", "processes:1", "processes:3")


def outcomes(pool, job, inputs, **options):
    with open_pool(pool) as opened:
        return list(run(opened, job, inputs, **options))


@pytest.mark.parametrize("pool", POOLS)
def test_values_come_in_the_order_of_the_inputs(pool):
    found = outcomes(pool, jobs.double, range(40))
    assert [(one.input, one.value, one.failed) for one in found] == [(number, 2 * number, None) for number in range(40)]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(
    ("trouble", "reason"), [("fault", "KeyError: 3 (jobs.py"), ("unpicklable", "UnpicklableError:"), ("part", "cut")]
)
def test_input_that_fails_each_time_is_named_and_the_others_are_done(pool, trouble, reason):
    found = outcomes(pool, partial(jobs.double_unless, {3: trouble}), range(6))
    assert [one.value for one in found if one.input != 3] == [0, 2, 4, 8, 10]
    assert found[3].failed.startswith(reason)
    assert (found[3].value, found[3].is_killed) == (6 if trouble == "part" else None, False)


def test_killed_worker_loses_its_own_input_only():
    found = outcomes("processes:2", partial(jobs.double_unless, {2: "kill"}), range(8), retries=1)
    assert [one.input for one in found if one.failed] == [2]
    assert (found[2].value, found[2].is_killed) == (None, True)
    assert "killed" in found[2].failed


def test_input_is_tried_again_after_a_kill(tmp_path):
    found = outcomes("processes:2", partial(jobs.double_after_a_kill, tmp_path), range(5), retries=1)
    assert [one.value for one in found] == [0, 2, 4, 6, 8]


def test_input_that_can_be_read_once_is_not_tried_again(tmp_path):
    job = partial(jobs.double_after_a_kill, tmp_path)
    found = outcomes("processes:2", job, range(3), retries=5, may_retry=lambda number: number != 1)
    assert [one.value for one in found] == [0, None, 4]


def test_job_that_takes_too_long_ends_with_its_worker():
    found = outcomes("processes:2", partial(jobs.double_unless, {1: "hang"}), range(4), retries=0, seconds=0.5)
    assert [(one.value, one.is_killed) for one in found] == [(0, False), (None, True), (4, False), (6, False)]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("trouble", "error"), [("ours", CorpusDamaged), ("full", DiskFull)])
def test_errors_that_no_retry_mends_end_the_work(pool, trouble, error):
    with pytest.raises(error):
        outcomes(pool, partial(jobs.double_unless, {1: trouble}), range(4))


def test_no_more_inputs_are_taken_than_may_be_ahead():
    taken, most = 0, 0

    def inputs():
        nonlocal taken
        for number in range(30):
            taken += 1
            yield number

    with open_pool("processes:2") as pool:
        for place, _ in enumerate(run(pool, jobs.double, inputs(), ahead=4)):
            most = max(most, taken - place)
    assert most <= 5


@pytest.mark.parametrize("pool", POOLS)
def test_progress_reaches_the_weight_of_all_inputs(pool):
    shown = []
    found = outcomes(pool, jobs.double, range(1, 10), weigh=lambda number: number, on_progress=shown.append)
    assert len(found) == 9
    assert all(0 <= done <= 2 * sum(range(10)) for done in shown)


@pytest.mark.parametrize("text", ["", "processes", "processes:x", "processes:-1", "dask:", "ray:local", "dask-file:"])
def test_pool_of_another_kind_is_refused(text):
    with pytest.raises(ConfigError, match="give processes:N, dask:ADDRESS"), open_pool(text):
        pass


def test_scheduler_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"), open_pool(f"dask-file:{tmp_path / 'none'}"):
        pass


def test_worker_with_other_code_is_refused(monkeypatch):
    monkeypatch.setattr("crawler.batch.work.code_hash", lambda: "of the command")
    with open_pool("processes:1") as pool:
        pool.is_remote = True  # as if it were of another machine
        with pytest.raises(ConfigError, match="runs other code of Gleaner"):
            list(run(pool, jobs.double, range(2)))


def test_cluster_gives_what_processes_give(cluster):
    troubles = {3: "fault", 5: "unpicklable", 7: "part"}
    job = partial(jobs.double_unless, troubles)
    assert outcomes(cluster.option, job, range(20)) == outcomes("processes:2", job, range(20))


def test_job_on_a_cluster_runs_where_the_command_was_given(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [one.value for one in outcomes(cluster.option, jobs.where, [1])] == [str(tmp_path)]


def test_worker_of_a_cluster_that_is_killed_is_made_up_for(cluster, tmp_path):
    found = outcomes(cluster.option, partial(jobs.double_after_a_kill, tmp_path), range(6), retries=0)
    assert [one.value for one in found] == [0, 2, 4, 6, 8, 10]


def test_cluster_whose_scheduler_is_killed_is_gone(tmp_path):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    found = DaskCluster(tmp_path, workers=1)
    try:
        with open_pool(found.option) as pool, pytest.raises(ClusterGone, match="the same command resumes"):
            for _ in run(pool, jobs.double, range(10_000)):
                if found.scheduler.poll() is None:
                    found.kill_scheduler()
    finally:
        found.stop()


def test_only_the_pool_knows_the_engine():
    """Another engine could take its place: no other module imports it."""
    package = Path(crawler.__file__).parent
    naming = [path.name for path in package.rglob("*.py") if 'import_module("distributed")' in path.read_text("utf-8")]
    assert naming == ["pool.py"]
