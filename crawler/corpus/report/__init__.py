"""The report of a corpus, or of one run: a page of HTML that needs nothing but itself.

Counted is in the catalogue, in one reading transaction (:mod:`crawler.corpus.report.collect`); a bounded number of keys
is listed behind each number, and ``scrapy corpus report --keys NAME`` prints them all. Memory stays flat: samples are
bounded, all else are counts.
"""
