"""The corpus on disk: append-only JSON lines, pictures named by their hash, and a catalogue rebuilt from the lines.

The lines are the truth. :mod:`crawler.archive.writer` describes the order of the writes, and why no kill loses, tears
or doubles a line.
"""

from crawler.archive.decision import Added, Duplicate, Outcome, Unchanged
from crawler.archive.writer import Corpus
from crawler.frontier.targets import Target

__all__ = ["Added", "Corpus", "Duplicate", "Outcome", "Target", "Unchanged"]
