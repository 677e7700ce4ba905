"""Clients: adding, rotating, revoking, and the grant behind each.

Every change is authenticated and told to the audit trail; a row that is not authentic is no client.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import categories_of, compartments_of
from services.registry.children.kit import Kit
from services.registry.identity import contractors
from services.registry.identity.authenticity import CLIENTS, Forged, authentic, registered
from services.registry.identity.models import Client
from services.registry.identity.signing import IssuerKeys
from services.registry.profiles import Profiles
from shared import audit, divisions, jwk
from shared.auth import Grant, read_token
from shared.clock import Clock, today
from shared.database import SYSTEM, Database
from shared.keys import KeySet
from shared.limits import KEYS_OF_A_CLIENT
from shared.problems import Unauthenticated
from shared.registered import OPERATOR
from shared.revocations import key_named_in
from shared.vocabulary import Department, Purpose, Scope

log = structlog.get_logger()


class UnknownClient(Exception):
    """There is no client of that id."""


def grant_of(client: Client) -> Grant:
    department = Department(client.department)
    scopes = frozenset(Scope(s) for s in client.scopes)
    purposes = frozenset(Purpose(p) for p in client.purposes)
    narrow = client.contractor
    return Grant(
        client=client.id,
        department=department,
        low=client.low,
        high=client.high,
        scopes=scopes & contractors.SCOPES if narrow else scopes,
        purposes=purposes & contractors.PURPOSES if narrow else purposes,
        sources=(client.id,) if narrow else tuple(client.sources),
        categories=() if narrow else categories_of(department),
        contractor=narrow,
        compartments=() if narrow else compartments_of(department),
    )


def grant_on(client: Client, profiles: Profiles, day: date) -> Grant:
    """The grant with its area under the code of the day, where one place took over the whole of it.

    A contractor's area never becomes another than the one that a person gave it.
    """
    grant = grant_of(client)
    given = (grant.low, grant.high)
    low, high = given if grant.contractor else divisions.area_on(given, day, profiles.code_on)
    if (low, high) == given:
        return grant
    return grant.model_copy(update={"low": low, "high": high, "formerly": given})


async def add(
    session: AsyncSession,
    keys: KeySet,
    *,
    client: str,
    department: Department,
    area: str,
    scopes: Sequence[Scope],
    purposes: Sequence[Purpose],
    key: dict[str, Any],
    sources: Sequence[str] = (),
    contractor: bool = False,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    profiles: Profiles | None = None,
    now: datetime,
    actor: str = OPERATOR,
) -> Client:
    """Register a client; ``area`` is one division code, which stands for everything inside it.

    ``keys`` is the registry's audit key set.  A contractor's grant is checked against the rules of its place
    (``contractors.NotAllowed``); ``valid_until`` is the first instant at which the client is none any more.
    """
    low, high = _area(area)
    if contractor:
        begins = valid_from or now
        contractors.check(
            department=department,
            area=(low, high),
            scopes=scopes,
            purposes=purposes,
            begins=begins,
            until=valid_until,
            profile=profiles.for_division(low, begins.date()) if profiles else None,
        )
        sources = ()
    made = Client(
        id=client,
        department=str(department),
        low=low,
        high=high,
        scopes=sorted(map(str, scopes)),
        purposes=sorted(map(str, purposes)),
        sources=list(sources) or [client],
        keys=[jwk.public(jwk.read(key))],
        created_at=now,
        contractor=contractor,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    return await _write(session, keys, made, "add", now, actor)


def _area(text: str) -> tuple[int, int]:
    return (0, 999_999_999_999) if text == "all" else divisions.area_of(divisions.widen(text))


async def change(
    session: AsyncSession,
    keys: KeySet,
    client: str,
    *,
    area: str | None = None,
    scopes: Sequence[Scope] | None = None,
    purposes: Sequence[Purpose] | None = None,
    valid_until: datetime | None = None,
    profiles: Profiles | None = None,
    now: datetime,
    actor: str = OPERATOR,
) -> None:
    """Give a client another area, other scopes or purposes; what is None stays.  Forged where it is not authentic.

    The registry goes by it at once; elsewhere a token speaks for the old grant until it expires.
    """
    found = await _authentic(session, keys, client)
    if area is not None:
        found.low, found.high = _area(area)
    if scopes is not None:
        found.scopes = sorted(map(str, scopes))
    if purposes is not None:
        found.purposes = sorted(map(str, purposes))
    if valid_until is not None:
        found.valid_until = valid_until
    if found.contractor:
        begins = found.valid_from or found.created_at
        contractors.check(
            department=Department(found.department),
            area=(found.low, found.high),
            scopes=[Scope(s) for s in found.scopes],
            purposes=[Purpose(p) for p in found.purposes],
            begins=begins,
            until=found.valid_until,
            profile=profiles.for_division(found.low, begins.date()) if profiles else None,
        )
    await _write(session, keys, found, "change", now, actor)


async def rotate(
    session: AsyncSession,
    keys: KeySet,
    client: str,
    key: dict[str, Any],
    now: datetime,
    actor: str = OPERATOR,
) -> None:
    """Accept a new key beside the newest old one; Forged where the grant is not authentic."""
    found = await _authentic(session, keys, client)
    found.keys = [jwk.public(jwk.read(key)), *found.keys][:KEYS_OF_A_CLIENT]
    await _write(session, keys, found, "rotate", now, actor)


async def revoke(
    session: AsyncSession, keys: KeySet, client: str, now: datetime, actor: str = OPERATOR
) -> None:
    """End a client for good: no new token, and every token it holds is refused from now on."""
    found = await named(session, client)
    if found.revoked_at is None:
        found.revoked_at = found.not_before = now
    await _write(session, keys, found, "revoke", now, actor)


async def adopt(
    session: AsyncSession, keys: KeySet, client: str, now: datetime, actor: str = OPERATOR
) -> None:
    """Vouch for a row from before rows were authenticated; Forged when it was authenticated once and no longer is."""
    found = await named(session, client)
    if found.mac is not None and not authentic(keys, found):
        raise Forged(client)
    await _write(session, keys, found, "adopt", now, actor)


async def _write(
    session: AsyncSession, keys: KeySet, client: Client, operation: str, now: datetime, actor: str
) -> Client:
    client.generation += 1
    client.mac = registered(client).made(keys)
    session.add(client)
    await session.flush()
    await audit.record(session, keys, now, registered(client).act(operation, actor))
    return client


async def named(session: AsyncSession, client: str) -> Client:
    """A client's row, authentic or not; UnknownClient when there is none."""
    found = await session.get(Client, client)
    if found is None:
        raise UnknownClient(client)
    return found


