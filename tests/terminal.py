"""A command on a terminal of its own, as a person runs it: Ctrl-C reaches every process of it, and it can be closed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from crawler.processes.interrupts import GROUP_SIGNALS
from tests.crawling import REPOSITORY
from tests.waiting import HANG_SECONDS

_MARK = "GLEANER_TESTS_TERMINAL"


class Terminal:
    """Runs *command* in the foreground of a new pseudo-terminal. ``output`` is what it has written there so far."""

    def __init__(self, command: Sequence[str], cwd: Path = REPOSITORY, env: Mapping[str, str] | None = None) -> None:
        self._master, theirs = pty.openpty()
        self._wake, self._woken = os.pipe()
        self._mark = f"{_MARK}={uuid.uuid4()}"
        name, _, value = self._mark.partition("=")
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {}), name: value},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - system calls, which need no lock of another thread's
        )
        os.close(theirs)
        self._written = bytearray()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        with self._changed:
            return self._written.decode(errors="replace")

    def wait_for(self, text: str, seconds: float = HANG_SECONDS) -> None:
        """Wait until *text* has been written."""
        with self._changed:
            seen = self._changed.wait_for(lambda: text.encode() in self._written, seconds)
        assert seen, f"{text!r} does not come: {self.output[-3000:]}"

    def wait_until(self, happened: Callable[[], object]) -> None:
        """Wait until *happened* says so, of what the command does elsewhere."""
        deadline = time.monotonic() + HANG_SECONDS
        while not happened():
            assert time.monotonic() < deadline, self.output[-3000:]
            time.sleep(0.05)

    def press_ctrl_c(self) -> None:
        """Let the kernel interrupt the foreground."""
        with suppress(OSError):  # it has ended
            os.write(self._master, b"\x03")

    def close(self) -> None:
        """Close the terminal, as a window is closed."""
        os.write(self._woken, b"x")
        self._reader.join()
        os.close(self._master)
        self._master = -1

    def wait(self) -> int:
        """Return the exit code, once the command has ended and all that it wrote was read."""
        code = self.process.wait(HANG_SECONDS)
        self._reader.join(HANG_SECONDS)
        return code

    def left(self, seconds: float = HANG_SECONDS) -> list[int]:
        """Return the processes that the command started and that do not end within *seconds*."""
        deadline = time.monotonic() + seconds
        while (found := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def children(self) -> list[int]:
        """Return the processes that the command has started and that run now."""
        return [number for number in self._processes() if number != self.process.pid]

    def _processes(self) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            with suppress(OSError):  # it has ended, or is a stranger's
                if folder.name.isdigit() and self._mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nobody has the other side any more
                return
            with self._changed:
                self._written += data
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        for descriptor in (self._master, self._wake, self._woken):
            if descriptor >= 0:
                if descriptor == self._master:
                    os.write(self._woken, b"x")
                    self._reader.join()
                os.close(descriptor)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in GROUP_SIGNALS:  # a shell's foreground ignores none, whatever nohup or & left ignored here
        signal.signal(number, signal.SIG_DFL)
