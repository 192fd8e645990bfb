"""Which addresses are public, and which of a host's addresses are connected to."""

import pytest

from crawler.net import connection_refusal, is_public
from tests.net.hostile import PRIVATE_ADDRESSES, PUBLIC_ADDRESSES

SITE = ("en.alalam.ir", 443)


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_no_name_leads_to_a_private_address(address):
    assert not is_public(address)
    assert connection_refusal(SITE, address, {SITE}) == "private_address"


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_named_host_leads_to_public_addresses(address):
    assert is_public(address)
    assert connection_refusal(SITE, address, {SITE}) is None
    assert connection_refusal(("other.example", 443), address, {SITE}) == "other_host"
    assert connection_refusal(("en.alalam.ir", 80), address, {SITE}) == "other_host"


@pytest.mark.parametrize(
    ("origin", "address", "allowed"),
    [
        (("127.0.0.1", 8765), "127.0.0.1", True),
        (("127.0.0.1", 8765), "127.0.0.2", False),
        (("[::1]", 8765), "::1", True),
        (("10.1.2.3", 80), "10.1.2.3", True),
        (("10.1.2.3", 80), "127.0.0.1", False),
        (("localhost", 8765), "127.0.0.1", True),
        (("localhost", 8765), "::1", True),
        (("localhost", 8765), "10.1.2.3", False),
        (("localhost.evil.example", 8765), "127.0.0.1", False),
    ],
)
def test_a_private_address_must_be_named_itself(origin, address, allowed):
    assert (connection_refusal(origin, address, {origin}) is None) == allowed
    assert connection_refusal(origin, address, {SITE}) == "other_host"


@pytest.mark.parametrize(
    "address", ["", "no address", "1.2.3", "1.2.3.4.5", "0x7f.1", "2130706433", "[::1]", "::1/128"]
)
def test_invalid_address_is_not_connected_to(address):
    assert not is_public(address)
    assert connection_refusal(SITE, address, {SITE}) == "malformed"