async def _authentic(session: AsyncSession, keys: KeySet, client: str) -> Client:
    found = await named(session, client)
    if not authentic(keys, found):
        raise Forged(client)
    return found


async def live(session: AsyncSession, keys: KeySet, client: str) -> Client | None:
    """The client as it stands at this moment; None when it is unknown, revoked, not authentic or outside its time.

    Its time is the machine's clock, as that of tokens.
    """
    found = await session.get(Client, client)
    if found is None or found.revoked_at is not None or not in_time(found, datetime.now(UTC)):
        return None
    if not authentic(keys, found):
        log.error("client.forged", id=client)
        return None
    return found


def in_time(client: Client, now: datetime) -> bool:
    """Whether its grant has begun and has not ended."""
    begun = client.valid_from is None or client.valid_from <= now
    return begun and (client.valid_until is None or now < client.valid_until)


async def all_of(session: AsyncSession) -> Sequence[Client]:
    return (await session.exec(select(Client).order_by(col(Client.id)))).all()


async def faults_of(session: AsyncSession, keys: KeySet) -> list[str]:
    """Every client whose row is not what an operator's command last made of it."""
    return await CLIENTS.faults(session, keys, map(registered, await all_of(session)))


class StoredAuthority:
    """The registry's authority: signature, then the client's row as it stands at this very request."""

    def __init__(
        self,
        database: Database,
        issuer_keys: IssuerKeys,
        kit: Kit,
        issuer: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._issuer_keys = issuer_keys
        self._kit = kit
        self._issuer = issuer
        self._clock = clock

    async def grant_of(self, token: str) -> tuple[Grant, str]:
        verifying = self._issuer_keys.verifying(key_named_in(token))
        claims = read_token(token, verifying, self._issuer, time.time())
        async with self._database.transaction(SYSTEM) as session:
            client = await live(session, self._kit.audit, claims.grant.client)
        if client is None:
            raise Unauthenticated()
        issued = datetime.fromtimestamp(claims.issued_at, UTC)
        if client.not_before is not None and issued <= client.not_before:
            raise Unauthenticated()
        grant = grant_on(client, self._kit.profiles, today(self._clock))
        return grant.model_copy(
            update={"scopes": grant.scopes & claims.grant.scopes}
        ), claims.token_id
