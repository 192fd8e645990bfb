"""Doors that stay shut: nothing listens, nothing that others wrote is run, and Scrapy's own doors are off."""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

import pytest

from crawler import settings

REPOSITORY = Path(__file__).parents[1]
SOURCES = sorted((REPOSITORY / "crawler").rglob("*.py"))
# Who can write what these read can run code. (What multiprocessing hands from one of our processes to another is
# pickled too; nobody else can write to those pipes.)
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
CALLS = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_nothing_that_is_read_can_run(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & RUN_CODE
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in RUN_CODE
        elif isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in CALLS)
            for keyword in node.keywords:
                if keyword.arg in {"shell", "allow_pickle"}:
                    assert isinstance(keyword.value, ast.Constant)
                    assert keyword.value.value is False


def test_scrapys_own_doors_are_off():
    assert settings.TELNETCONSOLE_ENABLED is False
    assert settings.REMOTE_CONTROL_ENABLED is False
    assert {settings.DOWNLOAD_HANDLERS[scheme] for scheme in ("file", "data", "ftp", "s3")} == {None}
    assert not settings.COOKIES_ENABLED
    assert not settings.HTTPPROXY_ENABLED


def test_the_example_of_scrapyd_is_reached_from_this_machine_alone_and_with_a_password():
    example = configparser.ConfigParser()
    example.read(REPOSITORY / "examples" / "schedules" / "scrapyd.conf")
    assert example["scrapyd"]["bind_address"] == "127.0.0.1"
    assert example["scrapyd"]["password"]
