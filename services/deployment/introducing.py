"""Introducing the hub's own services to its registry, which gives tokens to clients it knows alone.

The registry learns public keys only; they lie in ``<home>/keys/public/clients``.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from services.local.secrets import OWN_CLIENTS
from services.registry.identity import clients
from services.registry.identity.models import Client
from shared import jwk, keys
from shared.database import SYSTEM, Database
from shared.keys import write_secret
from shared.vocabulary import Department, Scope

SCOPES: Mapping[str, tuple[Scope, ...]] = {
    "registry": (Scope.RESOLUTIONS_WRITE, Scope.EVENTS_WRITE),
    "matching": (Scope.REVOCATIONS_READ,),
    "notifications": (Scope.REVOCATIONS_READ, Scope.PEER_FACTS_WRITE),
}


def _card(home: Path, client: str) -> Path:
    return home / "keys" / "public" / "clients" / f"{client}.jwk"


def publish(home: Path) -> None:
    """Write the public half of each own client key beside the other public keys."""
    for client in OWN_CLIENTS:
        key = jwk.load(home / "keys" / "clients" / f"{client}.jwk")
        write_secret(_card(home, client), json.dumps(jwk.public(key)).encode())


def _is_as_made(home: Path, client: Client) -> bool:
    """Whether a row from before rows were authenticated says what we would say ourselves."""
    key = json.loads(_card(home, client.id).read_bytes())
    return (
        client.mac is None
        and client.department == Department.SERVICE
        and client.scopes == sorted(map(str, SCOPES[client.id]))
        and not client.purposes
        and client.keys == [key]
    )


async def introduce(database_url: str, home: Path, now: datetime) -> list[str]:
    """Register the services that the registry does not know yet; their names."""
    key_set = keys.load(home / "keys" / "registry" / "audit.json")
    database = Database(database_url, pool_size=1)
    try:
        async with database.transaction(SYSTEM) as session:
            known = {client.id: client for client in await clients.all_of(session)}
            for name in SCOPES:
                if (client := known.get(name)) is not None and _is_as_made(home, client):
                    await clients.adopt(session, key_set, name, now)
            new = [name for name in SCOPES if name not in known]
            for name in new:
                await clients.add(
                    session,
                    key_set,
                    client=name,
                    department=Department.SERVICE,
                    area="all",
                    scopes=SCOPES[name],
                    purposes=(),
                    key=json.loads(_card(home, name).read_bytes()),
                    now=now,
                )
        return new
    finally:
        await database.close()
