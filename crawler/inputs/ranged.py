"""A file of which any part can be fetched: the reading, the growing windows and the second tries."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import Protocol

from crawler.inputs.retries import Broken, TransferRetries

FIRST_WINDOW_BYTES = 1 << 17
"""What is fetched first after a jump."""
MAX_WINDOW_BYTES = 8 << 20
_WINDOW_GROWTH = 4
_MAX_PASSED_BYTES = 1 << 16
"""So little is read and skipped, instead of a new request."""
_BLOCK_BYTES = 1 << 16


class Transfer(Protocol):
    """Bytes that are coming in."""

    def read(self, count: int) -> bytes:
        """Return up to *count* further bytes, none only at the end of what was asked for. Raises ``Broken``."""

    def close(self) -> None:
        """End the transfer."""


class RangedFile(io.RawIOBase):
    """A remote file. A file that is read from its start is one transfer, which resumes at the byte where it breaks.

    After a jump it is fetched in windows, which grow while the reading goes straight on. ``size`` is None if the server
    does not say it. Errors are ``OSError`` with a message for people as ``strerror``.
    """

    size: int | None = None

    def __init__(self, retries: TransferRetries | None = None) -> None:
        self._retries = retries or TransferRetries()
        self._position = 0
        self._transfer: Transfer | None = None
        self._at = self._until = 0
        """Where the transfer is, and where it ends."""
        self._window: int | None = None

    @abstractmethod
    def begin(self, start: int, end: int | None) -> Transfer:
        """Begin a transfer of the bytes from *start* to *end* (None: the end of the file).

        Raises ``Broken`` for what another try may cure, any other ``OSError`` for what it cannot.
        """

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.size is not None

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size or 0}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while self.size is None or self._position < self.size:
            try:
                data = self._fetch(min(len(buffer), _BLOCK_BYTES))
            except Broken as error:
                self._end_transfer()
                self._retries.broke(error)
                continue
            if data is None:
                continue
            buffer[: len(data)] = data
            return len(data)
        return 0

    def _fetch(self, count: int) -> bytes | None:
        """Return the next bytes; nothing at the end of a file of unknown size, None at the end of a window."""
        transfer = self._transfer_here()
        data = transfer.read(count)
        if data:
            self._retries.progressed()
            self._position += len(data)
            self._at = self._position
            return data
        self._end_transfer()
        if self.size is None:
            self.size = self._position
            return b""
        if self._at < self._until:
            raise Broken(f"the transfer ended at byte {self._at:,} of {self._until:,}")
        return None

    def _transfer_here(self) -> Transfer:
        """Return a transfer that is at the position."""
        ahead = self._position - self._at
        if self._transfer is not None and 0 <= ahead <= _MAX_PASSED_BYTES:
            while ahead and (passed := self._transfer.read(ahead)):
                ahead -= len(passed)
                self._at += len(passed)
            if not ahead:
                return self._transfer
        jumped = self._position != self._at
        self._end_transfer()
        if jumped:
            self._window = FIRST_WINDOW_BYTES
        elif self._window is not None:
            self._window = min(self._window * _WINDOW_GROWTH, MAX_WINDOW_BYTES)
        end = None if self._window is None or self.size is None else min(self._position + self._window, self.size)
        self._transfer = self.begin(self._position, end)
        self._at, self._until = self._position, end if end is not None else self.size or 0
        return self._transfer

    def _end_transfer(self) -> None:
        if self._transfer is not None:
            self._transfer.close()
            self._transfer = None

    def close(self) -> None:
        self._end_transfer()
        super().close()
