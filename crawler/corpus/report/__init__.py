"""The report of a corpus, or of one run: one HTML page without other files.

The numbers come from the catalogue, in one reading transaction (:mod:`crawler.corpus.report.collect`). A limited number
of keys is listed behind each number; ``scrapy corpus report --keys NAME`` prints all. Memory does not grow with the
corpus.
"""
