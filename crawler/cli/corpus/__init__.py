"""The verbs of ``scrapy corpus``, a module each: ``run(root, opts)`` does it and returns the exit code.

They stand outside :mod:`crawler.commands`, all modules of which Scrapy loads at every start.
"""
