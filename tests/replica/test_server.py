from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from crawler.sites import load_profile


def fetch(replica, path, method="GET", **headers):
    """Return (status, headers, body) of one request, redirects not followed and the path sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(replica.url).netloc, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_profile_leads_to_the_running_replica(replica):
    site = load_profile(str(replica.profile))
    assert site.article_urls("1793356") == (f"{replica.url}/news/1793356",)


def test_requests_are_counted_by_kind(replica):
    replica.reset()
    for path in ("/news/1793356/x", "/news/image/original//2016/02/26/a.jpg", "/robots.txt", "/", "/nothing"):
        fetch(replica, path)
    counts = replica.stats()
    assert {kind: counts[kind] for kind in ("article", "image", "robots", "other")} == {
        "article": 1,
        "image": 1,
        "robots": 1,
        "other": 2,
    }
