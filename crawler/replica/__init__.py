"""A news site with invented articles in the form of the real one, for demos, tests and benchmarks.

Everything in it follows from a seed number: nothing is held but the latest titles, so a site of a million
articles costs no more memory than one of ten. The pure rooms (``site`` and those it uses) say what
an article is and what its page looks like; ``server`` alone touches the network.

>>> from crawler.replica import Site
>>> article = Site().article(1793356)
>>> all(int(item.id) < article.id for item in article.related)
True
"""

from crawler.replica.site import ReplicaArticle, Site

__all__ = ["ReplicaArticle", "Site"]
