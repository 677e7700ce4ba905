"""From nothing to a hub that processes can serve, by the operator's own commands on a real PostgreSQL."""

import asyncio
import json
import os
import secrets
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from services.cli import app_for
from services.deployment.databases import SERVICES, ExternalServer
from tests.databases import Cluster

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator's shell with a home of its own and the superuser's URL; commands run in this process."""

    home: Path
    hub: str
    superuser_url: str

    def __call__(self, *command: str, **told: str) -> Result:
        environment = {
            "HUTONG_HUB": self.hub,
            "HUTONG_HOME": str(self.home),
            "HUTONG_SUPERUSER_URL": self.superuser_url,
            **told,
        }
        return CliRunner().invoke(app_for(command[0]), command, env=environment)

    def url(self, service: str, kind: str) -> str:
        return (self.home / "databases" / service / kind).read_text()


@pytest.fixture
def operator(cluster: Cluster, tmp_path: Path) -> Iterator[Operator]:
    hub = f"deploy-{secrets.token_hex(3)}"
    yield Operator(tmp_path / "admin", hub, cluster.server.url())
    names = [f"{hub.replace('-', '_')}_{service}" for service in SERVICES]
    asyncio.run(cluster.drop(*names))
    roles = [f"DROP ROLE IF EXISTS {name}_{kind}" for name in names for kind in ("owner", "app")]
    asyncio.run(cluster.execute(*roles))


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_a_hub_is_made_and_making_it_again_changes_nothing(
    operator: Operator, tmp_path: Path
) -> None:
    shares = tmp_path / "shares"

    def make() -> str:
        said = ""
        for command in (["init"], ["provision", "--shares", str(shares)]):
            said += _done(operator(*command))
        for service in SERVICES:
            variable = f"HUTONG_{service.upper()}_OWNER_URL"
            said += _done(
                operator("migrate", service, **{variable: operator.url(service, "owner-url")})
            )
        told = {"HUTONG_REGISTRY_DATABASE_URL": operator.url("registry", "app-url")}
        return said + _done(operator("introduce", **told))

    first = make()
    made = files(tmp_path)
    again = make()

    assert "introduced: registry, matching, notifications" in first
    assert "introduced: nobody new" in again
    assert files(tmp_path) == made
    assert {stat.S_IMODE(f.stat().st_mode) for f in tmp_path.rglob("*") if f.is_file()} == {0o600}
    for url in (f for f in made if f.endswith("-url")):
        assert made[url].decode().split(":")[2].split("@")[0] not in first + again


def _done(command: Result) -> str:
    assert command.exit_code == 0, command.output
    return command.output


def test_a_share_holds_one_services_secrets_and_no_others(
    operator: Operator, tmp_path: Path
) -> None:
    shares = tmp_path / "shares"
    _done(operator("init"))
    _done(operator("provision", "--shares", str(shares)))

    for service in SERVICES:
        share = files(shares / service)
        others = [other for other in SERVICES if other != service]
        assert not [f for f in share if any(f.startswith(f"keys/{other}/") for other in others)]
        assert share["database-url"].decode() == operator.url(service, "app-url")
        assert not [f for f, content in share.items() if b"_owner" in content]
    assert not [f for f in files(shares / "matching") if "clients/" in f and "matching" not in f]


def test_roles_are_apart(operator: Operator) -> None:
    _done(operator("provision"))

    async def refused(url: str, statement: str) -> bool:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            return True
        finally:
            await connection.close()
        return False

    runtime, matching = operator.url("registry", "app-url"), operator.url("matching", "app-url")
    assert asyncio.run(refused(runtime, "CREATE TABLE public.mine (id int)"))
    trespass = matching.rpartition("/")[0] + "/" + runtime.rpartition("/")[2]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(asyncpg.connect(trespass))


def test_introductions_carry_no_private_key(operator: Operator) -> None:
    _done(operator("init"))
    cards = list((operator.home / "keys" / "public" / "clients").iterdir())
    assert len(cards) == 4
    for card in cards:
        assert "d" not in json.loads(card.read_bytes())


def test_an_unreachable_postgresql_is_an_error_that_keeps_the_password(tmp_path: Path) -> None:
    operator = Operator(tmp_path, "hub", "postgresql://postgres:hush-hush@127.0.0.1:9/postgres")
    ended = operator("provision", "--wait", "0.1")
    assert ended.exit_code == 1
    assert "did not let us in" in ended.output
    assert "hush" not in ended.output


@given(user=st.text(min_size=1), password=st.text(min_size=1))
def test_any_password_survives_its_url(user: str, password: str) -> None:
    server = ExternalServer("postgresql://root:x@db.example:6432/postgres?sslmode=verify-full")
    made = server.url("hub_registry", user, password)
    head, _, tail = made.partition("@db.example:6432")
    assert tail == "/hub_registry?sslmode=verify-full"
    assert made.isascii()
    assert "@" not in head


def test_start_waits_for_a_setting_that_another_container_writes(tmp_path: Path) -> None:
    program = tmp_path / "hutong"
    program.write_text('#!/bin/sh\necho "$HUTONG_X_DATABASE_URL|$*"\n')
    program.chmod(0o755)
    setting = tmp_path / "database-url"
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HUTONG_X_DATABASE_URL_FILE": str(setting),
    }
    started = subprocess.Popen(
        [ROOT / "deploy" / "start", "serve", "x"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.7)
    assert started.poll() is None
    setting.write_text("postgresql://a:b c'd@e/f")
    said, _ = started.communicate(timeout=10)
    assert said == "postgresql://a:b c'd@e/f|serve x\n"
