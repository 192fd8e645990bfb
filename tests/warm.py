"""Processes of commands, forked from one that has loaded Scrapy and Gleaner already: most of a start's cost is loading.

:class:`Popen` and :func:`run` are those of ``subprocess``. They fork what is a ``[python, "-W", "ignore", "-m", MODULE, ...]``
in the repository, as nearly all tests start it; whatever is asked otherwise (another folder, a terminal, variables that
Python reads when it starts), and everything with ``GLEANER_TESTS_COLD=1``, is a new process. Signals, exit codes, streams
and children of a forked process are its own. Only Linux forks here.

    python -W ignore -m tests.warm SOCKET LIFE      # the process that is forked, for as long as LIFE, a pipe, is open
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PREFIX = [sys.executable, "-W", "ignore", "-m"]
SETTINGS = "crawler.settings"
MODULES = (
    "scrapy.cmdline",
    "scrapy.commands",
    "scrapy.shell",
    "crawler.commands",
    "crawler.spiders",
    "crawler.replica",
)
READ_AT_START = ("PYTHON", "LC_", "LANG", "OPENBLAS", "OMP_", "MALLOC_", "LD_")
"""How variables begin that a process reads when it starts."""
COLD = bool(os.environ.get("GLEANER_TESTS_COLD")) or not hasattr(os, "pidfd_open")

_forge: _Forge | None = None


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """A process, forked if it can be."""

    _status: socket.socket | None = None

    def _execute_child(self, args: Any, *others: Any) -> None:
        names = (
            "executable", "preexec_fn", "close_fds", "pass_fds", "cwd", "env", "startupinfo", "creationflags", "shell",
            "p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite",
            "restore_signals", "gid", "gids", "uid", "umask", "start_new_session", "process_group",
        )  # fmt: skip
        asked = dict(zip(names, others, strict=False))
        if not _can_be_forked(args, asked):
            super()._execute_child(args, *others)  # type: ignore[misc]
            return
        theirs = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        request = {"command": list(map(str, args[len(PREFIX) :])), "env": dict(asked["env"] or os.environ)}
        streams = [theirs[number] if theirs[number] != -1 else number for number in range(3)]
        self.pid, self._status = _running_forge().fork(request, streams)
        self._child_created = True
        self._close_pipe_fds(*others[names.index("p2cread") : names.index("errwrite") + 1])  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._status is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc, no-any-return]
        if wait_flags & os.WNOHANG and not select.select([self._status], [], [], 0)[0]:
            return 0, 0
        status = int(self._status.recv(16))
        self._status.close()
        return self.pid, status

    def _internal_poll(self, *others: Any, **named: Any) -> int | None:
        if self._status is None:
            return super()._internal_poll(*others, **named)  # type: ignore[misc, no-any-return]
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def run(
    command: list[str],
    *,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess has it
    capture_output: bool = False,
    check: bool = False,
    timeout: float | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run *command* to its end, as ``subprocess.run`` does."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with Popen(command, **options) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
        if check and process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, out, err)
        return subprocess.CompletedProcess(command, process.returncode, out, err)


def _can_be_forked(args: Any, asked: dict[str, Any]) -> bool:
    unusual = ("executable", "preexec_fn", "pass_fds", "shell", "start_new_session", "gid", "gids", "uid")
    ours, theirs = (_read_at_start(one) for one in (os.environ, asked["env"] or os.environ))
    return (
        not COLD
        and isinstance(args, list)
        and args[: len(PREFIX)] == PREFIX
        and Path(asked["cwd"] or Path.cwd()).resolve() == REPOSITORY
        and not any(asked.get(name) for name in unusual)
        and asked.get("umask", -1) == -1
        and asked.get("process_group", -1) in {-1, None}
        and asked["restore_signals"] is True
        and ours == theirs
    )


def _read_at_start(variables: Any) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith(READ_AT_START)}


def _running_forge() -> _Forge:
    global _forge  # noqa: PLW0603 - one for each process that runs tests
    if _forge is None or _forge.owner != os.getpid():
        _forge = _Forge()
    return _forge


def close() -> None:
    """End the process that is forked, if there is one."""
    global _forge  # noqa: PLW0603
    if _forge is not None and _forge.owner == os.getpid():
        _forge.close()
        _forge = None


class _Forge:
    """The process that is forked, as those see it that want a process."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._folder = tempfile.TemporaryDirectory(prefix="gleaner-warm-")
        self._address = f"{self._folder.name}/socket"
        life, self._life = os.pipe()
        command = [*PREFIX, "tests.warm", self._address, str(life)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a process with threads cannot be forked
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, pass_fds=[life], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment
        )
        os.close(life)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise RuntimeError("tests.warm did not start: see its error above")

    def fork(self, request: dict[str, Any], streams: list[int]) -> tuple[int, socket.socket]:
        """Return the number of a new process, and where its status arrives when it has ended."""
        door = socket.socket(socket.AF_UNIX)
        door.connect(self._address)
        data = json.dumps(request).encode()
        socket.send_fds(door, [f"{len(data):16}".encode()], streams)
        door.sendall(data)
        pid = int(_receive(door, 16))
        return pid, door

    def close(self) -> None:
        os.close(self._life)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


