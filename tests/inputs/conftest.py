"""Servers that the tests of inputs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.inputs.fileserver import FileServer
from tests.inputs.s3 import S3Server


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Give a server of files, which may break."""
    with FileServer() as running:
        yield running


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Give one S3 server for the session; each test has its own names in it."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Give the S3 server, with the environment of a user who works with it."""
    fsspec = pytest.importorskip("fsspec")
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()
    return s3_server
