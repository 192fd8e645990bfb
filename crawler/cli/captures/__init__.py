"""The verbs of ``scrapy captures``, a module each: ``run(root, opts)`` does it and returns the exit code."""
