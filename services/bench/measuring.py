"""Measuring a running hub: durable intake, push to registered child, key-care pull, memory."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.bench import items, limits, sweeping
from services.bench.sending import BATCH, HUB, sender
from services.demo.grants import PURPOSES, SCOPES
from services.demo.waiting import backlog
from services.local.hub import PROCESSES, LocalHub, free_port
from shared import jwk, outbound
from shared.embedded_postgres import EmbeddedPostgres, discard
from shared.limits import MAX_PAGE
from shared.vocabulary import Department

console = Console(width=132)
WARM = 4000
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    server: EmbeddedPostgres, state: Path, processes: Sequence[tuple[str, str]]
) -> Iterator[LocalHub]:
    """A fresh hub with these processes, named after its state directory."""
    hub = LocalHub(state.name, "50", state / "hub", (free_port(), free_port(), free_port()))
    asyncio.run(_prepare(hub, server))
    try:
        for process in processes:
            hub.start_one(process)
        yield hub
    finally:
        hub.stop()


async def _prepare(hub: LocalHub, server: EmbeddedPostgres) -> None:
    await hub.prepare(server)
    for department in SCOPES:
        await hub.add_client(
            f"{HUB}-{department}",
            Department(department),
            "50",
            SCOPES[department],
            PURPOSES[department],
        )


def memory(hub: LocalHub) -> dict[str, float]:
    """Resident megabytes of each process."""
    found = {}
    for process, started in hub.running.items():
        for line in Path(f"/proc/{started.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                found[" ".join(process)] = int(line.split()[1]) / 1024
    return found


def cpu(hub: LocalHub) -> dict[str, float]:
    """Seconds that each process has computed since it started; measured beside the wall, which others may load."""
    found = {}
    for process, started in hub.running.items():
        fields = Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()
        found[" ".join(process)] = (int(fields[11]) + int(fields[12])) / TICK
    return found


def run(state: Path, records: int, memory_records: int, *, sweeps: bool = True) -> None:
    """Print the table of figures."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    table = Table("what", "measured", "goal", "beside it, in the same run")
    with EmbeddedPostgres(state / "postgres") as server:
        try:
            _intake(server, state / "intake", table, records)
            _through(server, state / "through", table, records, memory_records)
            if sweeps:
                sweeping.measure(server, state / "sweep", table)
        finally:
            console.print(table)
    discard(state / "postgres")


def _intake(server: EmbeddedPostgres, state: Path, table: Table, records: int) -> None:
    state.mkdir()
    made = items.enrolments(records)
    with running(server, state, [("serve", "registry")]) as hub:
        asyncio.run(_registry_up(hub))
        copied = asyncio.run(limits.copying(hub.database_url("registry", "owner")))
        _send(hub, state, "warm", {("education", "enrolments"): items.enrolments(WARM, "warm")})
        before = cpu(hub)
        taken, seconds = _send(hub, state, "bulk", {("education", "enrolments"): made})
        computed = _per_record(before, cpu(hub), taken)
        checked = limits.validation(json.dumps(made[:BATCH], ensure_ascii=False).encode())
        table.add_row(
            f"durable intake, bulk POST of {BATCH}, one API process",
            f"{taken / seconds:,.0f} records/s",
            "≥ 10,000; 20,000",
            f"CPU a record: {computed}; COPY {copied:,.0f} rows/s; validation {checked:,.0f}/s;"
            f" sealing {limits.sealing():,.0f}/s",
        )


def _send(hub: LocalHub, state: Path, name: str, load: items.Load) -> tuple[int, float]:
    with sender(hub, state, name, load) as ready:
        return ready.send()


def _per_record(before: dict[str, float], after: dict[str, float], records: int) -> str:
    spent = {name: (after[name] - before[name]) / records * 1000 for name in after}
    return ", ".join(f"{name} {ms:.3f} ms" for name, ms in spent.items())


