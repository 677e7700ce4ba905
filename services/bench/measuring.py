"""Measuring a running hub: durable intake, push to registered child, key-care pull, memory."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.bench import limits
from services.demo.grants import PURPOSES, SCOPES
from services.demo.waiting import until_quiet
from services.local.hub import PROCESSES, LocalHub, free_port
from services.population import generate
from shared import jwk, outbound, resident_id
from shared.embedded_postgres import EmbeddedPostgres, discard
from shared.vocabulary import Department

console = Console(width=110)
BATCH = 1000
HUB = "chongqing"


def enrolments(count: int) -> list[dict[str, Any]]:
    """Plain, clean enrolments of as many different children."""
    made = []
    for n in range(count):
        born = date(2012 + n % 8, 1 + n % 12, 1 + n % 28)
        number = resident_id.make(500103 + n // 900_000, born, 1 + n % 999)
        made.append(
            {
                "source_id": f"bench-{n}",
                "version": 1,
                "observed_on": "2026-09-01",
                "division": "500103",
                "child": {
                    "name": "示小" + chr(0x4E00 + n % 5000),
                    "id_number": number,
                    "birth_date": born.isoformat(),
                    "sex": "male" if n % 2 else "female",
                },
                "guardians": [{"name": "示大山", "relation": "father", "phone": "14200000001"}],
                "hukou": {"division": "371721"},
                "residence": {"division": "500103", "address": "示例路1号", "since": "2025-09-01"},
                "event": "enrolled",
                "on": "2026-09-01",
                "stage": "primary",
                "grade": "三年级",
                "school_name": "示例小学",
            }
        )
    return made


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


def load(hub: LocalHub, department: str, feed: str, bodies: Path) -> tuple[int, float]:
    """Items taken and seconds, by a client process."""
    name = f"{HUB}-{department}"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "services.bench.load",
            hub.url("registry"),
            name,
            str(hub.home / "keys" / "clients" / f"{name}.jwk"),
            feed,
            str(bodies),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    taken, seconds = done.stdout.split()
    return int(taken), float(seconds)


def memory(hub: LocalHub) -> dict[str, float]:
    """Resident megabytes of each process."""
    found = {}
    for process, started in hub.running.items():
        for line in Path(f"/proc/{started.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                found[" ".join(process)] = int(line.split()[1]) / 1024
    return found


def run(state: Path, records: int, memory_records: int) -> None:
    """Print the table of figures."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    table = Table("what", "measured", "goal", "beside it, in the same run")
    with EmbeddedPostgres(state / "postgres") as server:
        try:
            _intake(server, state / "intake", table, records)
            _through(server, state / "through", table, records, memory_records)
        finally:
            console.print(table)
    discard(state / "postgres")


def _write(path: Path, items: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for at in range(0, len(items), BATCH):
            file.write(json.dumps(items[at : at + BATCH], ensure_ascii=False) + "\n")
    return path


def _intake(server: EmbeddedPostgres, state: Path, table: Table, records: int) -> None:
    state.mkdir()
    items = enrolments(records)
    with running(server, state, [("serve", "registry")]) as hub:
        _until_up(hub)
        copied = asyncio.run(limits.copying(hub.database_url("registry", "owner")))
        warm = _write(
            state / "warm.ndjson", [{**i, "source_id": "w" + i["source_id"]} for i in items[:2000]]
        )
        load(hub, "education", "enrolments", warm)
        taken, seconds = load(hub, "education", "enrolments", _write(state / "b.ndjson", items))
        one = json.dumps(items[:BATCH], ensure_ascii=False).encode()
        checked = limits.validation(one)
        table.add_row(
            "durable intake, bulk POST of 1000, one API process",
            f"{taken / seconds:,.0f} records/s",
            "≥ 10,000; 20,000",
            f"COPY {copied:,.0f} rows/s; validation {checked:,.0f}/s; sealing {limits.sealing():,.0f}/s",
        )


def _until_up(hub: LocalHub) -> None:
    asyncio.run(_registry_up(hub))


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
        first = _push_population(hub, state, records, seed=1)
        small = memory(hub)
        table.add_row(
            "push → registered child, whole hub on this machine",
            f"{first:,.0f} records/s",
            "≥ 800; 2,000",
            f"{records:,} records of an invented population",
        )
        entries, seconds = asyncio.run(_pull(hub))
        table.add_row(
            "key-care pull (NDJSON stream)",
            f"{entries / seconds:,.0f} entries/s" if entries else "no entries",
            "≥ 5,000",
            f"{entries:,} entries",
        )
        if memory_records > records:
            _push_population(hub, state, memory_records - records, seed=2)
            large = memory(hub)
            for process, before in small.items():
                table.add_row(
                    f"memory of {process}",
                    f"{before:.0f} → {large[process]:.0f} MB",
                    "flat",
                    f"at {records:,} → {memory_records:,} records",
                )


def _push_population(hub: LocalHub, state: Path, records: int, seed: int) -> float:
    """Push about as many records of a population and wait until all are registered; records a second."""
    population = generate(max(50, records * 2 // 5), seed, on=date(2026, 10, 31))
    by_feed: dict[tuple[str, str], list[dict[str, Any]]] = {}
    count = 0
    for push in population.pushes:
        if push.hub == HUB and count < records:
            item = {**push.item, "source_id": f"{seed}-{push.item['source_id']}"}
            by_feed.setdefault((push.department, push.feed), []).append(item)
            count += 1
    paths = {k: _write(state / f"{seed}-{k[1]}.ndjson", v) for k, v in by_feed.items()}
    began = time.perf_counter()
    for (department, feed), path in paths.items():
        load(hub, department, feed, path)
    asyncio.run(until_quiet(hub, seconds=3600))
    return count / (time.perf_counter() - began)


async def _pull(hub: LocalHub) -> tuple[int, float]:
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
        began, lines = time.perf_counter(), 0
        async with http.stream("GET", "/v1/key-care", headers=headers) as reply:
            reply.raise_for_status()
            async for line in reply.aiter_lines():
                lines += '"category"' in line
        return lines, time.perf_counter() - began
