"""Handing notices to whom they are for.

A notice that stands as issued without a receiver is given to the authority with the longest match, as soon as there is
one.  "Not ours" (非本地户籍) makes a successor that goes on to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.authorities.queries import candidates
from services.notifications.deliveries import payloads
from services.notifications.feed import announcing
from services.notifications.feed.announcing import Announcer, Outgoing
from services.notifications.hub import Hub
from services.notifications.notices.issuing import Kind
from services.notifications.notices.routing import Candidate, route
from services.notifications.peers.models import Peer
from services.notifications.peers.queries import trusted
from shared.clock import SHANGHAI, Clock, today
from shared.database import SYSTEM, Database, raw
from shared.divisions import county_of, text_of
from shared.ids import uuid7

BATCH = 500
PEER_NOTICES = "/v1/peer/notices"


@dataclass(frozen=True, slots=True)
class Group:
    """Notices that go the same way."""

    target: int
    unwanted: tuple[str, ...]
    incoming: bool


async def hand_over(database: Database, clock: Clock, hub: Hub) -> int:
    """Reroute what came back and give receivers what has none; how many notices."""
    async with database.transaction(SYSTEM) as session:
        if not await announcing.alone(session):
            return 0
        peers = await trusted(session, hub.audit)
        rerouted = await _reroute(session, hub, peers, clock.now())
        groups = await _unrouted(session)
        if not groups:
            return rerouted
        subscribers = await announcing.subscribers(session, hub.codes, today(clock))
        known = await candidates(session, hub.audit, subscribers, peers, hub.codes, today(clock))
        announcer = Announcer(hub, subscribers, clock.now())
        handed = 0
        for group in groups:
            fitting = [c for c in known if not (group.incoming and c.peer)]
            if chosen := route(group.target, fitting, group.unwanted):
                handed += await _hand(session, announcer, group, chosen, peers, BATCH - handed)
        await announcer.write(session)
        return rerouted + handed


async def _unrouted(session: AsyncSession) -> list[Group]:
    connection = await raw(session)
    return [
        Group(row["target_county"], tuple(row["unwanted"]), row["incoming"])
        for row in await connection.fetch(
            "SELECT DISTINCT target_county, unwanted, direction = 'incoming' AS incoming FROM notices"
            " WHERE receiver_name IS NULL AND state IN ('issued', 'delivered')"
        )
    ]


async def _hand(
    session: AsyncSession,
    announcer: Announcer,
    group: Group,
    to: Candidate,
    peers: Mapping[str, Peer],
    limit: int,
) -> int:
    connection = await raw(session)
    rows = await connection.fetch(
        "UPDATE notices n SET receiver_client = $4, receiver_name = $5, version = version + 1,"
        " peer = coalesce($6, peer), direction = CASE WHEN $6::text IS NULL THEN direction ELSE 'outgoing' END"
        " FROM (SELECT id FROM notices WHERE receiver_name IS NULL AND state IN ('issued', 'delivered')"
        "  AND target_county = $1 AND unwanted = $2 AND (direction = 'incoming') = $3"
        "  ORDER BY id LIMIT $7 FOR UPDATE) AS next"
        " WHERE n.id = next.id"
        " RETURNING n.id, n.kind, n.toward, n.child, n.origin_county, n.target_county,"
        "  n.created_at, n.peer, n.reference",
        group.target,
        list(group.unwanted),
        group.incoming,
        to.client,
        to.name,
        to.peer,
        max(limit, 0),
    )
    receiver = peers[to.peer].receiver if to.peer else None
    for row in sorted(rows, key=lambda r: r["id"]):
        if receiver is not None and to.peer is not None:
            announcer.send(_to_peer(announcer.hub, row, to.peer, receiver, announcer.now))
        elif to.client is not None:
            lane = row["child"] or payloads.derived_id(
                announcer.hub.ids, f"lane:{row['peer']}:{row['reference']}", "", UUID(int=0)
            )
            announcer.notice(
                row["id"], row["created_at"], row["child"], lane, row["target_county"], to.client
            )
    return len(rows)


def _to_peer(hub: Hub, row: Any, peer: str, receiver: UUID, now: datetime) -> Outgoing:
    message_id = payloads.derived_id(hub.ids, "notice", peer, row["id"])
    body = payloads.envelope(
        hub.name,
        payloads.PEER_NOTICE,
        message_id,
        now,
        hub.references.make(row["child"], f"peer:{peer}"),
        {
            "notice": str(row["id"]),
            "kind": row["kind"],
            "county": text_of(row["target_county"]),
            "origin_county": text_of(row["origin_county"]),
            "toward": row["toward"],
        },
        audience=peer,
    )
    if row["kind"] == Kind.HANDOVER:
        body["settles"] = True
    return Outgoing(
        receiver=receiver,
        client=None,
        lane_subject=row["child"],
        message_id=message_id,
        at=now,
        notice=row["id"],
        path=PEER_NOTICES,
        body=payloads.encoded(body),
    )


async def _reroute(
    session: AsyncSession, hub: Hub, peers: Mapping[str, Peer], now: datetime
) -> int:
    """Make a successor for every notice whose receiver said "not ours".

    A peer hub that names a place outside its own territory is not followed: a person reads its answer and decides.
    """
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT n.id, n.kind, n.toward, n.child, n.origin_county, n.target_county, n.unwanted, n.peer,"
        " n.direction, n.receiver_client, n.hukou_division, coalesce(c.shielded, false) AS shielded"
        " FROM notices n LEFT JOIN cases c USING (child)"
        " WHERE n.outcome = 'not_ours' AND n.kind <> 'handover' AND n.replaced_by IS NULL AND n.direction <> 'incoming'"
        " AND (n.direction = 'local' OR n.hukou_division IS NULL OR EXISTS (SELECT 1"
        "  FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS p(name, low, high)"
        "  WHERE p.name = n.peer AND n.hukou_division BETWEEN p.low AND p.high))"
        " ORDER BY n.id LIMIT $1 FOR UPDATE OF n",
        BATCH,
        list(peers),
        [peer.low for peer in peers.values()],
        [peer.high for peer in peers.values()],
    )
    for row in rows:
        successor = uuid7()
        await connection.execute(
            "INSERT INTO notices (id, kind, direction, toward, state, version, child, origin_county,"
            " target_county, unwanted, untold, released, unfounded, replaces, pushed,"
            " facts, tries, created_at, issued_at)"
            " VALUES ($1, $2, 'local', $3, $4, 1, $5, $6, $7, $8, false, false, false, $9,"
            " 'no', 'no', 0, $10, $11)",
            successor,
            row["kind"],
            row["toward"],
            "awaiting_decision" if row["shielded"] else "issued",
            row["child"],
            row["origin_county"],
            hub.codes.code_on(_next_target(row), now.astimezone(SHANGHAI).date()),
            [*row["unwanted"], _key_of(row)],
            row["id"],
            now,
            None if row["shielded"] else now,
        )
        await connection.execute(
            "UPDATE notices SET replaced_by = $2, version = version + 1 WHERE id = $1",
            row["id"],
            successor,
        )
    return len(rows)


def _next_target(row: Any) -> int:
    """The county that the answer named, if any, else the same one."""
    named: int | None = row["hukou_division"]
    target: int = row["target_county"]
    return county_of(named) if named is not None and named >= 10**11 else target


def _key_of(row: Any) -> str:
    if row["direction"] == "outgoing":
        return f"peer:{row['peer']}"
    return f"client:{row['receiver_client']}"
