"""Serves a corpus to the browsers of this machine until it is interrupted."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm

from crawler.archive.repair import CATALOGUE_NAME
from crawler.corpus.browse.hooks import DATABASE, TABLE, Hooks
from crawler.corpus.search.index import CaughtUp, open_index
from crawler.exceptions import ConfigError

_HOST = "127.0.0.1"
_HIDDEN = ("segments", "documents", "originals", "words")
_METADATA = {
    "title": "Gleaner",
    "databases": {
        DATABASE: {
            "description": "The latest version of each record in articles/, found by its words",
            "tables": {
                TABLE: {
                    "facets": ["year", "language", "source", "kind"],
                    "sort_desc": "published",
                    "size": 30,
                    "fts_table": "words",
                    "fts_pk": "id",
                },
                **{name: {"hidden": True} for name in _HIDDEN},
            },
        },
        "catalogue": {"description": "The index of all lines and the frontier, for questions in SQL"},
    },
}
_SETTINGS = {
    "allow_download": False,
    "suggest_facets": False,
    "facet_time_limit_ms": 3000,
    "sql_time_limit_ms": 5000,
    "default_cache_ttl": 0,
}


def serve(
    root: Path, port: int, *, on_bytes: Callable[[int, int], None], on_ready: Callable[[str, CaughtUp], None]
) -> None:
    """Serve the corpus at *root* on *port* (0: any) of loopback; *on_ready* receives URL and state of the index.

    *on_bytes* receives the progress of the search index. Raises ``CorpusError`` if there is no corpus,
    ``ConfigError`` if the port is unavailable.
    """
    with open_index(root, on_bytes) as index, closing(_listen(port)) as listening:
        port = listening.getsockname()[1]
        hooks = Hooks(root, frozenset({f"{name}:{port}" for name in (_HOST, "localhost")}))
        pm.register(hooks)
        try:
            with suppress(KeyboardInterrupt):  # how it is meant to end
                url = f"http://{_HOST}:{port}/"
                asyncio.run(_serve(root, index.path, listening, lambda: on_ready(url, index.caught_up)))
        finally:
            pm.unregister(hooks)


async def _serve(root: Path, index: Path, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    datasette = Datasette([], metadata=_METADATA, settings=_SETTINGS)
    for name, path in (("catalogue", root / CATALOGUE_NAME), (DATABASE, index)):
        is_mutable = os.access(path.parent, os.W_OK)  # what is read beside who writes wants a file of its own there
        datasette.add_database(Database(datasette, path=str(path), is_mutable=is_mutable), name=name)
    await datasette.invoke_startup()
    config = uvicorn.Config(datasette.app(), log_level="warning", lifespan="on", access_log=False)
    on_ready()
    await uvicorn.Server(config).serve(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigError(f"--port {port}: is unavailable ({error.strerror}); --port 0 takes any free port") from error
    return listening
