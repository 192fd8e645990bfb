"""A Redis (or Valkey) of the tests' own, on a free port of the loopback, which can be killed and started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.waiting import HANG_SECONDS, wait_for

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")


class RedisServer:
    """Keeps its data in *folder*; what it acknowledged survives a kill. *options* are more of its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes", "save": ""}
        options["logfile"] = self._folder / "redis.log"
        command = [str(PROGRAM), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
        command += self._options
        self.process = subprocess.Popen(command)
        wait_for(self._answers, "the start of Redis")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self._folder / "redis.log").read_text()[-500:])
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=HANG_SECONDS) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) in {b"+PONG", b"-NOAU"}
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()


class DyingRedis:
    """Stands before the Redis at *port* and passes on *replies* of its, of all connections together; then it is dead.

    So a worker's Redis dies at the same instant each time, whatever the speed of the machine.
    """

    def __init__(self, port: int, replies: int) -> None:
        self._port, self._left = port, replies
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, are_replies: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 20):
                if are_replies and self._is_last():
                    self.die()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _is_last(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left < 0

    def die(self) -> None:
        """Listen no more, and break all connections."""
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class Answering:
    """Answers each command on each connection with the next of *answers*, the last of them ever after: no Redis."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(client, list(self._answers)), daemon=True).start()

    def _answer(self, client: socket.socket, answers: Sequence[bytes]) -> None:
        with suppress(OSError), client:
            while data := client.recv(1 << 20):
                for _ in range(data.count(b"\r\n*") + data.startswith(b"*")):
                    client.sendall(answers[0] + b"\r\n")
                    answers = answers[1:] or answers

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()
