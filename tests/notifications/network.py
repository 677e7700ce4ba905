"""A network inside the process: each hub's services answer at loopback addresses; all else is the real network."""

from dataclasses import dataclass, field

import httpx
from httpx_aiohttp import AiohttpTransport


@dataclass
class Network(httpx.AsyncBaseTransport):
    """Sends what is for a joined app to it, and the rest out.  A ``cut`` address refuses connections.

    Between hubs alone: a ``silent`` one takes no message, and of what a ``deaf`` one has taken the sender never hears.
    """

    apps: dict[str, httpx.ASGITransport] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    _outside: AiohttpTransport = field(default_factory=AiohttpTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        between_hubs = request.url.path.startswith("/v1/peer/")
        if origin in self.cut or (between_hubs and origin in self.silent):
            raise httpx.ConnectError("cut")
        inside = self.apps.get(origin)
        if inside is None:
            return await self._outside.handle_async_request(request)
        self.seen.append((str(request.url), await request.aread()))
        reply = await inside.handle_async_request(request)
        if between_hubs and origin in self.deaf:
            raise httpx.ReadError("cut")
        return reply

    async def aclose(self) -> None:
        """Clients close their transport; this one outlives them all."""

    async def close(self) -> None:
        await self._outside.aclose()
