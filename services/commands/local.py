"""`hutong up`, `down` and `demo`: a whole hub, or two, on this machine."""

import asyncio
import json
import os
import re
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from services.local.hub import SERVICES, LocalHub, free_port
from shared import embedded_postgres
from shared.embedded_postgres import EmbeddedPostgres
from shared.keys import write_secret

STATE = Path(os.environ.get("HUTONG_STATE", ".state")).absolute()
PORTS = (8100, 8101, 8102)
#: What `up` sets itself, and what concerns commands alone.
_OWN = re.compile("HUTONG_(HUB|AREA|HOME|STATE|ACTOR|CLIENT|CLIENT_KEY|[A-Z]+(_DATABASE)?_URL)")


def up(
    name: Annotated[str, typer.Option(help="the hub's name")] = "hutong",
    area: Annotated[str, typer.Option(help="its territory, division codes")] = "50",
) -> None:
    """Start one hub and leave it running; state stays in .state/ and survives."""
    state = STATE / "up"
    state.mkdir(parents=True, exist_ok=True)
    told = _settings(name, area)
    if _running(state):
        typer.echo(_already_up(_kept(state), told), err=True)
        raise typer.Exit(1)
    server = EmbeddedPostgres(state / "postgres", detached=True)
    server.start()
    hub = LocalHub(name, area, state / "hub", _ports(), attached=False)
    asyncio.run(hub.prepare(server))
    hub.start()
    pids = {" ".join(process): started.pid for process, started in hub.running.items()}
    write_secret(state / "processes.json", json.dumps(pids).encode())
    write_secret(state / "settings.json", json.dumps(told).encode())
    write_secret(state / "environment", _shell(hub).encode())
    asyncio.run(hub.wait_ready(60))
    for service in SERVICES:
        typer.echo(f"{service:14} {hub.url(service)}  docs {hub.url(service)}/docs")
    typer.echo(
        f"for hutong clients, audit, rebuild …:  set -a; . {os.path.relpath(state / 'environment')}"
    )


def _settings(name: str, area: str) -> dict[str, str]:
    """What was told to `up`: its options, and the environment that its processes inherit."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key.startswith("HUTONG_") and not _OWN.fullmatch(key)
    }
    return {"--name": name, "--area": area, **inherited}


def _kept(state: Path) -> dict[str, str]:
    path = state / "settings.json"
    kept: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    return kept


def _already_up(kept: Mapping[str, str], told: Mapping[str, str]) -> str:
    other = sorted(key for key in {*kept, *told} if kept.get(key) != told.get(key))
    if not other:
        return "already up: hutong down stops it"
    return f"already up, with another {', '.join(other)}: to change that, hutong down and up again"


def _shell(hub: LocalHub) -> str:
    return "".join(f"{key}='{value}'\n" for key, value in hub.environment().items())


def _ports() -> tuple[int, int, int]:
    def free(port: int) -> int:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
        return free_port()

    first, second, third = (free(port) for port in PORTS)
    return first, second, third


def _running(state: Path) -> dict[str, int]:
    """The hub's living processes by name."""
    path = state / "processes.json"
    if not path.exists():
        return {}
    alive = {}
    for name, pid in json.loads(path.read_bytes()).items():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"services.cli" in words:
                alive[name] = int(pid)
    return alive


def down() -> None:
    """Stop the hub that `up` started; harmless when nothing runs."""
    state = STATE / "up"
    for pid in _running(state).values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 20
    while _running(state) and time.monotonic() < until:
        time.sleep(0.1)
    for pid in _running(state).values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if (state / "postgres").exists():
        embedded_postgres.stop(state / "postgres")
    (state / "processes.json").unlink(missing_ok=True)
    typer.echo("stopped")


def demo(
    children: Annotated[int, typer.Option(min=50, help="how many children to invent")] = 2000,
    seed: Annotated[int, typer.Option(help="the same seed invents the same lives")] = 1,
) -> None:
    """Two hubs, a population moving both ways, everything through the public API; exit 1 where a figure is wrong."""
    from services.demo.telling import run

    raise typer.Exit(run(STATE / "demo", children, seed))


def bench(
    records: Annotated[
        int, typer.Option(min=1000, help="records of the throughput figures")
    ] = 20_000,
    memory: Annotated[
        int, typer.Option(help="records at which memory is read again; 0: not measured")
    ] = 0,
    sweeps: Annotated[
        bool, typer.Option(help="the daily sweep at up to a million children; takes minutes")
    ] = True,
) -> None:
    """Measure throughput and memory of a hub on this machine, with the machine's limits beside them."""
    from services.bench.measuring import run

    run(STATE / "bench", records, memory, sweeps=sweeps)
