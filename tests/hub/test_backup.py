"""Backup and restore of a hub: what was pushed comes back, what was erased meanwhile does not."""

import asyncio
import json
import secrets
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.local import backup as keeping
from tests.databases import Cluster
from tests.registry.conftest import Registry
from tests.registry.test_pushing import enrolment


async def empty_databases(cluster: Cluster, like: dict[str, str]) -> dict[str, str]:
    """Fresh, unmigrated databases whose owner is the owner of ``like``."""
    urls = {}
    for service, url in like.items():
        owner = url.split("://")[1].split(":")[0]
        name = f"restored_{service}_{secrets.token_hex(3)}"
        await cluster.execute(f"CREATE DATABASE {name} OWNER {owner}")
        urls[service] = url.rsplit("/", 1)[0] + f"/{name}"
    return urls


async def test_a_restore_brings_everything_back_with_keys_kept_apart(
    registry: Registry,
    database: Any,
    cluster: Cluster,
    tmp_path: Path,
) -> None:
    education = await registry("education:500103")
    pushed = await education.post("/v1/enrolments", json=[enrolment("A-1"), enrolment("A-2")])
    assert pushed.status_code == 207
    owners = {
        "registry": registry.owner_url,
        "matching": (await database("matching")).owner,
        "notifications": (await database("notifications")).owner,
    }
    made = await keeping.backup(owners, tmp_path / "data", tmp_path / "keys")
    key_set = tmp_path / "keys" / made.name

    restored = await empty_databases(cluster, owners)
    try:
        assert await keeping.restore(restored, made, key_set) == 0
        connection = await asyncpg.connect(restored["registry"])
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        records = await connection.fetchval("SELECT count(*) FROM records")
        keys = await connection.fetchval("SELECT count(*) FROM vault.data_keys")
        forced = await connection.fetchval(
            "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'records'"
        )
        await connection.close()
        assert (records, keys, forced) == (2, 2, True)
        with pytest.raises(keeping.CannotRestore, match="not empty"):
            await keeping.restore(restored, made, key_set)
    finally:
        await cluster.drop(*(url.rsplit("/", 1)[1] for url in restored.values()))


async def test_a_changed_dump_is_refused(
    registry: Registry,
    database: Any,
    tmp_path: Path,
) -> None:
    owners = {
        "registry": registry.owner_url,
        "matching": (await database("matching")).owner,
        "notifications": (await database("notifications")).owner,
    }
    made = await keeping.backup(owners, tmp_path / "data", tmp_path / "keys")
    dump = made / "registry.dump"
    flipped = bytearray(dump.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    dump.write_bytes(flipped)
    with pytest.raises(keeping.CannotRestore, match=r"registry\.dump"):
        await keeping.restore(owners, made, tmp_path / "keys" / made.name)


async def test_the_dump_without_its_key_set_holds_no_wrapped_key(
    registry: Registry,
    database: Any,
    tmp_path: Path,
) -> None:
    owners = {
        "registry": registry.owner_url,
        "matching": (await database("matching")).owner,
        "notifications": (await database("notifications")).owner,
    }
    made = await keeping.backup(owners, tmp_path / "data", tmp_path / "keys")
    for service in set(keeping.SERVICES) - set(keeping.WITHOUT_VAULT):
        listed = await asyncio.to_thread(_contents, made / f"{service}.dump")
        assert "data_keys" not in listed
    manifest = json.loads((made / "manifest.json").read_bytes())
    assert set(manifest["files"]) >= {"registry.dump", "registry-vault.dump", "erasures.json"}
    # What has no keys of its own to take away is kept with them, and as briefly.
    for service in keeping.WITHOUT_VAULT:
        assert not (made / f"{service}.dump").exists()
        assert (tmp_path / "keys" / made.name / f"{service}.dump").exists()


def _contents(dump: Path) -> str:
    return subprocess.run(
        [keeping.tool("pg_restore"), "--list", str(dump)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
