"""The way out to addresses that others gave us.

Guaranteed: HTTPS to public addresses alone, except networks that the operator lists, to which plain HTTP may go too.
A name is resolved once, every address it has is vetted, and the connection goes to the vetted address itself, so
that a second look-up cannot lead elsewhere.  No redirect is followed, and nothing of the answer but its status and
``Retry-After`` is looked at.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

import httpx
from httpx_aiohttp import AiohttpTransport

from services.notifications.deliveries.retry import NO_CONNECTION, Outcome, judge
from services.notifications.settings import Network
from shared.outbound import trusted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: Ranges through which an IPv4 address can hide in an IPv6 one (RFC 6052, 8215, 3056, 4380).
_TRANSLATED = tuple(
    ipaddress.IPv6Network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class Refused(Exception):
    """This address is not called."""


def check_url(url: str, allowed: Sequence[Network]) -> httpx.URL:
    """The parsed address; Refused when its form alone rules it out."""
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused("not a URL") from error
    if (
        parsed.scheme not in {"https", "http"}
        or not parsed.host
        or parsed.userinfo
        or parsed.fragment
    ):
        raise Refused("not a plain web address")
    if port is not None and not 0 < port < 2**16:
        raise Refused("not a port")
    literal = _literal(parsed.host)
    if literal is not None:
        vet(literal, parsed.scheme, allowed)
    elif parsed.scheme != "https" and not allowed:
        raise Refused("not HTTPS")
    return parsed


def vet(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    """Refused unless the address is public and called by HTTPS, or lies in an allowed network."""
    if any(address in network for network in allowed if network.version == address.version):
        return
    if scheme != "https":
        raise Refused("not HTTPS")
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None
        or address.scope_id is not None
        or any(address in network for network in _TRANSLATED)
    ):
        raise Refused("an address within an address")
    if not address.is_global or address.is_multicast:
        raise Refused("not a public address")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to a resolver, and to nobody who means well.
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.isdigit() or last.startswith("0x"):
        raise Refused("an address in disguise")
    return None


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Vetted(httpx.AsyncBaseTransport):
    """Sends each request to the vetted address of its host, and Refused where it has none.

    Closed, it opens anew with the next request; ``transport`` replaces the network.
    """

    def __init__(
        self,
        allowed: Sequence[Network],
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
    ) -> None:
        self._allowed = allowed
        self._given = transport
        self._resolve = resolver
        self._own: httpx.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = check_url(str(request.url), self._allowed)
        sni = {"sni_hostname": target.host} if _literal(target.host) is None else {}
        pinned = httpx.Request(
            request.method,
            target.copy_with(host=await self._address_of(target)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, **sni},
        )
        pinned.headers["host"] = target.netloc.decode("ascii")
        if self._given is None and self._own is None:
            self._own = AiohttpTransport(verify=trusted())
        inner = self._given or self._own
        assert inner is not None
        return await inner.handle_async_request(pinned)

    async def _address_of(self, target: httpx.URL) -> str:
        if _literal(target.host) is not None:
            return target.host
        port = target.port or (443 if target.scheme == "https" else 80)
        addresses = [ipaddress.ip_address(a) for a in await self._resolve(target.host, port)]
        if not addresses:
            raise Refused("no address")
        for address in addresses:
            vet(address, target.scheme, self._allowed)
        return str(addresses[0])

    async def aclose(self) -> None:
        if self._own is not None:
            own, self._own = self._own, None
            await own.aclose()


class Egress:
    """The one client for outgoing webhooks."""

    def __init__(
        self,
        allowed: Sequence[Network],
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
    ) -> None:
        self._allowed = allowed
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            transport=Vetted(allowed, transport, resolver),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post once; a failure is an outcome and never an exception."""
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._http.send(self._request(url, body, headers), stream=True)
                await reply.aclose()
        except (httpx.HTTPError, Refused, OSError, TimeoutError, UnicodeError):
            return NO_CONNECTION
        return judge(reply.status_code, reply.headers.get("retry-after"))

    def _request(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Request:
        return httpx.Request(
            "POST",
            check_url(url, self._allowed),
            content=body,
            headers={**headers, "content-type": "application/cloudevents+json"},
            extensions={"timeout": httpx.Timeout(self._timeout).as_dict()},
        )

    async def close(self) -> None:
        await self._http.aclose()
