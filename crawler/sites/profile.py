"""Site profiles: TOML files that say how ids and pictures become URLs, and where requests may go."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cssselect import HTMLTranslator, SelectorError

from crawler.exceptions import ProfileError
from crawler.inputs import read_input, shown
from crawler.net import Origin, url_origin, url_refusal
from crawler.sites.dates import id_time, picture_time
from crawler.sites.recovertable import (
    RECOVER_KEYS,
    RECOVER_NUMBERS,
    read_archives,
    read_base,
    read_names,
    read_number,
    read_steps,
)
from crawler.sites.recovery import Recovery
from crawler.sites.templates import article_url, is_template

MAX_PROFILE_BYTES = 16 << 20
_NAME_RE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_ID_RE = re.compile(r"[0-9]{1,20}", re.ASCII)
_PIC_RE = re.compile(r"/?(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,127}/){0,8}[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)
_PIC_EXTENSIONS = frozenset({"jpg", "jpeg", "png", "gif", "webp", "mp4"})
_KEYS = {
    "article": frozenset({"urls", "hosts", "id_pattern"}),
    "image": frozenset({"urls", "flat_urls"}),
    "recover": RECOVER_KEYS,
    "extract": frozenset({"title", "date", "body", "authors"}),
}
_TABLES = frozenset({"name", "language", "timezone", "article", "image", "recover", "extract", "known"})


@dataclass(frozen=True)
class SiteProfile:
    """What is known of a site. Build it with :func:`load_profile`.

    ``article_hosts`` are the bases (``https://host``) of articles that no template gives, as a date or a slug stands
    before their id. ``known`` are (id, date) points in rising order that date an id coarsely; ``selectors`` the CSS
    selectors of ``[extract]`` by field name; ``recovery`` where to look for what the site no longer serves.
    """

    name: str
    zone: ZoneInfo
    article_templates: tuple[str, ...]
    id_pattern: re.Pattern[str]
    language: str | None = None
    image_templates: tuple[str, ...] = ()
    flat_templates: tuple[str, ...] = ()
    recovery: Recovery = field(default_factory=Recovery)
    selectors: Mapping[str, str] = field(default_factory=dict)
    known: tuple[tuple[int, date], ...] = ()
    article_hosts: tuple[str, ...] = ()

    def key(self, article_id: str) -> str:
        """Return the corpus key of an article, ``<site>/<id>``."""
        return f"{self.name}/{article_id}"

    def article_urls(self, article_id: str) -> tuple[str, ...]:
        """Return the URLs to try for *article_id*, in order; none if it is not 1 to 20 ASCII digits."""
        if not _ID_RE.fullmatch(article_id):
            return ()
        return tuple(article_url(template, article_id) for template in self.article_templates)

    def sister_urls(self, article_id: str) -> tuple[str, ...]:
        """Return the URLs of *article_id* on the site's sister hosts, in order."""
        if not self.recovery.asks("sisters") or not _ID_RE.fullmatch(article_id):
            return ()
        return tuple(article_url(template, article_id) for template in self.recovery.article_templates)

    def image_urls(self, pic: str) -> tuple[str, ...]:
        """Return the URLs to try for the picture path *pic*, in order; none if the path is not a safe one.

        A pic keeps its leading slash, so a URL has the double slash that the real site's have.
        """
        return self._image_urls(pic, self.image_templates, self.flat_templates)

    def sister_image_urls(self, pic: str) -> tuple[str, ...]:
        """Return the URLs of the picture path *pic* on the site's sister hosts, in order."""
        if not self.recovery.asks("sisters"):
            return ()
        return self._image_urls(pic, self.recovery.image_templates, self.recovery.flat_templates)

    def _image_urls(self, pic: str, foldered: tuple[str, ...], flat: tuple[str, ...]) -> tuple[str, ...]:
        if not _PIC_RE.fullmatch(pic) or ".." in pic or pic.rpartition(".")[2].lower() not in _PIC_EXTENSIONS:
            return ()
        return tuple(template.format(pic=pic) for template in (foldered if "/" in pic else flat))

    def pic(self, url: str) -> str | None:
        """Return the picture path in *url*, None if it is not the URL of a picture of this site.

        >>> from crawler.sites import load_profile
        >>> load_profile("alalam").pic("https://media.alalam.ir/news/image/855x495/2016/02/26/a.jpg")
        '/2016/02/26/a.jpg'
        """
        for template in (*self.image_templates, *self.flat_templates):
            prefix, _, suffix = template.partition("{pic}")
            if not url.startswith(prefix) or not url.endswith(suffix):
                continue
            name = url[len(prefix) : len(url) - len(suffix)].lstrip("/")
            pic = f"/{name}" if "/" in name else name
            if self.image_urls(pic):
                return pic
        return None

    def article_id(self, url: str) -> str | None:
        """Return the article id in *url*, None if it is not the URL of an article of this site or its sisters."""
        if url_origin(url) not in self._article_origins:
            return None
        parts = urlsplit(url)
        match = self.id_pattern.search(parts.path + (f"?{parts.query}" if parts.query else ""))
        return match["id"] if match and _ID_RE.fullmatch(match["id"]) else None

    def allows(self, url: str) -> bool:
        """Return whether a request to *url* stays within the hosts and ports that this profile names.

        URLs that parsers read differently (control characters, backslashes, user info, non-ASCII) are refused.
        """
        return url_refusal(url, self.origins) is None

    @cached_property
    def origins(self) -> frozenset[Origin]:
        """The (host, port) pairs that requests may go to."""
        pictures = (*self.image_templates, *self.flat_templates)
        return _origins((*self.article_templates, *self.article_hosts, *pictures, *self.recovery.urls()))

    @property
    def article_bases(self) -> tuple[str, ...]:
        """A URL or template of each host that articles have, those of sister hosts last."""
        return (*self.article_templates, *self.article_hosts, *self.recovery.article_templates)

    @cached_property
    def _article_origins(self) -> frozenset[Origin]:
        return _origins(self.article_bases)

    def picture_time(self, pic: str | None) -> datetime | None:
        """Return when *pic* was uploaded, in the site's zone (:func:`~crawler.sites.dates.picture_time`)."""
        return picture_time(pic, self.zone)

    def id_time(self, article_id: str) -> datetime | None:
        """Return the probable day of *article_id* (:func:`~crawler.sites.dates.id_time`)."""
        return id_time(article_id, self.known, self.zone)


def _origins(urls: Iterable[str]) -> frozenset[Origin]:
    return frozenset(origin for url in urls if (origin := url_origin(url)))


def profile_names() -> list[str]:
    """Return the names of the profiles that ship with Gleaner."""
    return sorted(p.name.removesuffix(".toml") for p in files(__package__).iterdir() if p.name.endswith(".toml"))


def load_profile(name_or_path: str) -> SiteProfile:
    """Load a profile that ships with Gleaner by its name, or any ``.toml`` file by its path.

    Raises :class:`~crawler.exceptions.ProfileError`, which names the file and the key.
    """
    return parse_profile(profile_content(name_or_path), shown(name_or_path))


def profile_content(name_or_path: str) -> bytes:
    """Return the bytes of a profile that ships with Gleaner, by its name, or of a ``.toml`` file, by its path.

    Raises :class:`~crawler.exceptions.ProfileError`.
    """
    if name_or_path.endswith(".toml"):
        try:
            return read_input(name_or_path, MAX_PROFILE_BYTES)
        except OSError as error:
            raise ProfileError(shown(name_or_path), f"cannot be read ({error})") from error
    if name_or_path in profile_names():
        return files(__package__).joinpath(f"{name_or_path}.toml").read_bytes()
    known = ", ".join(profile_names())
    raise ProfileError(repr(name_or_path), f"unknown (known: {known}; or give the path of a .toml file)")


def parse_profile(content: bytes, source: str) -> SiteProfile:
    """Return the profile in *content*; raise :class:`~crawler.exceptions.ProfileError`, which names *source*."""
    return _TableReader(source, parse_table(content, source)).profile()


def parse_table(content: bytes, source: str) -> dict[str, Any]:
    """Return the table in the TOML *content*; raise :class:`~crawler.exceptions.ProfileError` if it is none."""
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise ProfileError(source, f"cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(source, f"is not TOML: {error}") from error


class _TableReader:
    """Checks a TOML table key by key, so that a mistake is named where it stands."""

    def __init__(self, source: str, table: dict[str, Any]) -> None:
        self.source = source
        self.table = table

    def profile(self) -> SiteProfile:
        if unknown := sorted(self.table.keys() - _TABLES):
            raise ProfileError(self.source, f"unknown key {unknown[0]!r} (known: {', '.join(sorted(_TABLES))})")
        for table, keys in _KEYS.items():
            self.check_keys(table, keys)
        name = self.text("name")
        if not name or not _NAME_RE.fullmatch(name):
            raise ProfileError(self.source, "'name' must be 1 to 64 of a-z, 0-9, - and _")
        return SiteProfile(
            name=name,
            language=self.text("language"),
            zone=self.zone(),
            article_templates=self.templates("article", "urls", "{id}", required=not self.value("article", "hosts")),
            article_hosts=self.hosts(),
            id_pattern=self.id_pattern(),
            image_templates=self.templates("image", "urls", "{pic}"),
            flat_templates=self.templates("image", "flat_urls", "{pic}"),
            recovery=self.recovery(),
            selectors=self.selectors(),
            known=self.known(),
        )

    def check_keys(self, name: str, known: frozenset[str]) -> None:
        table = self.value(name) or {}
        if not isinstance(table, dict):
            raise ProfileError(self.source, f"[{name}] must be a table")
        if unknown := sorted(table.keys() - known):
            raise ProfileError(self.source, f"[{name}] has no key {unknown[0]!r} (known: {', '.join(sorted(known))})")

    def value(self, *path: str) -> Any:
        value: Any = self.table
        for part in path:
            if not isinstance(value, dict):
                raise ProfileError(self.source, f"[{path[0]}] must be a table")
            value = value.get(part)
            if value is None:
                return None
        return value

    def text(self, *path: str) -> str | None:
        value = self.value(*path)
        if value is not None and not isinstance(value, str):
            raise ProfileError(self.source, f"'{'.'.join(path)}' must be a string")
        return value

    def zone(self) -> ZoneInfo:
        name = self.text("timezone")
        if name is None:
            raise ProfileError(self.source, "'timezone' is missing (such as \"Asia/Tehran\")")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ProfileError(self.source, f"'timezone' {name!r} is not a zone of the IANA database") from error

    def templates(self, table: str, key: str, field_name: str, *, required: bool = False) -> tuple[str, ...]:
        value = self.value(table, key)
        if value is None and not required:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(url, str) for url in value):
            raise ProfileError(self.source, f"'{table}.{key}' must be a list of URLs with {field_name}")
        for url in value:
            is_good = is_template(url) if field_name == "{id}" else url.count(field_name) == url.count("{") == 1
            if not is_good or url.count("}") != 1:
                raise ProfileError(self.source, f"'{table}.{key}': {url!r} must hold {field_name} once")
            if url_origin(url) is None or "{" in urlsplit(url).netloc:
                raise ProfileError(self.source, f"'{table}.{key}': {url!r} is not a plain http(s) URL")
        return tuple(value)

    def hosts(self) -> tuple[str, ...]:
        value = self.value("article", "hosts") or []
        if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
            raise ProfileError(self.source, "'article.hosts' must be a list such as [\"https://www.example.org\"]")
        for url in value:
            if url_origin(url) is None or url != f"{urlsplit(url).scheme}://{urlsplit(url).netloc}":
                raise ProfileError(self.source, f"'article.hosts': {url!r} is not like https://www.example.org")
        return tuple(value)

    def id_pattern(self) -> re.Pattern[str]:
        value = self.text("article", "id_pattern")
        try:
            pattern = re.compile(value or "", re.ASCII)
        except re.error as error:
            raise ProfileError(self.source, f"'article.id_pattern' is not a regular expression: {error}") from error
        if "id" not in pattern.groupindex:
            raise ProfileError(self.source, "'article.id_pattern' must hold a group (?P<id>...)")
        return pattern

    def recovery(self) -> Recovery:
        table = self.value("recover") or {}
        article_templates = self.templates("recover", "article_urls", "{id}")
        image_templates = self.templates("recover", "image_urls", "{pic}")
        flat_templates = self.templates("recover", "flat_image_urls", "{pic}")
        try:
            archives = read_archives(table)
            return Recovery(
                article_templates=article_templates,
                image_templates=image_templates,
                flat_templates=flat_templates,
                archives=archives,
                commoncrawl=read_base(table, "commoncrawl"),
                commoncrawl_data=read_base(table, "commoncrawl_data"),
                collections=read_names(table, "collections"),
                steps=read_steps(table, archives),
                **{name: read_number(table, name) for name in RECOVER_NUMBERS if name in table},
            )
        except ValueError as error:
            raise ProfileError(self.source, str(error)) from error

    def selectors(self) -> dict[str, str]:
        value = self.value("extract") or {}
        for name, css in value.items():
            if not isinstance(css, str):
                raise ProfileError(self.source, f"'extract.{name}' must be a CSS selector")
            try:
                HTMLTranslator().css_to_xpath(css)
            except SelectorError as error:
                raise ProfileError(self.source, f"'extract.{name}' {css!r} is not a CSS selector: {error}") from error
        return dict(value)

    def known(self) -> tuple[tuple[int, date], ...]:
        value = self.value("known") or []
        try:
            points = [(point["id"], point["date"]) for point in value]
        except (TypeError, KeyError) as error:
            raise ProfileError(self.source, "each [[known]] needs 'id' and 'date'") from error
        for article_id, day in points:
            if type(article_id) is not int or not isinstance(day, date) or isinstance(day, datetime):
                raise ProfileError(self.source, "[[known]]: 'id' must be a number and 'date' a date such as 2016-02-28")
        for low, high in itertools.pairwise(points):
            if low[0] >= high[0] or low[1] > high[1]:
                raise ProfileError(self.source, "[[known]] must be in rising order of id and date")
        return tuple(points)
