"""Recovery, from sister hosts and web archives, of what a site no longer serves. Pure; no Scrapy, no network.

The steps for one target are a ladder (:mod:`crawler.recover.ladder`): what to request, in which order, and what the
answers mean. :mod:`crawler.extensions.recoverer` sends the requests.
"""
