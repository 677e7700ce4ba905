"""A local hub: five real processes on loopback ports over one PostgreSQL.

Cast: the *home* holds the hub's keys, its database URLs and its logs; a *process* is one ``hutong serve`` or ``hutong work``.
Processes started attached end with the process that started them; detached ones go on.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from services.deployment import introducing
from services.local import secrets as key_files
from services.registry.identity import clients
from shared import dying, jwk, keys, migrations
from shared.database import SYSTEM, Database
from shared.embedded_postgres import Server, provision
from shared.keys import write_secret
from shared.vocabulary import Department, Purpose, Scope

SERVICES = ("registry", "matching", "notifications")
PROCESSES = (
    ("serve", "registry"),
    ("serve", "matching"),
    ("serve", "notifications"),
    ("work", "registry"),
    ("work", "notifications"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class LocalHub:
    """One hub.  ``area`` is a comma-separated list of division codes; ``ports`` are those of the three APIs."""

    name: str
    area: str
    home: Path
    ports: tuple[int, int, int]
    extra: Mapping[str, str] = field(default_factory=dict)
    attached: bool = True
    running: dict[tuple[str, str], "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[SERVICES.index(service)]}"

    def _databases(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads((self.home / "databases.json").read_bytes())
        return found

    def database_url(self, service: str, role: str = "app") -> str:
        return self._databases()[service][role]

    def environment(self) -> dict[str, str]:
        return {
            "HUTONG_HUB": self.name,
            "HUTONG_AREA": self.area,
            "HUTONG_HOME": str(self.home),
            **{f"HUTONG_{s.upper()}_URL": self.url(s) for s in SERVICES},
            **{f"HUTONG_{s.upper()}_DATABASE_URL": self.database_url(s) for s in SERVICES},
            **self.extra,
        }

    async def prepare(self, server: Server) -> None:
        """Keys, databases, migrations and the services' own clients; harmless to repeat."""
        self.home.mkdir(parents=True, exist_ok=True)
        key_files.make(self.home)
        if not (self.home / "databases.json").exists():
            urls = {}
            for service in SERVICES:
                owner, app = secrets.token_hex(16), secrets.token_hex(16)
                name = f"{self.name.replace('-', '_')}_{service}"
                await provision(server, name, owner, app)
                urls[service] = {
                    "owner": server.url(name, f"{name}_owner", owner),
                    "app": server.url(name, f"{name}_app", app),
                }
            write_secret(self.home / "databases.json", json.dumps(urls).encode())
        for service in SERVICES:
            await migrations.upgrade(service, self.database_url(service, "owner"))
        introducing.publish(self.home)
        await introducing.introduce(self.database_url("registry"), self.home, datetime.now(UTC))

    async def add_client(
        self,
        client: str,
        department: Department,
        area: str,
        scopes: tuple[Scope, ...],
        purposes: tuple[Purpose, ...],
        public_key: Mapping[str, object] | None = None,
    ) -> None:
        """Register a client; without ``public_key`` its key pair is made in this hub's home."""
        if public_key is None:
            key = jwk.new_key(f"{client}-1")
            jwk.save(key, self.home / "keys" / "clients" / f"{client}.jwk")
            public_key = jwk.public(key)
        database = Database(self.database_url("registry"))
        try:
            async with database.transaction(SYSTEM) as session:
                await clients.add(
                    session,
                    keys.load(self.home / "keys" / "registry" / "audit.json"),
                    client=client,
                    department=department,
                    area=area,
                    scopes=scopes,
                    purposes=purposes,
                    key=dict(public_key),
                    now=datetime.now(UTC),
                )
        finally:
            await database.close()

    def start(self) -> None:
        for process in PROCESSES:
            self.start_one(process)

    def start_one(self, process: tuple[str, str]) -> "subprocess.Popen[bytes]":
        """Start one process; its standard output is its log."""
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{'-'.join(process)}.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "services.cli", *process],
                env={**os.environ, **self.environment()},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=not self.attached,
                preexec_fn=dying.with_parent(signal.SIGTERM) if self.attached else None,
            )
        self.running[process] = started
        return started

    async def wait_ready(self, seconds: float = 30) -> None:
        """Until all three APIs answer ``/readyz``; RuntimeError names the process that ended instead."""
        until = time.monotonic() + seconds
        for service in SERVICES:
            while not await asyncio.to_thread(_answers, f"{self.url(service)}/readyz"):
                for process, started in self.running.items():
                    if started.poll() is not None:
                        log = self.home / "logs" / f"{'-'.join(process)}.log"
                        raise RuntimeError(f"{' '.join(process)} ended; see {log}")
                if time.monotonic() > until:
                    raise RuntimeError(f"{service} is not ready after {seconds:.0f} s")
                await asyncio.sleep(0.05)

    def stop(self, seconds: float = 15) -> None:
        """Ask every process to finish what it holds, then wait."""
        for started in self.running.values():
            with suppress(ProcessLookupError):
                started.terminate()
        until = time.monotonic() + seconds
        for started in self.running.values():
            try:
                started.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        self.running.clear()


def _answers(url: str) -> bool:
    with suppress(OSError), urlopen(url, timeout=2) as reply:  # noqa: S310  (our own loopback address)
        return bool(reply.status == 200)
    return False
