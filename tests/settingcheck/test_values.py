"""The default of a setting says what its value must be: so every setting of Scrapy is covered, also those of later versions."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings, default_settings
from scrapy.statscollectors import MemoryStatsCollector

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
def test_setting_of_a_number_takes_numbers_only(name):
    assert said(name, "5") is None
    assert said(name, 5) is None
    for value in ("abc", "1G", "1h", "", "nan", "inf", "1,5", "-" + "9" * 400, [], float("inf")):
        assert "number" in said(name, value) or "PRIORITY" in name
    said(name, "9" * 400)  # raises nothing
    assert (said(name, "-1") is None) is ("PRIORITY" in name)


@pytest.mark.parametrize(
    "name", ["DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "CLOSESPIDER_TIMEOUT", "AUTOTHROTTLE_MAX_DELAY"]
)
def test_settings_that_scrapy_reads_as_fractions_take_fractions(name):
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
def test_setting_of_a_dict_takes_dicts_only(name):
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
def test_log_level_needs_a_known_name(name):
    assert said(name, "INFO") is None
    assert said(name, 10) is None
    for value in ("LOUD", "info", "10", "", None):
        assert "DEBUG, INFO" in said(name, value)


@pytest.mark.parametrize(
    "name", [*(name for name in of_kind(str) if str(DEFAULTS[name]).startswith(("scrapy.", "twisted.")))]
)
def test_setting_of_a_class_needs_an_existing_class(name):
    assert said(name, DEFAULTS[name]) is None
    assert said(name, "crawler.scheduler.FrontierScheduler") is None
    for value in ("asyncio", "no.such.Module", "crawler.scheduler.NoSuchClass", "", "..", "crawler.settings.x y"):
        assert "class" in said(name, value) or "one of" in said(name, value)


@pytest.mark.parametrize("value", [1.5, -1, True, b"x", (1,), []])
def test_a_class_is_a_path_or_a_class(value):
    assert said("STATS_CLASS", value) == "the path of a class"
    assert said("STATS_CLASS", MemoryStatsCollector) is None


@pytest.mark.parametrize("value", ["abc", "OSError,", "crawler.nothing.X", [1], ["crawler.exceptions.Nope"]])
def test_a_list_of_classes_holds_paths_or_classes(value):
    assert "class" in said("RETRY_EXCEPTIONS", value)
    assert said("RETRY_EXCEPTIONS", ["crawler.exceptions.GleanerError", OSError]) is None


@pytest.mark.parametrize("name", ["DOWNLOAD_SLOTS", "FEEDS"])
def test_a_dict_of_dicts_holds_dicts(name):
    assert said(name, '{"a": {}}') is None
    assert said(name, '{"a": {}, "b": 1}') == "a dict of dicts: 'b' has none"


@pytest.mark.parametrize(
    ("slot", "needed"),
    [
        ({"concurrency": "x"}, "a whole number above 0 as concurrency of 'host', not 'x'"),
        ({"concurrency": 0}, "a whole number above 0 as concurrency of 'host', not 0"),
        ({"delay": None}, "a number of at least 0 as delay of 'host', not None"),
        ({"delay": "1"}, "a number as delay of 'host', not '1'"),
        ({"concurrency": 2, "delay": 0.5, "randomize_delay": False}, None),
    ],
)
def test_the_limits_of_a_slot_are_numbers(slot, needed):
    assert said("DOWNLOAD_SLOTS", {"host": slot}) == needed


def test_looking_at_a_class_does_not_load_its_module():
    """A module may start a reactor of its own before TWISTED_REACTOR is read."""
    assert "this" not in sys.modules
    assert said("STATS_CLASS", "this.s") is None
    assert "this" not in sys.modules


def test_component_settings_need_existing_classes():
    assert said("EXTENSIONS", {"crawler.extensions.progress.Progress": 5}) is None
    assert "no module crawler.extensions.progres" in said("EXTENSIONS", {"crawler.extensions.progres.Progress": 5})
    assert "no module a.b" in said("DOWNLOAD_HANDLERS", '{"https": "a.b.C", "ftp": null}')
    assert "no module nope" in said("FEED_EXPORTERS", {"x": "nope.X"})
    assert "path of a class" in said("DOWNLOAD_HANDLERS", {"http": 1})
    assert "path of a class" in said("EXTENSIONS", {"nope": 1})


@pytest.mark.parametrize("order", ["5", [], {}])
def test_the_place_of_a_component_is_a_number(order):
    path = "crawler.extensions.progress.Progress"
    assert said("EXTENSIONS", {path: order}) == f"a number as the place of {path!r}, not {order!r}"


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
    assert said("LOG_FILE", "9" * 400) == said("LOG_FILE", "a\0b") == "the path of a file"


@pytest.mark.parametrize(("name", "value"), [("LOG_ENCODING", "utf-9"), ("LOG_ENCODING", "base64"), ("LOG_FORMAT", "%(x"), ("LOG_FORMAT", "%(nope)s"), ("REFERRER_POLICY", "none"), ("DOWNLOADER_CLIENT_TLS_METHOD", "SSL"), ("SPIDER_MODULES", "no.such"), ("ASYNCIO_EVENT_LOOP", "nope.Loop")])  # fmt: skip
def test_invalid_text_of_a_setting_is_refused(name, value):
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
    assert isinstance(read(name), int | float)
