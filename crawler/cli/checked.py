"""Checks the settings before a run: one line for each mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, default_settings

from crawler import settings as project_settings
from crawler.exceptions import ConfigError
from crawler.settingcheck import is_ours, unknown, without_effect, wrong
from crawler.text.terminal import safe

_COMPONENTS = (
    "ADDONS", "DOWNLOADER_MIDDLEWARES", "DOWNLOAD_HANDLERS", "EXTENSIONS", "FEED_EXPORTERS", "FEED_STORAGES",
    "ITEM_PIPELINES", "SPIDER_MIDDLEWARES",
)  # fmt: skip
_LAYERS = ("DOWNLOADER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES")
"""Settings with components of Gleaner, which archive and keep a crawl polite."""
_ORDERED = frozenset(_COMPONENTS) - {"DOWNLOAD_HANDLERS", "FEED_EXPORTERS", "FEED_STORAGES"}
"""Settings that name classes in their keys; the others do in their values."""
_SCRAPYS = {name: getattr(default_settings, name) for name in vars(default_settings) if name.isupper()}
_PROJECTS = {name: value for name, value in vars(project_settings).items() if name.isupper()}
_OURS = frozenset(name for name in _PROJECTS.keys() - _SCRAPYS.keys() if not name.startswith("SPIDERMON_"))
_BASELINE = {**_SCRAPYS, **_PROJECTS}
_FROM_ENVIRONMENT = frozenset({"CHECK", "PROJECT", "PYTHON_SHELL", "SETTINGS_MODULE"})
"""Settings that Scrapy takes from environment variables that begin with SCRAPY_."""


def check_command_line(given: Iterable[str]) -> None:
    """Raise ``ConfigError`` if ``-s NAME=VALUE`` gives no dict where one is needed; Scrapy would not name it."""
    for one in given:
        name, is_pair, value = one.partition("=")
        if is_pair and isinstance(default := _BASELINE.get(name), Mapping) and (needed := wrong(name, value, default)):
            raise ConfigError(f"{name} is {value!r}: give {needed}")


def check_values(settings: BaseSettings) -> None:
    """Raise ``ConfigError`` for a value that Scrapy cannot use."""
    for name in _changed_by_user(settings):
        value = _plain(settings[name])
        if name in _SCRAPYS and (needed := wrong(name, value, _SCRAPYS[name])):
            raise ConfigError(f"{name} is {value!r}: give {needed}")


def check_names(settings: BaseSettings, *, crawls: bool) -> None:
    """Warn on standard error about settings that nothing reads or, if it *crawls*, that have no effect.

    Raises ConfigError for an unknown name that begins like one of Gleaner's.
    """
    given, enabled = _changed_by_user(settings), _enabled(settings)
    users = {path.partition(".")[0] for path in (*enabled, *settings.getlist("SPIDER_MODULES"))} - {"crawler", "scrapy"}
    dead = dict(without_effect(given, enabled))
    known = _BASELINE.keys() | _FROM_ENVIRONMENT | dead.keys()
    for name, nearest in unknown(given, known, users | {"scrapy"}, users | _modules_of_settings()):
        text = f"there is no setting {name}" + (f": did you mean {nearest}?" if nearest else "")
        if is_ours(name, _OURS):
            raise ConfigError(text)
        _warn(text)
    asked = {name for name in dead if _asks(name, settings[name])} if crawls else ()
    for name, _ in unknown(asked, (), users):  # a setting that a component of the user's reads has an effect
        _warn(f"{name} has no effect: {dead[name]}")


def check_components(settings: BaseSettings) -> None:
    """Raise ``ConfigError`` if a dict of components leaves out one of Gleaner's, or for another reactor.

    ``-s`` and a settings module replace a dict as a whole: a user who adds a component that way would lose the archive
    or the check of robots.txt. A component that is switched off with None is not missing.
    """
    reactor = _SCRAPYS["TWISTED_REACTOR"]
    if settings["TWISTED_REACTOR"] not in {None, reactor}:
        raise ConfigError(f"TWISTED_REACTOR is {settings['TWISTED_REACTOR']!r}: Gleaner runs on {reactor} alone")
    for name in _LAYERS:
        given = {_path(key) for key in _plain(settings[name])}
        missing = [key for key in _PROJECTS[name] if key.startswith("crawler.") and key not in given]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise ConfigError(
                f"{name} leaves out {missing[0]}{more}: give the components of crawler/settings.py, too"
                f" (in a module of settings: {name} = {{**{name}, ...}}); None switches one off"
            )


def _changed_by_user(settings: BaseSettings) -> list[str]:
    """Return the settings that a user changed: by ``-s``, in a spider, or in a settings module."""
    return [
        name
        for name in settings
        if (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["project"]
        and not (name in _BASELINE and _plain(settings[name]) == _plain(_BASELINE[name]))
    ]


def _asks(name: str, value: Any) -> bool:
    """Return whether *value* changes the setting: a switch set to its default does not."""
    before = _BASELINE.get(name)
    return not (isinstance(before, bool) and str(value).lower() in ({"1", "true"} if before else {"0", "false"}))


def _plain(value: Any) -> Any:
    return value.copy_to_dict() if isinstance(value, BaseSettings) else value


def _enabled(settings: BaseSettings) -> set[str]:
    """Return the paths of the classes that the settings name, except those that are switched off."""
    found = set(_paths(settings))
    if str(settings["SPIDERMON_ENABLED"]).lower() in {"1", "true"}:
        found.add("spidermon.contrib.scrapy.extensions.Spidermon")
    return found


def _paths(settings: BaseSettings) -> Iterator[str]:
    for name in _COMPONENTS:
        together = {**_plain(settings.get(f"{name}_BASE") or {}), **_plain(settings[name] or {})}
        for key, value in together.items():
            if value is not None:
                yield _path(key if name in _ORDERED else value)
    for name, default in _SCRAPYS.items():
        if isinstance(default, str) and default.startswith("scrapy."):
            yield _path(settings[name])


def _path(named: Any) -> str:
    return (
        named if isinstance(named, str) else f"{getattr(named, '__module__', '')}.{getattr(named, '__qualname__', '')}"
    )


def _modules_of_settings() -> set[str]:
    return {os.environ.get("SCRAPY_SETTINGS_MODULE", "")} - {""}


def _warn(text: str) -> None:
    print(f"gleaner: warning: {safe(text)}", file=sys.stderr)  # noqa: T201 - before the log is set up
