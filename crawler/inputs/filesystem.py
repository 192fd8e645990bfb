"""Inputs by URL as a file system of fsspec, for libraries that open their files themselves and read parts of them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import IO, Any, Final, cast

import fsspec

from crawler.inputs.opening import open_input, state_of

PROTOCOL: Final = "gleaner-input"
_READ_BYTES = 1 << 20


class InputFileSystem(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """Reads ``gleaner-input://URL`` as :func:`~crawler.inputs.opening.open_input` does: in ranges, and resumed.

    A file that changes while it is read is an error. Nothing is listed, and nothing can be written.
    """

    protocol = PROTOCOL
    cachable = False  # codespell:ignore cachable

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def _open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> IO[bytes]:
        if mode != "rb":
            raise io.UnsupportedOperation(f"inputs are read only, not opened with {mode!r}")
        raw = cast("io.RawIOBase", open_input(_url(path), in_parts=True))
        return cast("IO[bytes]", io.BufferedReader(raw, _READ_BYTES))

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": state_of(_url(path)).size, "type": "file"}

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        return [self.info(path)] if detail else [path]

    def glob(self, path: str, *_: Any, **__: Any) -> list[str]:
        return [path]

    def modified(self, _path: str) -> datetime:
        """Return always the same time: whether a file changed is checked while it is read."""
        return datetime.fromtimestamp(0, UTC)


def input_path(url: str) -> str:
    """Return the path by which this file system knows *url*."""
    return f"{PROTOCOL}://{url}"


def _url(path: str) -> str:
    return path.removeprefix(f"{PROTOCOL}://")
