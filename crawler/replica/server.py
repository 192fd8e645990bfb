"""Serves a replica on loopback: the only room that touches the network."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

import orjson
from aiohttp import web

from crawler.exceptions import ConfigError, GleanerError
from crawler.replica.faults import Faults
from crawler.replica.misbehaviour import FAULTS
from crawler.replica.routes import Reply, Routes
from crawler.replica.site import Site

_KINDS = ("article", "image", "robots", "other")
_BACKLOG_CONNECTIONS = 1024
_SHUTDOWN_SECONDS = 0.5


@dataclass(frozen=True)
class ServerOptions:
    """How a site is served. ``port`` 0 takes any free one; ``delay`` is in seconds; ``faults`` are shares by name."""

    host: str = "127.0.0.1"
    port: int = 8765
    delay: float = 0.0
    faults: dict[str, float] = field(default_factory=dict)


def loopback(host: str) -> str:
    """Return the address to bind for *host*; ConfigError unless it is on loopback."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        allowed = ipaddress.ip_address(address).is_loopback
    except ValueError:
        allowed = False
    if not allowed:
        raise ConfigError(f"replica: serves on loopback only (127.0.0.1, ::1 or localhost), not on {host!r}")
    return address


class ReplicaServer:
    """Answers requests for *site*. ``stats`` counts them by kind; those to ``/replica/`` are not counted."""

    routes: Routes

    def __init__(self, site: Site, options: ServerOptions) -> None:
        self.site = site
        self.faults = Faults(options.faults, site.number)
        self.delay = options.delay
        self.reset()

    def open(self, base: str) -> None:
        """Learn, before the first request, the URL that the site has."""
        self.routes = Routes(self.site, base)

    def reset(self) -> None:
        """Set all counts to zero and forget which URLs a flaky fault has seen."""
        self.stats: Counter[str] = Counter(dict.fromkeys(_KINDS, 0))
        self.statuses: Counter[str] = Counter()
        self.faulty: Counter[str] = Counter()
        self.faults.forget()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; the handler that aiohttp calls."""
        target = request.raw_path
        if target.startswith("/replica/"):
            return self._control(request)
        if request.method not in {"GET", "HEAD"}:
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        kind, reply = self.routes.reply(target, request.headers)
        self.stats[kind] += 1
        if kind in {"article", "image"}:
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.faults.shares and (name := self.faults.of(target)):
                self.faulty[name] += 1
                changed = await FAULTS[name](self.faults, request, reply)
                if changed is None:
                    return web.Response()  # goes nowhere: the connection is closed
                reply = changed
        self.statuses[str(int(reply.status))] += 1
        return _response(reply)

    def _control(self, request: web.BaseRequest) -> web.Response:
        """Answer ``/replica/stats`` (with ``?reset=1`` the counts, and then zero) and POST ``/replica/reset``."""
        if request.path == "/replica/reset" and request.method == "POST":
            self.reset()
            return web.Response(status=204)
        if request.path != "/replica/stats":
            return web.Response(status=404)
        counts = {
            **self.stats,
            "statuses": dict(self.statuses),
            "faults": dict(self.faulty),
            "cpu_seconds": time.process_time(),
        }
        if request.query.get("reset") == "1":
            self.reset()
        return web.Response(body=orjson.dumps(counts), content_type="application/json")


def _response(reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.media_type, **reply.headers} if reply.body else dict(reply.headers)
    return web.Response(status=reply.status, body=reply.body, headers=headers)


@contextlib.asynccontextmanager
async def serving(site: Site, options: ServerOptions) -> AsyncIterator[str]:
    """Serve *site* while the block runs, and give its base URL, such as ``http://127.0.0.1:8765``.

    ConfigError for a host that is not loopback, GleanerError when the port is taken.
    """
    host = loopback(options.host)
    base = f"http://[{host}]" if ":" in host else f"http://{host}"
    server = ReplicaServer(site, options)
    runner = web.ServerRunner(web.Server(server.handle, access_log=None), shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, options.port, backlog=_BACKLOG_CONNECTIONS).start()
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise GleanerError(f"replica: cannot listen on {host} port {options.port}: {why}") from error
        base += f":{runner.addresses[0][1]}"
        server.open(base)
        yield base
    finally:
        await runner.cleanup()


def run(site: Site, options: ServerOptions, ready: Callable[[str], None]) -> None:
    """Serve *site* until SIGINT or SIGTERM; *ready* is called once with the base URL. Raises as :func:`serving`."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve_until_signal(site, options, ready))


async def _serve_until_signal(site: Site, options: ServerOptions, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(site, options) as base:
        ready(base)
        await stop.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's, if it is installed (the extra ``fast``)."""
    try:
        return cast("Callable[[], asyncio.AbstractEventLoop]", import_module("uvloop").new_event_loop)
    except ImportError:
        return None
