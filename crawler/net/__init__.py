"""Where requests may go: which URLs may be requested, and to which addresses connections are allowed. Pure."""

from crawler.net.addresses import connection_refusal, is_public
from crawler.net.origins import Origin, redacted, url_origin, url_refusal
from crawler.net.patience import Patience
from crawler.net.retry_after import MAX_WAIT, retry_after
from crawler.net.robots import MAX_ROBOTS_BYTES, readable_part, robots_meaning

__all__ = ["Origin", "connection_refusal", "is_public", "redacted", "url_origin", "url_refusal"]


__all__ = ["MAX_ROBOTS_BYTES", "MAX_WAIT", "Patience", "readable_part", "retry_after", "robots_meaning"]
