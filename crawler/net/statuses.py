"""Sets of HTTP statuses that decide what a crawl does; single ones are :class:`http.HTTPStatus`."""

from __future__ import annotations

from http import HTTPStatus as Status

WITH_PAGE = frozenset({Status.OK, Status.CREATED, Status.ACCEPTED, Status.NON_AUTHORITATIVE_INFORMATION})
"""Successes whose body is read as the requested page."""
WITH_PICTURE = frozenset({Status.OK, Status.NON_AUTHORITATIVE_INFORMATION})
"""Successes whose body is kept as the requested picture."""
WITHOUT_BODY = frozenset({Status.SWITCHING_PROTOCOLS, Status.NO_CONTENT, Status.RESET_CONTENT, Status.NOT_MODIFIED})
GONE = frozenset({Status.NOT_FOUND, Status.GONE})
"""The page does not exist. Others are about the request, permissions or the server's state: 403 is not 404."""
REFUSED = frozenset({Status.UNAUTHORIZED, Status.FORBIDDEN, Status.UNAVAILABLE_FOR_LEGAL_REASONS})
"""Statuses by which a web archive may say that it excludes a site."""
REDIRECTS = frozenset(map(Status, (301, 302, 303, 307, 308)))
BUSY = frozenset(map(Status, (408, 425, 429, 500, 502, 503, 504)))
"""The service does not work at the moment, or asks for fewer requests."""


def is_page(status: int, location: str | None) -> bool:
    """Return whether browsers show the body of an answer as the requested page.

    They do so for a redirect without a *location*, too.
    """
    return status in WITH_PAGE or (
        Status.MULTIPLE_CHOICES <= status < Status.BAD_REQUEST and status not in WITHOUT_BODY and not location
    )
