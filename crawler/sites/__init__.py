"""What is known of a site: how ids and pictures become URLs, and when they were made.

>>> from crawler.sites import load_profile
>>> site = load_profile("alalam")
>>> site.article_urls("1793356")[0]
'https://en.alalam.ir/news/1793356'
"""

from crawler.sites.dates import id_time, picture_time
from crawler.sites.profile import (
    SiteProfile,
    load_profile,
    parse_profile,
    parse_table,
    profile_content,
    profile_names,
)

__all__ = [
    "SiteProfile",
    "id_time",
    "load_profile",
    "parse_profile",
    "parse_table",
    "picture_time",
    "profile_content",
    "profile_names",
]