async def _registry_up(hub: LocalHub) -> None:
    async with outbound.client(hub.url("registry")) as http:
        for _ in range(300):
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except OSError:
                pass
            except Exception as error:
                if "Connect" not in type(error).__name__:
                    raise
            await asyncio.sleep(0.1)
    raise RuntimeError("the registry does not answer")


def _through(
    server: EmbeddedPostgres, state: Path, table: Table, records: int, memory_records: int
) -> None:
    state.mkdir()
    with running(server, state, PROCESSES) as hub:
        asyncio.run(hub.wait_ready(60))
        pushes = items.lives(records, seed=1)
        before = cpu(hub)
        first = _register(hub, state, "first", items.by_feed(pushes, "first"))
        computed = _per_record(before, cpu(hub), records)
        small = memory(hub)
        table.add_row(
            "push → registered child, whole hub on this machine",
            f"{first:,.0f} records/s",
            "≥ 800; 2,000",
            f"{records:,} records of an invented population, all feeds in step; CPU a record: {computed}",
        )
        _register(hub, state, "surveyed", items.surveys(pushes, "surveyed"))
        entries, seconds = asyncio.run(_pull(hub))
        table.add_row(
            "key-care pull (NDJSON stream)",
            f"{entries / seconds:,.0f} entries/s",
            "≥ 5,000",
            f"{entries:,} entries, found by surveys pushed through the hub",
        )
        if memory_records > records:
            more = items.lives(memory_records - records, seed=2)
            second = _register(hub, state, "second", items.by_feed(more, "second"))
            large = memory(hub)
            table.add_row(
                "push → registered child, on top of those",
                f"{second:,.0f} records/s",
                "≥ 800; 2,000",
                f"{len(more):,} records more",
            )
            for process, was in small.items():
                table.add_row(
                    f"memory of {process}",
                    f"{was:.0f} → {large[process]:.0f} MB",
                    "flat",
                    f"at {records:,} → {memory_records:,} records",
                )


def _register(hub: LocalHub, state: Path, name: str, load: items.Load) -> float:
    """Push a load and wait until all of it is registered; records a second."""
    count = sum(len(members) for members in load.values())
    with sender(hub, state, name, load) as ready:
        began = time.perf_counter()
        ready.send()
        asyncio.run(_quiet(hub))
        return count / (time.perf_counter() - began)


async def _quiet(hub: LocalHub) -> None:
    """Until all is linked, folded, numbered and relayed; looking is work too, so the longer the queues the seldomer."""
    async with asyncio.timeout(3600):
        while left := (await backlog(hub)).total:  # noqa: ASYNC110  (other processes' work: no event)
            await asyncio.sleep(min(2.0, max(0.1, left / 5000)))


async def _pull(hub: LocalHub) -> tuple[int, float]:
    """Civil affairs reads its whole ledger: entries, and seconds."""
    name = f"{HUB}-civil_affairs"
    key = jwk.load(hub.home / "keys" / "clients" / f"{name}.jwk")
    credentials = outbound.ClientCredentials(
        name, key, hub.url("registry"), SCOPES[Department.CIVIL_AFFAIRS]
    )
    headers = {
        "Hutong-Purpose": "key_care",
        "Hutong-Actor": "bench",
        "Accept": "application/x-ndjson",
    }
    async with outbound.client(hub.url("registry"), timeout=300, auth=credentials) as http:
        await credentials.token()
        began, entries, last = time.perf_counter(), 0, b""
        query = {"limit": MAX_PAGE}
        async with http.stream("GET", "/v1/key-care", params=query, headers=headers) as reply:
            reply.raise_for_status()
            async for chunk in reply.aiter_bytes():
                entries += (last + chunk).count(b'"category":') - last.count(b'"category":')
                last = (last + chunk)[-64:]
        if not last.endswith(b'{"end":"complete"}\n'):
            raise RuntimeError("the stream of key care broke off")
        return entries, time.perf_counter() - began
