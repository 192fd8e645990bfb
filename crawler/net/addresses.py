"""IP addresses: which are public, and to which of them a connection is allowed."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from crawler.net.origins import Origin

# The IANA special-purpose registries (RFC 6890 and its updates), multicast and reserved space included. They are listed
# here because the result of ``is_global`` differs between versions of Python.
_SPECIAL_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by providers
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, and the metadata services of clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays to 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
# Of IPv6 only global unicast space is public, without documentation ranges and tunnels to unknown addresses.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, benchmarks, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_BITS = 0xFFFF_FFFF
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(address: str) -> bool:
    """Return whether *address* is a public one; an IPv4 address inside an IPv6 one must be public, too.

    >>> [is_public(a) for a in ("93.184.216.34", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "no address")]
    [True, False, False, False]
    """
    try:
        return _is_public(ip_address(address))
    except ValueError:
        return False


def connection_refusal(origin: Origin, address: str, named: Collection[Origin]) -> str | None:
    """Return in a word why a connection to *address*, found for *origin*'s host, is refused; None if it is allowed.

    It is allowed if *named* holds the origin and the address is public; or if the origin in *named* is exactly that
    address (or ``localhost``, for a loopback address). A name never leads to a private address, whatever a name server
    says.

    >>> connection_refusal(("en.alalam.ir", 443), "127.0.0.1", {("en.alalam.ir", 443)})
    'private_address'
    >>> connection_refusal(("127.0.0.1", 8765), "127.0.0.1", {("127.0.0.1", 8765)}) is None
    True
    """
    if origin not in named:
        return "other_host"
    try:
        ip = ip_address(address)
    except ValueError:
        return "malformed"
    if _is_public(ip) or _is_itself(origin[0], ip):
        return None
    return "private_address"


def _is_itself(host: str, ip: IPv4Address | IPv6Address) -> bool:
    if host == "localhost":
        return ip.is_loopback
    try:
        return ip_address(host.strip("[]")) == ip
    except ValueError:
        return False


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SPECIAL_V4)
    if ip.scope_id is not None:
        return False
    embedded = IPv4Address(int(ip) & _IPV4_BITS)
    if ip.ipv4_mapped is not None or ip in _NAT64:
        return _is_public(embedded)
    if (int(ip) >> 32) & _IPV4_BITS in _ISATAP and not _is_public(embedded):
        return False
    return ip in _GLOBAL_UNICAST and not any(ip in network for network in _SPECIAL_V6)
