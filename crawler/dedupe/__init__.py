"""Near duplicates: which text of a corpus says nearly what another says, found without comparing all with all.

A text becomes a row of word hashes (:mod:`~crawler.dedupe.words`); the smallest hashes of its shingles are the keys
under which it is found again (:mod:`~crawler.dedupe.shingles`, :mod:`~crawler.dedupe.index`); what is found is
compared word by word (:mod:`~crawler.dedupe.likeness`). Nothing here knows of records, lines or a catalogue.
"""

from crawler.dedupe.index import NearIndex, Seen
from crawler.dedupe.likeness import similarity
from crawler.dedupe.shingles import keys_of
from crawler.dedupe.words import FEWEST_WORDS, Words, words_of

__all__ = ["FEWEST_WORDS", "NearIndex", "Seen", "Words", "keys_of", "similarity", "words_of"]
