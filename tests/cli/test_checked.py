"""Settings are looked at before a run does anything: by ``scrapy crawl``, and by our commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from scrapy.settings import Settings

from crawler.cli.checked import check_command_line, check_components, check_names, check_values
from crawler.exceptions import ConfigError
from tests.crawling import REPOSITORY, scrapy, setting_arguments
from tests.waiting import HANG_SECONDS


def made(priority="cmdline", **given):
    """Return the settings of the project, with those *given*."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict(given, priority=priority)
    return settings


def warnings(capsys, settings, *, crawls=True):
    check_values(settings)
    check_names(settings, crawls=crawls)
    return capsys.readouterr().err.splitlines()


def test_the_projects_own_settings_are_right(capsys):
    assert warnings(capsys, made()) == []


@pytest.mark.parametrize("priority", ["project", "spider", "cmdline"])
def test_a_misspelt_name_is_said_once_wherever_it_stands(capsys, priority):
    found = warnings(capsys, made(priority, CONCURENT_REQUESTS=3))
    assert found == ["gleaner: warning: there is no setting CONCURENT_REQUESTS: did you mean CONCURRENT_REQUESTS?"]


@pytest.mark.parametrize(
    "name",
    [
        "IMAGES_FECTH",
        "CORPUS_DRI",
        "images_fetch",
        "ARCHIVE_WRAC",
        "ROBOTSTXT_OBAY",
        "PATIENCE_",
        "FRONTIER_URI",
        "SOURCE_X",
    ],
)
def test_a_misspelt_name_of_ours_ends_the_run(name):
    with pytest.raises(ConfigError, match=f"^there is no setting {name}"):
        check_names(made(**{name: "1"}), crawls=False)


def test_no_control_of_a_terminal_is_printed(capsys):
    (found,) = warnings(capsys, made(**{"X\x1b[2J": "1"}))
    assert "\x1b" not in found


def test_setting_without_effect_is_reported_with_its_reason(capsys):
    (found,) = warnings(capsys, made(COOKIES_ENABLED="True"))
    reason = "cookies are kept only along the redirects of one request"
    assert found == f"gleaner: warning: COOKIES_ENABLED has no effect: {reason}"
    assert warnings(capsys, made(COOKIES_ENABLED="True"), crawls=False) == []


@pytest.mark.parametrize(
    "given",
    [
        {"COOKIES_ENABLED": "0"},
        {"HTTPCACHE_ENABLED": "False"},
        {"COMPRESSION_ENABLED": "True"},
        {"SPIDERMON_ENABLED": "0"},
    ],
)
def test_switch_set_to_its_default_causes_no_warning(capsys, given):
    assert warnings(capsys, made(**given)) == []


def test_a_switch_that_cannot_be_turned_off_says_so(capsys):
    (found,) = warnings(capsys, made(COMPRESSION_ENABLED="0"))
    assert "COMPRESSION_ENABLED has no effect" in found


def test_a_middleware_that_is_switched_on_again_reads_its_settings(capsys):
    on = {
        "DOWNLOADER_MIDDLEWARES": {"scrapy.downloadermiddlewares.cookies.CookiesMiddleware": 700},
        "COOKIES_DEBUG": "1",
    }
    assert warnings(capsys, made(**on)) == []


def test_settings_of_spidermon_need_spidermon(capsys):
    pytest.importorskip("spidermon", reason="the extra 'monitors' is not installed")
    (off,) = warnings(capsys, made(SPIDERMON_MIN_ITEMS="5"))
    assert off == "gleaner: warning: SPIDERMON_MIN_ITEMS has no effect: SPIDERMON_ENABLED is off"
    assert warnings(capsys, made(SPIDERMON_MIN_ITEMS="5", SPIDERMON_ENABLED="1")) == []
    (misspelt,) = warnings(capsys, made(SPIDERMON_MINN_ITEMS="5", SPIDERMON_ENABLED="1"))
    assert "there is no setting SPIDERMON_MINN_ITEMS" in misspelt


