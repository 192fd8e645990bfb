"""Where requests may go: which URLs may be asked, and which addresses connected to. Pure."""

from crawler.net.addresses import connection_refusal, is_public
from crawler.net.origins import Origin, redacted, url_origin, url_refusal

__all__ = ["Origin", "connection_refusal", "is_public", "redacted", "url_origin", "url_refusal"]
