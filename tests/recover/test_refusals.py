"""Answers of archives that are no answers: exclusions in the words of those who exclude, and pages of outages."""

from __future__ import annotations

import pytest

from crawler.recover.refusals import exclusion, is_outage

WAYBACK = b"org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
EXCLUDED = {
    (403, WAYBACK + b"AdministrativeAccessControlException: Blocked Site Error\n"): "Blocked Site Error",
    (403, WAYBACK + b"RobotAccessControlException: Blocked By Robots"): "Blocked By Robots",
    (404, WAYBACK + b"RobotAccessControlException: Blocked By Robots"): "Blocked By Robots",
    (403, b"Blocked by robots"): "Blocked by robots",
    (403, b"Excluded by site owner\r\n"): "Excluded by site owner",
    (403, b'{"message": "Excluded by site owner"}'): "Excluded by site owner",
    (403, b"<h1>Sorry.</h1><p>Page cannot be displayed due to robots.txt.</p>"): (
        "Page cannot be displayed due to robots.txt."
    ),
    (200, b"<p>This URL has been excluded from the Wayback Machine.</p>"): (
        "This URL has been excluded from the Wayback Machine."
    ),
    (403, b"AccessException: Access Blocked: not available due to access control"): (
        "Access Blocked: not available due to access control"
    ),
    (403, b"Access denied: this domain is restricted at the request of the publisher"): (
        "Access denied: this domain is restricted at the request of the publisher"
    ),
    (451, b""): "unavailable for legal reasons",
    (451, b"<title>451</title><p>Unavailable For Legal Reasons</p>"): "Unavailable For Legal Reasons",
}
NOT_EXCLUDED = [
    (403, b"<html><head><title>403 Forbidden</title></head><center>nginx</center></html>"),
    (403, b""),
    (403, b"Sorry, you have been blocked. You can email the site owner. Cloudflare Ray ID: 1"),
    (403, b"Please reduce your request rate."),
    (403, b"Access blocked: too many requests from your site"),
    (503, b"Temporarily offline"),
    (200, b"ir,alalam)/1 20160101000000 http://x/excluded-by-site-owner text/html 200 A 1"),
    (200, b"<p>The team has been excluded from the cup by its owner, blocked by robots.</p>" * 40),
    (404, b"<p>The page has been excluded from the search.</p>"),
]


@pytest.mark.parametrize(("status", "body"), EXCLUDED)
def test_exclusion_is_reported_in_the_words_of_the_archive(status, body):
    assert exclusion(status, body) == EXCLUDED[status, body]


@pytest.mark.parametrize(("status", "body"), NOT_EXCLUDED)
def test_other_answers_exclude_nothing(status, body):
    assert exclusion(status, body) is None


def test_short_page_of_an_outage_is_one_and_an_article_about_one_is_not():
    for words in (b"Temporarily offline", b"The service is currently unavailable.", b"Down for maintenance"):
        page = b"<html><head><title>Internet Archive</title></head><body>%s</body></html>" % words
        assert is_outage(page)
        assert not is_outage(page.replace(words, words + b" A long story about that. " * 100))
    assert not is_outage(b"<h1>Dam opens</h1><p>The dam of Sel has opened its gates.</p>")
