"""A real browser for tests: headless Chromium, spoken to over a pipe (no port) in the Chrome DevTools Protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from tests.waiting import HANG_SECONDS

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # root may not use it, and what is opened is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """Return the path of a Chromium, None if this machine has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A running Chromium with a profile of its own in *folder*."""

    def __init__(self, program: str, folder: Path) -> None:
        # High numbers, so that 3 and 4, which the browser reads and writes, are free to be set.
        to_read, self._write = _pipe()
        self._read, to_write = _pipe()
        nowhere = os.open(os.devnull, os.O_RDWR)
        actions = [(nowhere, 1), (nowhere, 2), (to_read, 3), (to_write, 4)]  # in this order: nowhere may be 3 or 4
        self._process = os.posix_spawn(
            program,
            [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, ours, theirs) for ours, theirs in actions],
        )
        for descriptor in (to_read, to_write, nowhere):
            os.close(descriptor)
        self._number = 0
        self._buffer = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come meanwhile are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(HANG_SECONDS)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has gone"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, url: str, *, width: int = 1100, height: int = 800, dark: bool = False) -> Page:
        """Open *url* in a new page, and return it when it has loaded."""
        return Page(self, url, width, height, dark)

    def wait_for(self, session: str, method: str, seconds: float = HANG_SECONDS) -> None:
        """Wait until the event *method* has come from *session* since the last look."""
        deadline = time.monotonic() + seconds
        while not any(e["method"] == method and e.get("sessionId") == session for e in self.events):
            self._next(deadline - time.monotonic())

    def close(self) -> None:
        """End the browser."""
        os.close(self._write)
        for _ in range(100):
            if os.waitpid(self._process, os.WNOHANG)[0]:
                break
            time.sleep(0.1)
        else:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._read)


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]


class Page:
    """A page of a browser, and all that happened in it: requests, errors on its console, dialogs of scripts."""

    def __init__(self, browser: Browser, url: str, width: int, height: int, dark: bool) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._width = width
        self.go(url)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def go(self, url: str) -> None:
        """Load *url* and wait until it has loaded; what happened before is forgotten."""
        self._browser.events = [e for e in self._browser.events if e.get("sessionId") != self._session]
        self._call("Page.navigate", url=url)
        self._browser.wait_for(self._session, "Page.loadEventFired")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript *expression* in the page; promises are waited for."""
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        """Click the first element of *selector*, and wait until the page that it leads to has loaded."""
        found = f"document.querySelector({json.dumps(selector)})"
        href = self.evaluate(f"{found}.href || {found}.closest('a').href")
        self.go(href)

    def _events(self, method: str) -> list[dict[str, Any]]:
        self.evaluate("0")  # all earlier events have arrived
        mine = (e for e in self._browser.events if e.get("sessionId") == self._session)
        return [event["params"] for event in mine if event["method"] == method]

    def requests(self) -> list[str]:
        """Return the URLs that the page asked for, itself included; what is in the page (data:) is no request."""
        urls = [event["request"]["url"] for event in self._events("Network.requestWillBeSent")]
        return [url for url in urls if not url.startswith("data:")]

    def complaints(self) -> list[str]:
        """Return what the console says: errors, warnings, and anything that a script prints; dialogs too."""
        logged = [event["entry"]["text"] for event in self._events("Log.entryAdded")]
        printed = [str(event["args"]) for event in self._events("Runtime.consoleAPICalled")]
        thrown = [str(event["exceptionDetails"]) for event in self._events("Runtime.exceptionThrown")]
        asked = [event["message"] for event in self._events("Page.javascriptDialogOpening")]
        return logged + printed + thrown + asked

    def screenshot(self, path: Path, *, height: int | None = None) -> None:
        """Write a picture of the page, down to *height* pixels (None: all of it), as PNG to *path*."""
        height = height or int(self.evaluate("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": self._width, "height": height, "scale": 1}
        shot = self._call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
