"""Finds values of Scrapy's settings that Scrapy cannot use. The type of the default says what a value must be."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

_SWITCHES = frozenset({"TELNETCONSOLE_ENABLED"})
_FRACTIONS = frozenset({"DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "DNS_TIMEOUT"})
"""Settings that Scrapy does not read as the type of their default."""
_ABOVE_ZERO = frozenset(
    {
        "AUTOTHROTTLE_TARGET_CONCURRENCY",
        "CONCURRENT_ITEMS",
        "CONCURRENT_REQUESTS",
        "CONCURRENT_REQUESTS_PER_DOMAIN",
        "DNS_TIMEOUT",
        "DOWNLOAD_TIMEOUT",
        "HTTP2_MAX_FRAME_SIZE",
        "MAIL_PORT",
        "MEMUSAGE_CHECK_INTERVAL_SECONDS",
        "REACTOR_THREADPOOL_MAXSIZE",
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE",
    }
)
_MAY_BE_BELOW_ZERO = re.compile(r"_PRIORITY(_ADJUST)?$")
_MAY_BE_NONE = frozenset({"FEED_EXPORT_INDENT", "TWISTED_REACTOR"})
_LISTS_OF_NUMBERS = frozenset({"HTTPERROR_ALLOWED_CODES", "HTTPCACHE_IGNORE_HTTP_CODES"})
"""Settings whose default is an empty list."""
_CLASSES_IN_KEYS = frozenset({"ADDONS", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES", "SPIDER_MIDDLEWARES"})
_CLASSES_IN_VALUES = frozenset({"DOWNLOAD_HANDLERS", "FEED_EXPORTERS", "FEED_STORAGES"})
_DICTS_IN_VALUES = frozenset({"DOWNLOAD_SLOTS", "FEEDS"})
_SENTINEL = "SENTINEL"
"""Scrapy's value for its own class, where another one is deprecated."""
_OBJECT = re.compile(rf"(?:scrapy|twisted)(?:\.\w+)+|{_SENTINEL}")
_AGENTS = frozenset({"USER_AGENT", "ROBOTSTXT_USER_AGENT"})
_CHOICES = {
    "DOWNLOADER_CLIENT_TLS_METHOD": ("TLS", "TLSv1.0", "TLSv1.1", "TLSv1.2"),
    "REFERRER_POLICY": (
        "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
        "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url", "scrapy-default",
    ),
}  # fmt: skip


def wrong(name: str, value: Any, default: Any) -> str | None:
    """Return a description of valid values of the setting *name* if *value* is invalid, otherwise None.

    >>> wrong("RETRY_TIMES", "x", 2)
    'a whole number of at least 0'
    """
    if value is None and (default is None or isinstance(default, list) or name in _MAY_BE_NONE):
        return None
    if name in _AGENTS:
        return _wrong_agent(value)
    if name == "LOG_FILE":
        return _wrong_file(value)
    if isinstance(default, bool) or name in _SWITCHES:
        return None if _is_switch(value) else "True or False"
    if isinstance(default, int | float):
        return _wrong_number(name, value, whole=isinstance(default, int) and name not in _FRACTIONS)
    if isinstance(default, list | tuple):
        return _wrong_list(name, value, default)
    if isinstance(default, Mapping):
        return _wrong_mapping(name, value)
    if name == "ASYNCIO_EVENT_LOOP":
        return _wrong_object(value)
    return _wrong_text(name, value, default) if isinstance(default, str) else None


def _is_switch(value: Any) -> bool:
    try:
        int(value)
    except ValueError:
        return value in {"True", "true", "False", "false"}
    except (TypeError, OverflowError):
        return False
    return True


