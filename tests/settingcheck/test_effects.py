"""What has no effect is said, for each component of Scrapy that Gleaner switches off; the judge is Scrapy's source."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from crawler import settings as project_settings
from crawler.settingcheck import without_effect
from crawler.settingcheck.effects import _READERS as READERS
from tests.crawling import REPOSITORY

OFF = sorted(
    path
    for components in (
        project_settings.DOWNLOADER_MIDDLEWARES,
        project_settings.SPIDER_MIDDLEWARES,
        project_settings.EXTENSIONS,
    )
    for path, order in components.items()
    if order is None
)
OURS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (REPOSITORY / "crawler").rglob("*.py")
    if path.parent.name != "settingcheck"
)
NAMES = {name for name in vars(default_settings) if name.isupper()}


SCRAPY = Path(find_spec("scrapy").origin).parent
SOURCES = {path.relative_to(SCRAPY).as_posix(): path.read_text(encoding="utf-8") for path in SCRAPY.rglob("*.py")}
ELSEWHERE = ("settings/", "templates/", "commands/", "utils/conf", "utils/test")
"""Sources that name settings without acting on them."""
MAY_BE_OFF = (
    "downloadermiddlewares/",
    "spidermiddlewares/depth",
    "extensions/",
    "core/scheduler",
    "core/downloader/handlers/",
)
MAY_BE_OFF += ("core/_http2/", "pipelines/", "utils/job", "dupefilters", "squeues", "pqueues")


def mentioning(name):
    return {path for path, source in SOURCES.items() if f'"{name}"' in source and not path.startswith(ELSEWHERE)}


@pytest.mark.parametrize("path", OFF)
def test_each_setting_of_what_is_off_is_read_elsewhere_or_said_to_be_dead(path):
    file = path.removeprefix("scrapy.").rpartition(".")[0].replace(".", "/") + ".py"
    names = {found for found in re.findall(r"""["']([A-Z][A-Z0-9_]+)["']""", SOURCES[file]) if found in NAMES}
    dead = {found for found, _ in without_effect(names, ())}
    read = {name for name in names if f'"{name}"' in OURS or mentioning(name) - {file}}
    in_redirect = {name for name in names if name.startswith("REDIRECT_")}  # its module has two middlewares
    assert names <= dead | read | in_redirect


@pytest.mark.parametrize("path", [path for path in READERS if path.startswith("scrapy.")])
def test_component_that_reads_the_setting_exists(path):
    module, _, name = path.removeprefix("scrapy.").rpartition(".")
    assert f"class {name}" in SOURCES[module.replace(".", "/") + ".py"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_settings_without_effect_are_read_only_by_components_that_may_be_off(name):
    if dict(without_effect([name], ())):
        assert all(path.startswith(MAY_BE_OFF) for path in mentioning(name)), mentioning(name)


def test_component_switched_on_again_gives_its_settings_effect():
    cookies = "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"
    assert dict(without_effect(["COOKIES_ENABLED", "DEPTH_LIMIT"], [cookies])).keys() == {"DEPTH_LIMIT"}
    assert dict(without_effect(["SCHEDULER", "DOWNLOAD_DELAY", "IMAGES_FETCH"], ())) == {}
