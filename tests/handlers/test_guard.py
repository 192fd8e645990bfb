"""A name server may say what it likes, and change its mind: what is connected to was checked, or is not connected to."""

# ruff: noqa: N802, N803, ARG002, ARG003, ARG005 - the names and arguments are those of Twisted's interfaces

from __future__ import annotations

import random
import socket
import threading

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from crawler.handlers.guard import Guard, stand_guard
from crawler.net import is_public
from tests.crawling import crawl, records, write_seed
from tests.net.hostile import PRIVATE_ADDRESSES, PUBLIC_ADDRESSES

SITE = ("news.example", 443)


@implementer(IHostnameResolver)
class NameServer:
    """Gives the next of *answers* (lists of addresses) at each look-up."""

    def __init__(self, answers):
        self._answers = iter(answers)

    def resolveHostName(self, receiver, hostName, portNumber=0, addressTypes=None, transportSemantics="TCP"):
        receiver.resolutionBegan(None)
        for address in next(self._answers):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, portNumber))
        receiver.resolutionComplete()


@implementer(IReactorPluggableNameResolver)
class Reactor(MemoryReactorClock):
    """Connects to nothing and remembers what to."""

    def __init__(self, answers=()):
        super().__init__()
        self.nameResolver = NameServer(answers)

    def installNameResolver(self, resolver):
        before, self.nameResolver = self.nameResolver, resolver
        return before


class Passed(list):
    """The addresses that a guard lets through."""

    def resolutionBegan(self, resolution):
        pass

    def addressResolved(self, address):
        self.append(address.host)

    def resolutionComplete(self):
        pass


def connected(reactor, host, port):
    """Return the address that a connection to *host* is tried at; None, and the error, if there is none."""
    before = len(reactor.tcpClients)
    attempt = HostnameEndpoint(reactor, host, port).connect(Factory())
    attempt.addErrback(lambda failure: None)
    return [client[:2] for client in reactor.tcpClients[before:]]


def guarded(*answers, named=(SITE,)):
    reactor = Reactor(answers)
    guard = stand_guard(reactor)
    guard.named.update(named)
    return reactor, guard


def flips(count):
    draw = random.Random(9)
    return [draw.sample(draw.choice((PRIVATE_ADDRESSES, PUBLIC_ADDRESSES)), 1) for _ in range(count)]


def test_ten_thousand_flips_and_no_private_address_passes():
    answers = flips(10_000)
    reactor, guard = guarded(*answers)
    refusals = []
    guard.on_refusal = refusals.append
    passed = Passed()
    for _ in answers:
        reactor.nameResolver.resolveHostName(passed, *SITE)
    public = [answer[0] for answer in answers if is_public(answer[0])]
    assert passed == public
    assert refusals == ["private_address"] * (len(answers) - len(public))
    assert 4000 < len(public) < 6000


def test_allowed_addresses_are_those_that_twisted_connects_to():
    answers = flips(500)
    reactor, _ = guarded(*answers)
    for _ in answers:
        connected(reactor, *SITE)
    assert [client[:2] for client in reactor.tcpClients] == [(a, 443) for [a] in answers if is_public(a)]


def test_only_public_ones_of_many_addresses_are_tried():
    reactor, _ = guarded(["127.0.0.1", "93.184.216.34", "::1"])
    assert connected(reactor, *SITE) == [("93.184.216.34", 443)]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.1", "::ffff:127.0.0.1", "other.example", "news.example"])
def test_host_outside_the_profile_is_not_looked_up(host):
    reactor, guard = guarded()  # the name server would fail the test
    assert connected(reactor, host, 6379) == []
    assert set(guard.refused.values()) <= {"other_host"}


@pytest.mark.parametrize(("origin", "host"), [(("127.0.0.1", 8765), "127.0.0.1"), (("[::1]", 8765), "::1")])
def test_a_literal_address_that_the_profile_names_needs_no_name_server(origin, host):
    reactor, _ = guarded(named=[origin])
    assert connected(reactor, host, 8765) == [(host, 8765)]


def test_a_refusal_is_forgotten_when_the_name_leads_to_a_public_address_again():
    reactor, guard = guarded(["127.0.0.1"], ["1.1.1.1"])
    connected(reactor, *SITE)
    assert guard.refused == {SITE: "private_address"}
    connected(reactor, *SITE)
    assert guard.refused == {}


def test_a_proxy_that_the_user_set_may_be_anywhere():
    reactor, guard = guarded(["10.0.0.1"])
    guard.trusted.add(("proxy.example", 3128))
    assert connected(reactor, "proxy.example", 3128) == [("10.0.0.1", 3128)]


def test_one_guard_stays_before_a_resolver_installed_later():
    reactor, guard = guarded(["127.0.0.1"])
    assert stand_guard(reactor) is guard
    reactor.installNameResolver(NameServer([["127.0.0.1"]]))
    assert isinstance(stand_guard(reactor), Guard)


class LyingResolver:
    """Says of every name that it is this machine: a Twisted resolver, for crawls in processes of their own."""

    @classmethod
    def from_crawler(cls, crawler, reactor):
        resolver = cls()
        resolver.reactor = reactor
        return resolver

    def install_on_reactor(self):
        self.reactor.installNameResolver(NameServer(iter(lambda: ["127.0.0.1"], None)))


def test_a_crawl_of_a_name_that_turns_out_to_be_this_machine_connects_to_nothing(replica, tmp_path):
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept_into, args=(listener, connections), daemon=True).start()
        here = f"http://news.example:{listener.getsockname()[1]}"
        profile = tmp_path / "rebound.toml"
        profile.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, here), encoding="utf-8")
        settings = ["TWISTED_DNS_RESOLVER=tests.handlers.test_guard.LyingResolver", "ROBOTSTXT_OBEY=False"]
        settings += ["DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False"]
        done = crawl(
            write_seed(tmp_path / "seed.txt", 1793001, 1793002), tmp_path / "corpus", profile, settings=settings
        )
    assert connections == []
    assert done.returncode == 9, done.stderr
    assert "(private_address)" in done.stderr
    assert "retry" not in done.stderr.lower()
    stubs = [record for record in records(tmp_path / "corpus") if record["kind"] == "stub"]
    assert len(stubs) == 2
    (stats,) = (tmp_path / "corpus").glob("runs/*/stats.json")
    assert '"gleaner/refused/private_address": ' in stats.read_text()


def accept_into(listener, connections):
    while True:
        try:
            connections.append(listener.accept())
        except OSError:
            return
