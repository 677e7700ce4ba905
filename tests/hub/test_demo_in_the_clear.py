"""The demo's real processes: nothing personal stands in the clear in any of their databases, logs or files.

Two hubs run as ten processes over one PostgreSQL, exactly as ``make demo`` starts them.  They play the demo's whole story
with a small population, then are read, misused, stopped; each of the six databases is dumped, and dumps, logs, keys and the
demo's own report are searched for every generated value in every form that ``tests/guards/searching.py`` knows.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Iterator
from pathlib import Path

import httpx
import pytest

from services.demo.hubs import Pair, two_hubs
from services.demo.telling import play
from services.demo.waiting import until_quiet
from services.local.hub import PROCESSES, SERVICES
from services.population import generate
from shared.clock import SystemClock, today
from shared.embedded_postgres import EmbeddedPostgres, discard
from shared.vocabulary import Department
from tests.guards.misusing import NOTE, Callers, blunder, read_everything
from tests.guards.searching import chinese_in, dump, found, is_public, personal

CHILDREN, SEED = 60, 7


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of its own, so that its whole log is the demo's."""
    state = Path(tempfile.mkdtemp(prefix="hutong-demo-"))
    state.chmod(0o711)
    with EmbeddedPostgres(state, durable=False) as running:
        yield running
    discard(state)
    shutil.rmtree(state, ignore_errors=True)


async def test_nothing_personal_is_in_what_the_demo_leaves_behind(
    server: EmbeddedPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = today(SystemClock())
    population = generate(CHILDREN, SEED, on=day)
    async with two_hubs(server, tmp_path) as pair:
        verdict = await play(pair, population, day)
        report = capsys.readouterr().out
        for hub in pair.hubs:
            await read_everything(_callers(pair, hub), population)
            await blunder(_callers(pair, hub), population)
        await until_quiet(*pair.hubs.values())
    dumps = {
        f"{hub} {service}": await asyncio.to_thread(dump, server.url(f"{hub}_{service}"))
        for hub in pair.hubs
        for service in SERVICES
    }
    files = {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file()
    }
    logs = {name: text for name, text in files.items() if name.endswith(".log")}
    assert len(logs) == len(pair.hubs) * len(PROCESSES)
    assert all(b"request" in text for name, text in logs.items() if "serve" in name)
    assert all(
        dumps[f"{hub} registry"].count(b"\\x") > len(population.pushes) / 2 for hub in pair.hubs
    )
    everything = {
        **dumps,
        **files,
        "PostgreSQL's log": (server.state / "postgres.log").read_bytes(),
        "report": report.encode(),
    }
    assert not [what for what in verdict.failures if "verify" in what or "rebuild" in what]
    values = personal(population, NOTE)
    hits = {name: found(values, text) for name, text in everything.items()}
    assert {name: one for name, one in hits.items() if one} == {}
    stored = set().union(*(chinese_in(text) for text in [*dumps.values(), *logs.values()]))
    assert not {run for run in stored if not is_public(run)}


def _callers(pair: Pair, hub: str) -> Callers:
    def caller(department: Department, service: str) -> Awaitable[httpx.AsyncClient]:
        why = "key_care" if department == Department.CIVIL_AFFAIRS else "service"
        return pair.caller(hub, department, why, service)

    return caller
