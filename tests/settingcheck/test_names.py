"""Misspelt names are found, and what a component or the module of settings itself uses is not taken for one."""

from __future__ import annotations

import re

import pytest

from crawler import settings as project_settings
from crawler.settingcheck import Unknown, is_ours, unknown
from tests.crawling import REPOSITORY

KNOWN = ["CORPUS_DIR", "IMAGES_FETCH", "DOWNLOAD_DELAY", "CONCURRENT_REQUESTS", "COOKIES_ENABLED"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Give a function that writes a module of the package ``gleaners_own`` with a source."""
    folder = tmp_path / "gleaners_own"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, source):
        (folder / f"{name}.py").write_text(source)
        return "gleaners_own"

    return write


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("IMAGES_FECTH", "IMAGES_FETCH"),
        ("download_delay", "DOWNLOAD_DELAY"),
        ("CONCURENT_REQUEST", "CONCURRENT_REQUESTS"),
        ("ZZZ", None),
    ],
)
def test_nearest_name_is_suggested(name, nearest):
    assert unknown([name, "CORPUS_DIR"], KNOWN, ["scrapy"]) == [Unknown(name, nearest)]


def test_a_name_that_a_component_reads_is_known(package):
    own = package("pipeline", "def from_crawler(crawler): return crawler.settings.getint('IMAGES_TINY', 3)")
    assert unknown(["IMAGES_TINY"], KNOWN, [own]) == []
    assert unknown(["IMAGES_TIMY"], KNOWN, [own])


def test_a_spider_that_sets_a_name_does_not_read_it(package):
    own = package("spider", "class S:\n    custom_settings = {'IMAGES_FECTH': 'none'}")
    assert unknown(["IMAGES_FECTH"], KNOWN, [own], [own])


def test_a_name_that_other_settings_use_is_known(package):
    package("settings", "CORPUS_ROOT = '/srv'\nCORPUS_DIR = CORPUS_ROOT + '/corpus'\nCORPUS_DRI = 5\n")
    found = unknown(["CORPUS_ROOT", "CORPUS_DRI"], KNOWN, (), ["gleaners_own.settings"])
    assert found == [Unknown("CORPUS_DRI", "CORPUS_DIR")]


@pytest.mark.parametrize("module", ["no_such_package", "sys", "", "..", "a.b.c"])
def test_a_package_without_sources_reads_nothing(module):
    assert unknown(["ABC"], (), [module], [module]) == [Unknown("ABC", None)]


def test_settings_that_scrapy_reads_without_a_default_are_known():
    assert unknown(["IMAGES_EXPIRES", "MEDIA_ALLOW_REDIRECTS", "META_COPY_WARN_SKIP_KEYS"], (), ["scrapy"]) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("IMAGES_FECTH", True), ("images_fetch", True), ("CORPUSDIR", False), ("IMAGE", False), ("MY_X", False)],
)
def test_names_that_begin_as_ours_do(name, expected):
    assert is_ours(name, KNOWN) is (expected and name.split("_")[0].upper() in {"IMAGES", "CORPUS"})


def test_all_settings_that_our_code_reads_are_defined():
    read = set()
    for path in (REPOSITORY / "crawler").rglob("*.py"):
        read |= set(re.findall(r"""settings(?:\.get\w*\(|\[)["']([A-Z_]+)["']""", path.read_text(encoding="utf-8")))
    assert "CORPUS_DIR" in read
    assert unknown(read, vars(project_settings).keys(), ["scrapy"]) == []
