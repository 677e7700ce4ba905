"""Addresses that others gave us: what is never called, and that a name cannot be answered twice."""

import asyncio
import ipaddress

import pytest

from services.notifications.deliveries.egress import Egress, Refused, check_url
from services.notifications.deliveries.retry import NO_CONNECTION
from tests.notifications.hubs import MovingClock
from tests.notifications.receivers import listening

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)

REFUSED = [
    "http://93.184.216.34/",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://172.16.0.9/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:93.184.216.34]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.0.1./",
    "https://user:pass@example.org/",
    "https://example.org/#x",
    "ftp://example.org/",
    "file:///etc/passwd",
    "https://",
    "https:///path",
    "//example.org/",
    "https://example.org:0/",
    "https://example.org:99999/",
    "http://example.org/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_such_an_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, ())


@pytest.mark.parametrize(
    "url",
    ["https://example.org/x?y=1", "https://93.184.216.34:8443/", "https://[2606:2800:220:1::1]/"],
)
def test_public_https_is_called(url: str) -> None:
    assert check_url(url, ()).scheme == "https"


def test_a_listed_network_may_be_reached_by_http() -> None:
    assert check_url("http://127.0.0.1:8100/hook", LOOPBACK).port == 8100
    with pytest.raises(Refused):
        check_url("http://10.0.0.1/", LOOPBACK)


async def refusing(host: str, port: int) -> list[str]:
    raise AssertionError("no name is looked up for a refused address")


@pytest.mark.parametrize("url", REFUSED)
async def test_no_socket_is_opened_to_it(url: str) -> None:
    egress = Egress((), 2, resolver=refusing)
    try:
        if url.startswith("http://example.org"):
            return
        assert await egress.post(url, b"{}", {}) == NO_CONNECTION
    finally:
        await egress.close()


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["64:ff9b::7f00:1"],
        [],
    ],
)
async def test_a_name_is_refused_by_any_of_its_addresses(addresses: list[str]) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return addresses

    async with listening(MovingClock()) as receiver:
        egress = Egress((), 2, resolver=resolver)
        outcome = await egress.post(f"https://rebound.example:{receiver.port}/", b"{}", {})
        await egress.close()
    assert outcome == NO_CONNECTION
    assert not receiver.requests


async def test_the_vetted_address_is_the_one_called() -> None:
    """A second look-up would lead elsewhere: there is none."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def resolver(host: str, port: int) -> list[str]:
        return next(answers)

    async with listening(MovingClock()) as receiver:
        egress = Egress(LOOPBACK, 2, resolver=resolver)
        outcome = await egress.post(f"http://rebound.example:{receiver.port}/x", b"{}", {})
        await egress.close()
    assert outcome.success
    assert receiver.requests[0].headers["host"] == f"rebound.example:{receiver.port}"
    assert next(answers) == ["10.0.0.1"]


async def test_no_redirect_is_followed() -> None:
    async with (
        listening(MovingClock()) as inner,
        listening(MovingClock(), answer=lambda _: 307, extra=f"Location: {inner.url}\r\n") as outer,
    ):
        egress = Egress(LOOPBACK, 2)
        outcome = await egress.post(outer.url, b"{}", {})
        await egress.close()
    assert outcome.status == 307
    assert not outcome.success
    assert not inner.requests


async def test_a_receiver_that_hangs_is_left_in_time() -> None:
    async with listening(MovingClock(), answer=lambda _: None) as receiver:
        egress = Egress(LOOPBACK, 0.3)
        async with asyncio.timeout(2):
            assert await egress.post(receiver.url, b"{}", {}) == NO_CONNECTION
        await egress.close()