def test_settings_of_components_of_ones_own_are_known(capsys, tmp_path, monkeypatch):
    (tmp_path / "own_component.py").write_text(
        "class Own:\n    def __init__(self, s): s['IMAGES_TINY'], s['DEPTH_LIMIT']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    given = {"IMAGES_TINY": "1", "DEPTH_LIMIT": 5}
    assert warnings(capsys, made(**given, EXTENSIONS={"own_component.Own": 7})) == []
    with pytest.raises(ConfigError, match="IMAGES_TINY"):
        check_names(made(**given), crawls=True)


@pytest.mark.parametrize("name", ["DOWNLOADER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES"])
def test_components_of_ones_own_come_beside_ours_not_in_their_place(name):
    ours = made().getdict(name)
    path = next(key for key in ours if key.startswith("crawler."))
    for right in (ours, {**ours, "own_component.Own": 7}, {**ours, path: None}):
        check_components(made(**{name: right}))
    for wrong in ({"own_component.Own": 7}, {key: order for key, order in ours.items() if key != path}):
        with pytest.raises(ConfigError, match=f"{name} leaves out {path}"):
            check_components(made(**{name: wrong}))


def test_crawls_run_on_the_reactor_of_asyncio():
    check_components(made(TWISTED_REACTOR=None))
    with pytest.raises(ConfigError, match="Gleaner runs on twisted"):
        check_components(made(TWISTED_REACTOR="twisted.internet.selectreactor.SelectReactor"))


@pytest.mark.parametrize("given", ["EXTENSIONS=x", "DOWNLOAD_SLOTS=[1]", "FEEDS=", 'EXTENSIONS={"a.b.C": 1}'])
def test_text_for_a_dict_names_the_setting(given):
    with pytest.raises(ConfigError, match=given.partition("=")[0]):
        check_command_line([given])


def test_other_arguments_are_left_to_scrapy():
    check_command_line(["FEEDS={}", "EXTENSIONS", "=", "", "CORPUS_DIR=x=y"])


def users_project(folder, settings, spider=""):
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = mine.settings\n")
    (folder / "mine").mkdir()
    (folder / "mine/__init__.py").touch()
    (folder / "mine/settings.py").write_text(f"from crawler.settings import *\n{settings}\n")
    (folder / "mine/spiders.py").write_text(f"import scrapy\n{spider}\n")
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def in_project(folder, environment, *arguments):
    command = [sys.executable, "-W", "ignore", "-m", "scrapy", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=HANG_SECONDS
    )


def test_a_module_of_settings_and_a_spider_are_looked_at_too(tmp_path):
    spider = "class One(scrapy.Spider):\n    name = 'one'\n    custom_settings = {'DOWNLOAD_DELAY': 'soon'}"
    settings = "ROOT = '/srv'\nCORPUS_ROOT = ROOT\nCORPUS_DIR = CORPUS_ROOT + '/c'\nRETRY_TIME = 3\nSPIDER_MODULES = ['mine.spiders']"
    environment = users_project(tmp_path, settings, spider)
    done = in_project(tmp_path, environment, "crawl", "one")
    assert (done.returncode, done.stderr) == (4, "gleaner: DOWNLOAD_DELAY is 'soon': give a number of at least 0\n")
    done = in_project(tmp_path, environment, "seeds", "inspect", str(REPOSITORY / "examples/seeds"))
    assert (done.returncode, done.stderr) == (
        0,
        "gleaner: warning: there is no setting RETRY_TIME: did you mean RETRY_TIMES?\n",
    )


def test_a_command_ends_with_one_line():
    done = scrapy("seeds", "inspect", "examples/seeds", *setting_arguments("CORPUS_DRI=x"))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "gleaner: there is no setting CORPUS_DRI: did you mean CORPUS_DIR?\n"
    done = scrapy("seeds", "inspect", "examples/seeds", "--json", *setting_arguments("MY_OWN=x"))
    assert (done.returncode, done.stderr) == (0, "gleaner: warning: there is no setting MY_OWN\n")
    assert json.loads(done.stdout.splitlines()[0])


def test_an_unknown_spider_is_a_mistake_of_usage():
    done = scrapy("crawl", "neighbors")
    assert done.returncode == 2
    assert "there is no spider 'neighbors'" in done.stderr
