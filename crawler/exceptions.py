"""The errors of Gleaner, each with the exit code that a scheduler sees.

::

    GleanerError                    1   something is wrong, and we can say what
     +-- ConfigError                4   a setting or argument makes the run senseless
     |    +-- ProfileError          4   a site profile that cannot be used
     +-- SeedError                  4   no such seed, or none of them holds a dump
     +-- FrontierGone               8   the Redis that machines share cannot be reached, or has lost the frontier
     +-- ClusterGone                8   the Dask cluster of --cluster cannot be reached any more
     +-- FolderInUse                6   another command writes the same parts
     +-- CorpusError                1   the corpus cannot be used as it is
          +-- CorpusLocked          6   another crawl holds it
          +-- CorpusDamaged         5   its files contradict each other
          +-- DiskFull              3   no room to write

Every message names the file and, where there is one, the place in it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from crawler.writable import writable

STOPPED: Final = 11
"""The exit code of a command that a signal ended."""


class GleanerError(Exception):
    """Root of all errors that a user can mend; ``str()`` of it is one clear line. Processes can pass it on."""

    exit_code: ClassVar[int] = 1
    is_logged: bool = False
    """Whether the log has a line about it: what else fails by the same error is logged no more."""

    def __str__(self) -> str:
        return writable(super().__str__())  # a path in it may be none that a log could hold

    def __reduce__(self) -> tuple[Any, ...]:  # the usual way calls the class again, with one argument: the message
        return _rebuilt_error, (type(self), self.args, self.__dict__)


def _rebuilt_error(kind: type[GleanerError], args: tuple[Any, ...], attributes: dict[str, Any]) -> GleanerError:
    error = kind.__new__(kind, *args)
    error.args = args  # which OSError sets in its __init__
    error.__dict__.update(attributes)
    return error


class ConfigError(GleanerError, ValueError):
    """A setting or a spider argument makes the run senseless."""

    exit_code = 4


class ProfileError(ConfigError):
    """A site profile is missing, is not TOML, or lacks what a crawl needs."""

    def __init__(self, source: str, message: str) -> None:
        self.source = source
        super().__init__(f"site profile {source}: {message}")


class SeedError(GleanerError, ValueError):
    """A seed path does not exist, cannot be read, or none of them holds a dump."""

    exit_code = 4

    def __init__(self, source: str, message: str) -> None:
        self.source = source
        super().__init__(f"{source}: {message}")


class FrontierGone(GleanerError):
    """The shared frontier (FRONTIER_URL) cannot be reached, or is not what it was; *place* names no password."""

    exit_code = 8

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        super().__init__(f"the frontier at {place} is gone: {message}; nothing is lost, the same command goes on")


class ClusterGone(GleanerError):
    """The scheduler of the cluster that did the work cannot be reached any more; what is done is kept."""

    exit_code = 8

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        super().__init__(f"the cluster at {place} is gone: {message}; what is done is kept, the same command resumes")


class FolderInUse(GleanerError):
    """Another command writes to the same folder of parts; its lock dies with it."""

    exit_code = 6


class CorpusError(GleanerError):
    """The corpus directory cannot be used as it is."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"corpus {path}: {message}")


class CorpusLocked(CorpusError):
    """Another process holds the corpus; its lock dies with it."""

    exit_code = 6


class CorpusDamaged(CorpusError):
    """Files of the corpus contradict each other in a way that opening cannot mend."""

    exit_code = 5


class DiskFull(CorpusError, OSError):
    """No room (or no quota) left where the corpus is written; or where something else is, then without *is_corpus*."""

    exit_code = 3

    def __init__(self, path: str, message: str, *, is_corpus: bool = True) -> None:
        self.path = path
        GleanerError.__init__(self, f"corpus {path}: {message}" if is_corpus else f"{path}: {message}")
