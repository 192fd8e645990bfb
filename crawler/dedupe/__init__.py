"""Near duplicates: which text of a corpus says nearly what another says, found without comparing all with all.

A text becomes a row of word hashes (:mod:`~crawler.dedupe.words`); the smallest hashes of its shingles are the keys
under which it is found again (:mod:`~crawler.dedupe.shingles`, :mod:`~crawler.dedupe.index`); what is found is
compared word by word (:mod:`~crawler.dedupe.sketch`). Nothing here knows of records, lines or a catalogue.
"""

from crawler.dedupe.index import NearIndex, Seen
from crawler.dedupe.sketch import Sketch
from crawler.dedupe.words import FEWEST_WORDS, words_of

__all__ = ["FEWEST_WORDS", "NearIndex", "Seen", "Sketch", "words_of"]
