"""Recovery: getting back from sister hosts and web archives what a site no longer serves. Pure; no Scrapy, no network.

The steps for one target are a ladder (:mod:`crawler.recover.ladder`): what to ask, in which order, and what the
answers mean. :mod:`crawler.extensions.recoverer` does the asking.
"""
