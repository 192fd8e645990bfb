"""Where requests may go, and when: URLs, addresses, robots.txt, hosts that ask for fewer requests. Pure."""

from crawler.net.addresses import connection_refusal, is_public
from crawler.net.origins import Origin, redacted, url_origin, url_refusal
from crawler.net.patience import MAX_WAIT_SECONDS, Patience, retry_after
from crawler.net.robots import MAX_ROBOTS_BYTES, readable_part, robots_meaning

__all__ = [
    "MAX_ROBOTS_BYTES",
    "MAX_WAIT_SECONDS",
    "Origin",
    "Patience",
    "connection_refusal",
    "is_public",
    "readable_part",
    "redacted",
    "retry_after",
    "robots_meaning",
    "url_origin",
    "url_refusal",
]
