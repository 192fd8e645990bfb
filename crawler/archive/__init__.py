"""The corpus on disk: append-only JSON lines, pictures by content, and a catalogue that can be rebuilt from them.

The lines are the truth. What is written when, and why no kill loses, tears or doubles a line, is told in
:mod:`crawler.archive.writer`.
"""

from crawler.archive.decision import Added, Duplicate, Outcome, Unchanged
from crawler.archive.writer import Corpus
from crawler.frontier.targets import Target

__all__ = ["Added", "Corpus", "Duplicate", "Outcome", "Target", "Unchanged"]
