"""The corpus on disk: append-only JSON lines, pictures named by their hash, and a catalogue rebuilt from the lines.

The lines are the truth. :mod:`crawler.archive.writer` describes the order of the writes, and why no kill loses, tears
or doubles a line.
"""

from typing import TYPE_CHECKING, Any

from crawler.archive.decision import Added, Duplicate, Outcome, Unchanged
from crawler.frontier.targets import Target

if TYPE_CHECKING:
    from crawler.archive.writer import Corpus

__all__ = ["Added", "Corpus", "Duplicate", "Outcome", "Target", "Unchanged"]


def __getattr__(name: str) -> Any:
    """Import :class:`Corpus` when it is first used: most commands only read, and it is half of their start."""
    if name == "Corpus":
        from crawler.archive.writer import Corpus  # noqa: PLC0415

        return Corpus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
