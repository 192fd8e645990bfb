"""The guard: a name resolver that hides addresses to which no connection is allowed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from ipaddress import IPv6Address as Six
from ipaddress import ip_address
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from crawler.net import Origin, connection_refusal

logger = logging.getLogger(__name__)


@implementer(IHostnameResolver)
class Guard:
    """Wraps a reactor's name resolver.

    Twisted connects to exactly the addresses that a resolver returns, so it connects only to checked addresses, even if
    a name server changes its answers. Literal addresses pass through it, too.

    ``named`` are the origins that the site profiles of this process's crawls name, ``trusted`` the proxies that its
    user set. ``refused`` says why the last look-up of an origin returned no address; ``on_refusal`` receives each
    reason.
    """

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self.named: set[Origin] = set()
        self.trusted: set[Origin] = set()
        self.refused: dict[Origin, str] = {}
        self._logged_refusals: set[tuple[Origin, str]] = set()
        self.on_refusal: Callable[[str], None] = lambda _reason: None

    def resolveHostName(  # noqa: N802 - the interface's names; mypy knows nothing of zope's interfaces, hence Any
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        origin = (f"[{hostName}]" if ":" in hostName else hostName, portNumber)
        receiver = _Sieve(self, origin, resolutionReceiver)
        literal = _literal(hostName, portNumber)
        if literal is None and (origin in self.named or origin in self.trusted):
            return self._resolver.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        receiver.resolutionBegan(receiver)
        if literal is None:
            self.refuse(origin, hostName, "other_host")
        else:
            receiver.addressResolved(literal)
        receiver.resolutionComplete()
        return receiver

    def allows(self, origin: Origin, address: str) -> bool:
        """Return whether a connection to *address* as *origin* is allowed; count and log it if not."""
        reason = None if origin in self.trusted else connection_refusal(origin, address, self.named)
        if reason:
            self.refuse(origin, address, reason)
        return reason is None

    def refuse(self, origin: Origin, address: str, reason: str) -> None:
        """Note that a connection to *origin* at *address* is refused."""
        self.refused[origin] = reason
        self.on_refusal(reason)
        level = logging.DEBUG if (origin, reason) in self._logged_refusals else logging.WARNING
        self._logged_refusals.add((origin, reason))
        logger.log(level, "Refused to connect to %s port %d at %s (%s)", *origin, address, reason)


@implementer(IResolutionReceiver, IHostResolution)
class _Sieve:
    """Passes on those addresses of one look-up that the guard allows."""

    def __init__(self, guard: Guard, origin: Origin, receiver: Any) -> None:
        self._guard = guard
        self._origin = origin
        self._receiver = receiver
        self.name = origin[0]

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - the interface's name
        self._guard.refused.pop(self._origin, None)
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if self._guard.allows(self._origin, address.host):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()

    def cancel(self) -> None:
        """Do nothing: a literal address needs no look-up."""


def _literal(host: str, port: int) -> IPv4Address | IPv6Address | None:
    try:
        kind = IPv6Address if isinstance(ip_address(host), Six) else IPv4Address
    except ValueError:
        return None
    return kind("TCP", host, port)


def stand_guard(reactor: Any) -> Guard:
    """Return the guard of *reactor*, installed in front of its name resolver."""
    guard = reactor.nameResolver
    if not isinstance(guard, Guard):
        guard = Guard(guard)
        reactor.installNameResolver(guard)
    return guard
