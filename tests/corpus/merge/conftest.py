"""The servers of the tests of inputs."""

from tests.inputs.conftest import s3, s3_server, server

__all__ = ["s3", "s3_server", "server"]
