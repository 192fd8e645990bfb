"""What makes Datasette show a corpus: its plugin hooks, for one corpus."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from pluggy import HookimplMarker

from crawler.archive.pictures import PICTURE_PATH_RE
from crawler.corpus.browse.look import look_up
from crawler.corpus.report.page import shown, web_address
from crawler.corpus.search.query import expression, parse
from crawler.exceptions import ConfigError, CorpusError

hookimpl = HookimplMarker("datasette")
DATABASE, TABLE = "corpus", "articles"
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif"}
_NOTHING = '""'
"""An FTS5 expression that finds nothing."""
# Datasette's pages have their own scripts; a script from elsewhere could load nothing and send nothing.
_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_WITH_SCRIPTS = f"{_POLICY}; script-src 'self' 'unsafe-inline'"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Hooks:
    """The hooks for the corpus at *root*, whose pages are requested by the names *hosts* (``127.0.0.1:8001``)."""

    def __init__(self, root: Path, hosts: frozenset[str]) -> None:
        self._root = root
        self._hosts = hosts
        self.__name__ = "crawler.corpus.browse"  # Datasette takes every plugin for a module
        loader = PackageLoader(__package__, "")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters |= {"shown": shown, "web": web_address}
        self._templates.globals["record_path"] = record_path

    @hookimpl(trylast=True)  # after Datasette's own escape_fts, which this takes the place of
    def prepare_connection(self, conn: sqlite3.Connection, database: str) -> None:
        """Register our folding of words with SQLite, and forbid writing."""
        conn.create_function("escape_fts", 1, search_expression)
        if database != "_internal":  # Datasette's own notes, in memory
            conn.execute("PRAGMA query_only = 1")

    @hookimpl
    def render_cell(self, row: Any, value: Any, column: str, table: str | None, database: str) -> Markup | None:
        """Show pictures as pictures, and titles and keys as links to the page of the record."""
        if (database, table) != (DATABASE, TABLE):
            return None
        if column == "picture":
            path = picture_path(value)
            if path is None:
                return Markup("&nbsp;")
            return Markup('<a href="{}"><img src="{}" alt="" loading="lazy" width="120"></a>').format(
                record_path(row["key"]), path
            )
        if column in {"title", "key"}:
            text = shown(value) if value else "(no title)"
            return Markup('<a href="{}"><bdi>{}</bdi></a>').format(record_path(row["key"]), text)
        if column == "published":
            return escape(shown(value)[:10]) if value else Markup("&nbsp;")
        return None

    @hookimpl
    def extra_css_urls(self) -> list[str]:
        """Add our style to Datasette's pages."""
        return ["/-/gleaner/browse.css"]

    @hookimpl
    def register_routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Add the pages of records, their JSON lines, pictures and style."""
        return [
            (r"/$", _home),
            (r"/-/record$", self.record),
            (r"/-/record\.json$", self.line),
            (r"/-/picture/(?P<path>.*)$", self.picture),
            (r"/-/gleaner/(?P<name>page|browse)\.css$", _style),
        ]

    async def record(self, request: Request, datasette: Datasette) -> Response:
        """Show the record whose key is in the query."""
        key = request.args.get("key") or ""
        try:
            looked = await asyncio.to_thread(look_up, self._root, key)
        except CorpusError as error:
            return Response.text(shown(error), status=500)
        template = self._templates.get_template("record.html")
        articles = datasette.urls.table(DATABASE, TABLE)
        page = template.render(looked=looked, facts=looked.facts if looked else {}, key=key, articles=articles)
        return Response.html(page, status=200 if looked else 404)

    async def line(self, request: Request) -> Response:
        """Return the JSON line of the requested record, byte for byte."""
        try:
            looked = await asyncio.to_thread(look_up, self._root, request.args.get("key") or "")
        except CorpusError as error:
            return Response.text(shown(error), status=500)
        if looked is None:
            return Response.text("nothing is archived under this key", status=404)
        return Response(looked.line, content_type="application/json; charset=utf-8")

    async def picture(self, request: Request) -> Response:
        """Return a picture of the corpus, and no other file of it."""
        path = request.url_vars["path"]
        file = self._root / path
        if not PICTURE_PATH_RE.fullmatch(path) or file.is_symlink() or not file.is_file():
            return Response.text("no such picture", status=404)
        content = await asyncio.to_thread(file.read_bytes)
        return Response(content, content_type=_TYPES[file.suffix[1:]])

    @hookimpl
    def asgi_wrapper(self) -> Callable[[App], App]:
        """Answer only those who ask this very host for reading, and say what pages may do."""

        def wrap(app: App) -> App:
            async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] != "http":
                    await app(scope, receive, send)
                    return
                refusal = self._refusal(scope)
                if refusal:
                    await _refuse(send, *refusal)
                    return

                async def with_headers(message: dict[str, Any]) -> None:
                    if message["type"] == "http.response.start":
                        is_our_page = scope["path"].startswith(("/-/record", "/-/picture"))
                        policy = _POLICY if is_our_page else _WITH_SCRIPTS
                        headers = [*message["headers"], *_HEADERS, (b"content-security-policy", policy.encode())]
                        message = {**message, "headers": headers}
                    await send(message)

                await app(scope, receive, with_headers)

            return guarded

        return wrap

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return why a request is not answered; None if it is.

        A page of the web whose name was made to point here (DNS rebinding) asks by that name.
        """
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if host not in self._hosts:
            return 403, "this corpus is shown to this machine only"
        return None if scope["method"] in {"GET", "HEAD"} else (405, "this corpus is only read here")


def search_expression(question: object) -> str:
    """Return *question* as an FTS5 expression: as ``scrapy corpus search`` reads it; without words it finds nothing."""
    try:
        return expression(parse(str(question)))
    except ConfigError:
        return _NOTHING


def record_path(key: object) -> str:
    """Return the path of the page of *key*."""
    return f"/-/record?key={quote(str(key), safe='/')}"


def picture_path(path: object) -> str | None:
    """Return the path under which the picture at *path* of the corpus is shown, None if it is none."""
    return f"/-/picture/{path}" if isinstance(path, str) and PICTURE_PATH_RE.fullmatch(path) else None


async def _home(datasette: Datasette) -> Response:
    return Response.redirect(datasette.urls.table(DATABASE, TABLE))


async def _style(request: Request) -> Response:
    name = request.url_vars["name"]
    folder = files("crawler.corpus.report" if name == "page" else __package__)
    return Response(folder.joinpath(f"{name}.css").read_text(encoding="utf-8"), content_type="text/css; charset=utf-8")


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
