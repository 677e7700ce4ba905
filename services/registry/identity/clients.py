"""Clients: adding, rotating, revoking, and the grant behind each."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import KeySet
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import categories_of
from services.registry.identity.models import Client
from shared import divisions, jwk
from shared.auth import Grant, read_token
from shared.database import SYSTEM, Database
from shared.limits import KEYS_OF_A_CLIENT
from shared.problems import Unauthenticated
from shared.vocabulary import Department, Purpose, Scope


class UnknownClient(Exception):
    """There is no client of that id."""


def grant_of(client: Client) -> Grant:
    return Grant(
        client=client.id,
        department=Department(client.department),
        low=client.low,
        high=client.high,
        scopes=frozenset(Scope(s) for s in client.scopes),
        purposes=frozenset(Purpose(p) for p in client.purposes),
        sources=tuple(client.sources),
        categories=categories_of(Department(client.department)),
    )


async def add(
    session: AsyncSession,
    *,
    client: str,
    department: Department,
    area: str,
    scopes: Sequence[Scope],
    purposes: Sequence[Purpose],
    key: dict[str, Any],
    sources: Sequence[str] = (),
    now: datetime,
) -> Client:
    """Register a client; ``area`` is one division code, which stands for everything inside it."""
    low, high = (0, 999_999_999_999) if area == "all" else divisions.area_of(divisions.widen(area))
    made = Client(
        id=client,
        department=department,
        low=low,
        high=high,
        scopes=sorted(scopes),
        purposes=sorted(purposes),
        sources=list(sources) or [client],
        keys=[jwk.public(jwk.read(key))],
        created_at=now,
    )
    session.add(made)
    await session.flush()
    return made


async def rotate(session: AsyncSession, client: str, key: dict[str, Any]) -> None:
    """Accept a new key beside the newest old one."""
    found = await named(session, client)
    found.keys = [jwk.public(jwk.read(key)), *found.keys][:KEYS_OF_A_CLIENT]
    session.add(found)


async def revoke(session: AsyncSession, client: str, now: datetime) -> None:
    """End a client: no new token, and every token it holds is refused from now on."""
    found = await named(session, client)
    found.revoked_at = found.not_before = now
    session.add(found)


async def named(session: AsyncSession, client: str) -> Client:
    found = await session.get(Client, client)
    if found is None:
        raise UnknownClient(client)
    return found


async def all_of(session: AsyncSession) -> Sequence[Client]:
    return (await session.exec(select(Client).order_by(col(Client.id)))).all()


class StoredAuthority:
    """The registry's authority: signature, then the client's row as it stands at this very request."""

    def __init__(self, database: Database, keys: KeySet, issuer: str) -> None:
        self._database = database
        self._keys = keys
        self._issuer = issuer

    async def grant_of(self, token: str) -> tuple[Grant, str]:
        claims = read_token(token, self._keys, self._issuer, time.time())
        async with self._database.transaction(SYSTEM) as session:
            client = await session.get(Client, claims.grant.client)
        if client is None or client.revoked_at is not None:
            raise Unauthenticated()
        issued = datetime.fromtimestamp(claims.issued_at, UTC)
        if client.not_before is not None and issued <= client.not_before:
            raise Unauthenticated()
        grant = grant_of(client)
        return grant.model_copy(
            update={"scopes": grant.scopes & claims.grant.scopes}
        ), claims.token_id
