"""Settings that are numbers: a wrong one is reported before any request."""

import re
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler import settings as settings_module
from crawler.exceptions import ConfigError
from crawler.utils.conf import bytes_of, number, switch, whole

PACKAGE = Path(settings_module.__file__).parent
OURS = set(
    re.findall(
        r"^([A-Z_]+)",
        Path(settings_module.__file__).read_text(encoding="utf-8").partition("# -- Our own")[2],
        re.MULTILINE,
    )
)


@pytest.mark.parametrize(
    ("read", "value", "meant"),
    [
        (lambda given: number(given, "X", "any"), "1.5", 1.5),
        (lambda given: whole(given, "X"), "12", 12),
        (lambda given: whole(given, "X"), 0, 0),
        (lambda given: bytes_of(given, "X"), "0.5", 512 * 1024),
        (lambda given: switch(given, "X"), "True", True),
    ],
)
def test_valid_value_is_read(read, value, meant):
    assert read(Settings({"X": value})) == meant


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (lambda given: number(given, "X", "any"), ["soon", "", None, "-1", "nan", []]),
        (lambda given: number(given, "X", "any", maximum=1), ["1.1", "inf"]),
        (lambda given: whole(given, "X"), ["1.5", "-1", "1e9", "two", "nan", "inf"]),
        (lambda given: bytes_of(given, "X"), ["0", "-1", "256MB", "inf", "nan"]),
        (lambda given: switch(given, "X"), ["maybe"]),
    ],
)
def test_invalid_value_is_reported_with_its_name(read, values):
    for value in values:
        with pytest.raises(ConfigError, match=r"^X is .*: give "):
            read(Settings({"X": value}))


def test_no_setting_of_ours_is_read_without_a_check():
    reads = [
        (path.name, name)
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r'get(?:int|float|bool)\("(\w+)"\)', path.read_text(encoding="utf-8"))
    ]
    assert len(reads) > 3
    assert [one for one in reads if one[1] in OURS] == []