def _receive(door: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (more := door.recv(length - len(data))):
            raise EOFError("the other side of tests.warm is gone")
        data += more
    return data


def _load() -> None:
    """Import what a crawl and the commands import, but no reactor: each process chooses its own."""
    for name in MODULES:
        _import_all(name)
    from scrapy.settings import BaseSettings, Settings  # noqa: PLC0415
    from scrapy.utils.misc import load_object  # noqa: PLC0415

    settings = Settings()
    settings.setmodule(SETTINGS)
    for name in list(settings):
        value = settings[name]
        paths = [*value, *value.values()] if isinstance(value, BaseSettings) else [value]
        for path in paths:
            if isinstance(path, str) and path.startswith(("crawler.", "scrapy.")) and "." in path:
                with suppress(ImportError, NameError, AttributeError):
                    load_object(path)
    sys.modules.pop(SETTINGS)
    assert "twisted.internet.reactor" not in sys.modules


def _import_all(name: str) -> None:
    module = importlib.import_module(name)
    for folder in getattr(module, "__path__", []):
        for path in sorted(Path(folder).iterdir()):
            if (path.suffix == ".py" or (path / "__init__.py").exists()) and not path.stem.startswith("__"):
                _import_all(f"{name}.{path.stem}")


def _serve(address: str, life: int) -> list[str] | None:
    """Fork a process for each request; return its command in the new process, None when the tests are over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # those of the terminal's group go to the tests
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(life, selectors.EVENT_READ)
    gc.collect()
    gc.freeze()
    assert len(os.listdir("/proc/self/task")) == 1, "a process with threads cannot be forked"  # noqa: PTH208
    os.write(1, b"ready\n")
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                door, _address = listener.accept()
                header, streams, _flags, _ancillary = socket.recv_fds(door, 16, 3)
                request = json.loads(_receive(door, int(header)))
                pid = os.fork()
                if not pid:
                    for other in list(selector.get_map().values()):
                        if isinstance(other.data, tuple):
                            other.data[1].close()
                            os.close(other.fd)
                    selector.close()
                    listener.close()
                    door.close()
                    os.close(life)
                    return _become(request, streams)
                for stream in streams:
                    os.close(stream)
                door.sendall(f"{pid:16}".encode())
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, door))
            elif key.fileobj == life:
                return None
            else:
                pid, door = key.data
                selector.unregister(key.fileobj)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                with suppress(OSError):  # nobody waits for it any more
                    door.sendall(str(status).encode())
                door.close()


def _become(request: dict[str, Any], streams: list[int]) -> list[str]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    tempfile.tempdir = None
    command: list[str] = request["command"]
    return command


def _main() -> None:
    _load()
    command = _serve(sys.argv[1], int(sys.argv[2]))
    if command is not None:
        sys.argv = command
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
