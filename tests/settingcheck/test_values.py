"""What a setting must be is told by its default: so every setting of Scrapy is covered, also those of later versions."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings, default_settings

from crawler import settings as project_settings
from crawler.settingcheck import wrong

DEFAULTS = {name: getattr(default_settings, name) for name in vars(default_settings) if name.isupper()}


def of_kind(*kinds):
    return sorted(name for name, value in DEFAULTS.items() if type(value) in kinds)


def said(name, value):
    return wrong(name, value, DEFAULTS[name])


@pytest.mark.parametrize("name", of_kind(bool))
def test_a_switch_is_on_or_off(name):
    for value in ("True", "false", "1", "0", True, 0):
        assert said(name, value) is None
    for value in ("nope", "yes", "on", "", None, [], "1.5"):
        assert said(name, value) == "True or False"


@pytest.mark.parametrize("name", sorted(set(of_kind(int, float)) - {"TELNETCONSOLE_ENABLED"}))
def test_a_number_is_one(name):
    assert said(name, "5") is None
    assert said(name, 5) is None
    for value in ("abc", "1G", "1h", "", "nan", "inf", "1,5", [], float("inf")):
        assert "number" in said(name, value)
    assert (said(name, "-1") is None) is ("PRIORITY" in name)


@pytest.mark.parametrize(
    "name", ["DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "CLOSESPIDER_TIMEOUT", "AUTOTHROTTLE_MAX_DELAY"]
)
def test_what_scrapy_reads_as_a_fraction_may_be_one(name):
    assert said(name, "0.5") is None
    assert Settings({name: "0.5"}).getfloat(name) == 0.5


@pytest.mark.parametrize(
    "name", ["CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "CONCURRENT_ITEMS", "DOWNLOAD_TIMEOUT"]
)
def test_nothing_at_a_time_and_no_time_make_no_crawl(name):
    assert "above 0" in said(name, "0")


def test_whole_numbers_are_whole():
    assert said("RETRY_TIMES", "2.5") == "a whole number of at least 0"
    assert said("RETRY_TIMES", 2.5)


@pytest.mark.parametrize("name", of_kind(dict))
def test_a_dict_is_one(name):
    assert said(name, "{}") is None
    assert said(name, {}) is None
    for value in ("x", "[1]", "", 5, "{"):
        assert "a dict" in said(name, value)


@pytest.mark.parametrize("name", ["RETRY_HTTP_CODES", "HTTPERROR_ALLOWED_CODES", "TELNETCONSOLE_PORT"])
def test_lists_of_numbers_hold_numbers(name):
    assert said(name, "500, 503") is None
    assert said(name, [500]) is None
    assert said(name, "500,many") == "whole numbers, not 'many'"
    assert said(name, 5) == "a list"


@pytest.mark.parametrize("name", ["LOG_LEVEL", "RETRY_GIVE_UP_LOG_LEVEL", "DEFAULT_DROPITEM_LOG_LEVEL"])
def test_levels(name):
    assert said(name, "INFO") is None
    assert said(name, 10) is None
    for value in ("LOUD", "info", "10", "", None):
        assert "DEBUG, INFO" in said(name, value)


@pytest.mark.parametrize(
    "name", [*(name for name in of_kind(str) if str(DEFAULTS[name]).startswith(("scrapy.", "twisted.")))]
)
def test_classes_are_there(name):
    assert said(name, DEFAULTS[name]) is None
    assert said(name, "crawler.scheduler.FrontierScheduler") is None
    for value in ("asyncio", "no.such.Module", "crawler.scheduler.NoSuchClass", "", "..", "crawler.settings.x y"):
        assert "class" in said(name, value) or "one of" in said(name, value)


def test_looking_at_a_class_does_not_load_its_module():
    """A module may start a reactor of its own before TWISTED_REACTOR is read."""
    assert "this" not in sys.modules
    assert said("STATS_CLASS", "this.s") is None
    assert "this" not in sys.modules


def test_components_are_there():
    assert said("EXTENSIONS", {"crawler.extensions.progress.Progress": 5}) is None
    assert "no module crawler.extensions.progres" in said("EXTENSIONS", {"crawler.extensions.progres.Progress": 5})
    assert "no module a.b" in said("DOWNLOAD_HANDLERS", '{"https": "a.b.C", "ftp": null}')
    assert "no module nope" in said("FEED_EXPORTERS", {"x": "nope.X"})


@pytest.mark.parametrize("value", ["", "  ", "\t", "a\nb", "a\x00b", "a\x7f", None])
def test_requests_say_who_asks(value):
    assert said("USER_AGENT", value) == "a name and a way to reach you, in one line"
    assert said("ROBOTSTXT_USER_AGENT", value) == (
        None if value is None else "a name and a way to reach you, in one line"
    )
    assert said("USER_AGENT", "a corpus (me@example.org)") is None


def test_the_log_can_be_written(tmp_path):
    assert said("LOG_FILE", str(tmp_path / "a.log")) is None
    assert said("LOG_FILE", None) is None
    assert "does not" in said("LOG_FILE", str(tmp_path / "nowhere/a.log"))
    assert said("LOG_FILE", str(tmp_path))
    assert said("LOG_FILE", "")


@pytest.mark.parametrize(("name", "value"), [("LOG_ENCODING", "utf-9"), ("LOG_FORMAT", "%(x"), ("REFERRER_POLICY", "none"), ("DOWNLOADER_CLIENT_TLS_METHOD", "SSL"), ("SPIDER_MODULES", "no.such"), ("ASYNCIO_EVENT_LOOP", "nope.Loop")])  # fmt: skip
def test_texts_of_a_kind(name, value):
    assert said(name, value)
    assert name == "ASYNCIO_EVENT_LOOP" or said(name, DEFAULTS[name]) is None


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_of_scrapy_and_ours_are_right(name):
    assert said(name, DEFAULTS[name]) is None
    assert said(name, getattr(project_settings, name, DEFAULTS[name])) is None


@given(
    st.sampled_from(sorted(DEFAULTS)),
    st.one_of(st.text(max_size=20), st.none(), st.integers(), st.floats(), st.lists(st.text(max_size=3), max_size=3)),
)
def test_no_value_is_an_error(name, value):
    assert isinstance(said(name, value), str | None)


@given(st.sampled_from(of_kind(int)), st.one_of(st.text("0123456789-.e _+", max_size=6), st.integers().map(str)))
def test_a_number_that_passes_is_one_that_scrapy_reads(name, value):
    if name == "TELNETCONSOLE_ENABLED" or said(name, value) is not None:
        return
    read = (
        Settings({name: value}).getfloat
        if name in {"DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "DNS_TIMEOUT"}
        else Settings({name: value}).getint
    )
    read(name)
