"""No list of processes shows a database's password while a backup or a restore runs."""

import secrets
import stat
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.local import backup
from shared.embedded_postgres import provision
from tests.databases import Cluster

HARD = "p@ss:w/rd%20 密'码?#&"


@given(st.text(min_size=8), st.booleans())
def test_a_password_is_taken_out_of_a_url_wherever_it_stands(password: str, queried: bool) -> None:
    encoded = quote(password, safe="")
    login, query = ("owner", f"&password={encoded}") if queried else (f"owner:{encoded}", "")
    url = f"postgresql://{login}@db.example:6543/hutong_registry?sslmode=require{query}"
    shown, found = backup.without_password(url)
    assert found == password
    assert shown == "postgresql://owner@db.example:6543/hutong_registry?sslmode=require"


@pytest.mark.parametrize("url", ["postgresql:///db?host=/run/pg", "postgresql://localhost/db"])
def test_a_url_without_a_password_stays_as_it_is(url: str) -> None:
    shown, found = backup.without_password(url)
    assert (urlsplit(shown).netloc, found) == (urlsplit(url).netloc, "")


async def test_the_tools_are_let_in_and_their_command_lines_hold_no_password(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real tools, run through a wrapper that writes down its own command line as others would see it."""
    seen = tmp_path / "seen"
    wrappers = tmp_path / "bin"
    wrappers.mkdir()
    real = {name: backup.tool(name) for name in ("pg_dump", "pg_restore")}
    for name, path in real.items():
        wrapper = wrappers / name
        wrapper.write_text(f'#!/bin/sh\ncat /proc/$$/cmdline >>{seen}\nexec {path} "$@"\n')
        wrapper.chmod(0o755)
    monkeypatch.setattr(backup, "tool", lambda name: str(wrappers / name))
    name = f"backup_{secrets.token_hex(3)}"
    try:
        await provision(cluster.server, name, HARD, HARD)
        url = cluster.server.url(name, f"{name}_owner", HARD)
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE here AS SELECT 1 AS one")
        backup._dump(url, tmp_path / "one.dump", "--schema=public")
        await connection.execute("DROP SCHEMA public CASCADE")
        backup._load(url, tmp_path / "one.dump")
        assert await connection.fetchval("SELECT one FROM here") == 1
        await connection.close()
    finally:
        await cluster.drop(name)
        await cluster.execute(*(f"DROP ROLE IF EXISTS {name}_{role}" for role in ("owner", "app")))
    assert stat.S_IMODE((tmp_path / "one.dump").stat().st_mode) == 0o600
    lines = seen.read_bytes()
    assert lines.count(b"--dbname=postgresql://") == 2
    assert HARD.encode() not in lines and quote(HARD, safe="").encode() not in lines
