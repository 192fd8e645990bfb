"""How long a broken transfer is tried again, and the errors that say why one ended."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The pauses before the tries that follow one without any new byte."""
MAX_PAUSE_SECONDS = 120.0
"""A server that asks for a longer pause is not waited for."""
MAX_BREAKS = 200
"""So often the transfer of one file may break, even if each try brings new bytes."""


class InputError(OSError):
    """A file cannot be read, or not to its end; the message, also as ``strerror``, says why."""

    def __str__(self) -> str:
        return self.strerror or ""


class Refused(InputError):
    """The server refuses a file, or it is not there: another try would not help."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EACCES, message)


class Changed(InputError):
    """The file changed while it was read: its parts do not belong together."""

    def __init__(self, message: str = "it changed while it was read") -> None:
        super().__init__(errno.ESTALE, message)


class Broken(InputError):
    """A transfer broke; ``wait`` are the seconds that the server asked for."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(errno.EIO, message)
        self.wait = wait


@dataclass(slots=True)
class TransferRetries:
    """Counts the breaks of one file's transfer, and waits before the next try. *sleep* receives seconds."""

    sleep: Callable[[float], None] = field(default=time.sleep)
    breaks: int = 0
    in_vain: int = 0

    def progressed(self) -> None:
        """Note that new bytes came."""
        self.in_vain = 0

    def broke(self, error: Broken) -> None:
        """Wait before the next try. Raises *error* if there were enough, or the server asks for too long a pause."""
        if self.in_vain >= len(PAUSES_SECONDS) or self.breaks >= MAX_BREAKS:
            raise error
        pause = max(PAUSES_SECONDS[self.in_vain], error.wait or 0.0)
        if pause > MAX_PAUSE_SECONDS:
            raise error
        self.breaks += 1
        self.in_vain += 1
        if pause:
            self.sleep(pause)
