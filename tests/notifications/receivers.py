"""Real receivers: small HTTP servers on loopback that keep every byte they were sent."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared import signatures
from tests.notifications.hubs import MovingClock


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


@dataclass
class Receiver:
    """Answers with what ``answer`` says for the nth request; None hangs."""

    clock: MovingClock
    answer: Callable[[int], int | None] = lambda _: 204
    extra: str = ""
    keys: list[Ed25519PublicKey] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    unsigned: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def lanes(self) -> dict[str, list[int]]:
        """The numbers taken in each lane, in order of their first arrival."""
        lanes: dict[str, list[int]] = defaultdict(list)
        for one in self.taken:
            data = one.event["data"]
            if data["number"] not in lanes[data["lane"]]:
                lanes[data["lane"]].append(data["number"])
        return lanes

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")[1:-2]
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                received = Received(headers, body)
                self.requests.append(received)
                if self.keys:
                    try:
                        signatures.verify(self.keys, headers, body, self.clock.now())
                    except signatures.BadSignature:
                        self.unsigned += 1
                status = self.answer(len(self.requests))
                if status is None:
                    await asyncio.sleep(3600)
                if status is not None and 200 <= status < 300:
                    self.taken.append(received)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{self.extra}\r\n".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(clock: MovingClock, **kwargs: Any) -> AsyncIterator[Receiver]:
    receiver = Receiver(clock, **kwargs)
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
