"""A corpus, or a part of it, in the forms that other programs read.

Every format is written in one pass over the lines, with memory that does not grow with the corpus.
"""

from crawler.corpus.export.writing import FORMATS, Exported, Options, export

__all__ = ["FORMATS", "Exported", "Options", "export"]