def _wrong_mapping(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        return "a dict (on the command line: a JSON object)"
    if name in _DICTS_IN_VALUES and (odd := [key for key, one in value.items() if not isinstance(one, Mapping)]):
        return f"a dict of dicts: {odd[0]!r} has none"
    if name == "DOWNLOAD_SLOTS":
        return _wrong_slots(value)
    if name in _CLASSES_IN_KEYS:
        for path, order in value.items():
            if not isinstance(order, int | float | None):
                return f"a number as the place of {path!r}, not {order!r}"
    classes = value.keys() if name in _CLASSES_IN_KEYS else value.values() if name in _CLASSES_IN_VALUES else ()
    return next((f"{given} ({one})" for one in classes if one is not None and (given := _wrong_object(one))), None)


def _wrong_slots(slots: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return what is wrong with a limit of a slot, which Scrapy does not convert: a string is no number there."""
    for host, slot in slots.items():
        for key, like in (("concurrency", "CONCURRENT_REQUESTS"), ("delay", "DOWNLOAD_DELAY")):
            value = slot.get(key, 1)
            needed = _wrong_number(like, value, whole=key == "concurrency")
            if needed or isinstance(value, str):
                return f"{needed or 'a number'} as {key} of {host!r}, not {value!r}"
    return None


def _wrong_number(name: str, value: Any, *, whole: bool) -> str | None:
    above = name in _ABOVE_ZERO
    signed = bool(_MAY_BE_BELOW_ZERO.search(name))
    try:
        found = int(value) if whole and isinstance(value, str) else float(value)
        fits = (
            isfinite(found)
            and (not whole or found == int(found))
            and (signed or found > 0 or (found == 0 and not above))
        )
    except (TypeError, ValueError, OverflowError):
        fits = False
    bound = "" if signed else " above 0" if above else " of at least 0"
    return None if fits else f"a {'whole ' if whole else ''}number{bound}"


def _wrong_list(name: str, value: Any, default: list[Any] | tuple[Any, ...]) -> str | None:
    items = value.split(",") if isinstance(value, str) else value
    try:
        items = list(items)
    except TypeError:
        return "a list"
    if (default and all(isinstance(one, int) for one in default)) or name in _LISTS_OF_NUMBERS:
        return next((f"whole numbers, {given}" for one in items if (given := _not_whole(one))), None)
    if name.endswith("_MODULES"):
        return next((f"modules: there is no {one!r}" for one in items if not _is_module(str(one).strip())), None)
    if default and all(isinstance(one, type) or _OBJECT.fullmatch(str(one)) for one in default):
        return next((problem for one in items if (problem := _wrong_object(one))), None)
    return None


def _not_whole(item: Any) -> str | None:
    try:
        int(item)
    except (TypeError, ValueError):
        return f"not {item!r}"
    return None


def _wrong_text(name: str, value: Any, default: str) -> str | None:
    if name.endswith("_LEVEL"):
        is_level = value in logging.getLevelNamesMapping() if isinstance(value, str) else isinstance(value, int)
        return None if is_level else "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
    if name in _CHOICES:
        is_one = (
            value in _CHOICES[name] or (not isinstance(value, str)) or ("." in value and _wrong_object(value) is None)
        )
        return None if is_one else f"one of {', '.join(_CHOICES[name])}"
    if name.endswith("_ENCODING"):
        return None if _is_encoding(value) else "the name of an encoding, such as utf-8"
    if name == "LOG_FORMAT":
        return _wrong_format(value)
    return _wrong_object(value) if _OBJECT.fullmatch(default) else None


def _is_encoding(value: Any) -> bool:
    try:
        "".encode(value)  # codecs.lookup() knows base64, too
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _wrong_format(value: Any) -> str | None:
    try:
        logging.Formatter(value).format(logging.LogRecord("", logging.INFO, "", 0, "", (), None))
    except (KeyError, TypeError, ValueError, AttributeError):
        return "a format of the module logging, such as %(levelname)s: %(message)s"
    return None


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _wrong_object(value: Any) -> str | None:
    """Return what is wrong with the path of a class. Its module is not imported, because it may start a reactor."""
    if not isinstance(value, str):
        return None if callable(value) else "the path of a class"
    if value == _SENTINEL:
        return None
    module, _, attribute = value.rpartition(".")
    if not module:
        return "the path of a class with its module"
    if not _is_module(module):
        return f"the path of a class: there is no module {module}"
    spec = find_spec(module)
    origin = Path((spec and spec.origin) or "")
    if origin.suffix == ".py" and not re.search(rf"\b{re.escape(attribute)}\b", origin.read_text("utf-8", "replace")):
        return f"the path of a class: {module} has no {attribute!r}"
    return None


def _wrong_agent(value: Any) -> str | None:
    text = str(value) if value is not None else ""
    return None if text.strip() and text.isprintable() else "a name and a way to reach you, in one line"


def _wrong_file(value: Any) -> str | None:
    path = Path(str(value))
    try:
        if not str(value) or "\0" in str(value) or path.is_dir():
            return "the path of a file"
        if not path.parent.is_dir():
            return f"a file in a folder that exists ({path.parent} does not)"
        return None if os.access(path if path.exists() else path.parent, os.W_OK) else "a file that may be written to"
    except OSError:  # a name that is too long
        return "the path of a file"
