"""The client side of the bench, in a process of its own, so that its work is not counted as the hub's.

Reads bodies from a file (one JSON array a line), posts them a few at once, prints how many items a second were taken.
"""

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from shared import jwk, outbound
from shared.vocabulary import Scope

AT_ONCE = 3


async def main(url: str, client: str, key: str, feed: str, bodies: list[bytes]) -> None:
    credentials = outbound.ClientCredentials(
        client, jwk.load(Path(key)), url, [Scope.RECORDS_WRITE]
    )
    taken = 0
    async with outbound.client(url, timeout=120, auth=credentials) as http:
        await credentials.token()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(body: bytes) -> None:
            nonlocal taken
            async with gate:
                reply = await http.post(f"/v1/{feed}", content=body)
                reply.raise_for_status()
                taken += reply.text.count('"created"')

        began = time.perf_counter()
        await asyncio.gather(*(one(body) for body in bodies))
        seconds = time.perf_counter() - began
    print(f"{taken} {seconds:.3f}")


if __name__ == "__main__":
    url, client, key, feed, bodies = sys.argv[1:]
    uvloop.run(main(url, client, key, feed, Path(bodies).read_bytes().splitlines()))
