"""Near duplicates: finds texts that nearly repeat another text, without comparing all with all.

A text becomes a row of word hashes (:mod:`~crawler.dedupe.words`). The smallest hashes of its shingles are its keys in
the index (:mod:`~crawler.dedupe.shingles`, :mod:`~crawler.dedupe.index`). Texts that share keys are compared word by
word (:mod:`~crawler.dedupe.sketch`). Nothing here depends on records, lines or a catalogue.
"""

from crawler.dedupe.index import IndexedText, NearIndex
from crawler.dedupe.sketch import Sketch
from crawler.dedupe.words import MIN_WORDS, words_of

__all__ = ["MIN_WORDS", "IndexedText", "NearIndex", "Sketch", "words_of"]
