"""Doors that stay shut: nothing listens, nothing that others wrote is run, and Scrapy's own doors are off."""

from __future__ import annotations

import ast
import configparser
import importlib
import inspect
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

from crawler import settings

REPOSITORY = Path(__file__).parents[1]
SOURCES = sorted((REPOSITORY / "crawler").rglob("*.py"))
# Who can write what these read can run code. (What multiprocessing hands from one of our processes to another is
# pickled too; nobody else can write to those pipes. Batch work packs its jobs itself, for the same pipes or for a Dask
# cluster, which runs whatever it is sent: SECURITY.md and the guide say so.)
RUN_CODE = {
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "jsonpickle",
    "code",
    "pty",
    "yaml",
}
PACKS_JOBS = REPOSITORY / "crawler" / "batch" / "work.py"
CALLS = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_nothing_that_is_read_can_run(path):
    run_code = RUN_CODE - ({"pickle"} if path == PACKS_JOBS else set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & run_code
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in run_code
        elif isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in CALLS)
            for keyword in node.keywords:
                if keyword.arg in {"shell", "allow_pickle"}:
                    assert isinstance(keyword.value, ast.Constant)
                    assert keyword.value.value is False


def test_ports_that_scrapy_opens_are_off():
    assert settings.TELNETCONSOLE_ENABLED is False
    assert settings.REMOTE_CONTROL_ENABLED is False
    assert {settings.DOWNLOAD_HANDLERS[scheme] for scheme in ("file", "data", "ftp", "s3")} == {None}
    assert not settings.COOKIES_ENABLED
    assert not settings.HTTPPROXY_ENABLED


def test_no_component_of_scrapys_that_runs_unpickles_a_file():
    """Neither what a JOBDIR holds nor an HTTP cache is read, whatever settings a user gives."""
    project = Settings()
    project.setmodule(settings)
    names = ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")
    components = [path for name in names for path in build_component_list(project.getwithbase(name))]
    components += [project["SCHEDULER"], *project.getdict("ITEM_PIPELINES")]
    assert len(components) > 20
    for path in components:
        module = importlib.import_module(path.rpartition(".")[0])
        assert not any("pickle" in name for name in vars(module)), path
        assert "pickle" not in inspect.getsource(module), path


def test_the_example_of_scrapyd_is_reached_from_this_machine_alone_and_with_a_password():
    example = configparser.ConfigParser()
    example.read(REPOSITORY / "examples" / "schedules" / "scrapyd.conf")
    assert example["scrapyd"]["bind_address"] == "127.0.0.1"
    assert example["scrapyd"]["password"]
