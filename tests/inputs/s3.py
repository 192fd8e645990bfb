"""A real S3 server on loopback, in a process of its own: moto's."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.waiting import HANG_SECONDS, wait_for

BUCKET = "dumps"


class S3Server:
    """The server, with one bucket. ``environment`` is that of a user who works with it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "s3.log").open("wb")
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.environment = {
            "AWS_ACCESS_KEY_ID": "test-key",
            "AWS_SECRET_ACCESS_KEY": "s3cret-key",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> Self:
        wait_for(self._answers)
        self._send("PUT", f"/{BUCKET}")
        return self

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/moto-api/", timeout=HANG_SECONDS):
                return True
        except (URLError, OSError):
            return False

    def put(self, key: str, data: bytes) -> str:
        """Store *data*; return its URL."""
        self._send("PUT", f"/{BUCKET}/{key}", data)
        return f"s3://{BUCKET}/{key}"

    def _send(self, method: str, path: str, data: bytes = b"") -> None:
        key = f"AWS4-HMAC-SHA256 Credential={self.environment['AWS_ACCESS_KEY_ID']}/20160227/us-east-1/s3/aws4_request"
        with urlopen(
            Request(
                f"{self.url}{path}",
                data,
                {"Authorization": key, "Content-Type": "application/octet-stream"},
                method=method,
            ),
            timeout=HANG_SECONDS,
        ):
            pass

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=HANG_SECONDS)
        self._log.close()
