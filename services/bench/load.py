"""The client side of the bench, in a process of its own, so that its work is not counted as the hub's.

Reads a plan (a ``sending.Job`` a line, its fields parted by tabs), gets a token for each client, says ``ready``, waits for a
line, posts every body, and prints how many items were taken in how many seconds.  Bodies of several feeds go out in step:
when half of one feed is sent, so is half of every other, as from departments that report the same days.
"""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import uvloop

from services.bench.sending import Job
from shared import jwk, outbound
from shared.vocabulary import Scope

AT_ONCE = 3


def in_step(jobs: list[Job]) -> list[tuple[Job, bytes]]:
    """Every body of every job, ordered by how much of its job is sent before it."""
    ranked = []
    for job in jobs:
        bodies = Path(job.bodies).read_bytes().splitlines()
        ranked += [((at + 0.5) / len(bodies), job, body) for at, body in enumerate(bodies)]
    return [(job, body) for _, job, body in sorted(ranked, key=lambda one: one[0])]


async def main(url: str, jobs: list[Job]) -> None:
    bodies = in_step(jobs)
    taken = 0
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}
        for job in jobs:
            if job.client not in clients:
                credentials = outbound.ClientCredentials(
                    job.client, jwk.load(Path(job.key)), url, [Scope.RECORDS_WRITE]
                )
                await credentials.token()
                clients[job.client] = await stack.enter_async_context(
                    outbound.client(url, timeout=120, auth=credentials)
                )
        gate = asyncio.Semaphore(AT_ONCE)

        async def post(job: Job, body: bytes) -> None:
            nonlocal taken
            try:
                reply = await clients[job.client].post(f"/v1/{job.feed}", content=body)
            finally:
                gate.release()
            reply.raise_for_status()
            taken += reply.content.count(b'"created"')

        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for job, body in bodies:
                await gate.acquire()
                group.create_task(post(job, body))
        seconds = time.perf_counter() - began
    print(f"{taken} {seconds:.3f}", flush=True)


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    uvloop.run(main(sys.argv[1], [Job(*line.split("\t")) for line in lines]))
