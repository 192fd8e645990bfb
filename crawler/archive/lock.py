"""One writer per corpus: a lock of the kernel's, which dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from crawler.archive.inbag import refuse_bag
from crawler.exceptions import CorpusLocked


class CorpusLock:
    """An exclusive ``flock`` on *directory*'s ``.lock`` file, held from construction until :meth:`release`.

    No process id is stored: a killed holder leaves nothing to clean up. The descriptor is not inherited by
    child processes (PEP 446), so a surviving worker cannot hold the corpus of a dead crawl.

    Raises :class:`~crawler.exceptions.CorpusLocked` at once if another process holds it, ``ConfigError`` if
    *directory* is in a bag: whoever writes has a lock, so nothing is ever written to a bag.
    """

    def __init__(self, directory: Path) -> None:
        refuse_bag(directory)
        self._descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise CorpusLocked(str(directory), "another crawl holds it; wait for it to end") from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let the corpus go."""
        os.close(self._descriptor)
