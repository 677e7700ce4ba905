"""Gathering: what people did about the alerts of many children, and which of their siblings are in key care."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.registry.alerts.authenticity import note_of
from services.registry.alerts.crowding import IS_CROWDED, IS_FAR
from services.registry.alerts.raising import Acted
from services.registry.alerts.watching import Sibling
from services.registry.children.anchoring import LINKED, whose
from shared import divisions
from shared.clock import SHANGHAI
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()

COLUMNS = (
    "a.id, a.alert_id, a.child_id, a.anchor, a.kind, a.cause, a.raised_on, a.act, a.outcome, a.client,"
    " a.department, a.actor, a.acted_at, a.sealed"
)
#: Acts whose key was destroyed were erased and speak no more.
_ACTS = (
    f"SELECT {COLUMNS}, {LINKED.format(word='a')}, k.master, k.wrapped FROM"
    " (SELECT id FROM alert_acts WHERE child_id = ANY($1) UNION SELECT id FROM alert_acts"
    "  WHERE anchor = ANY(ARRAY(SELECT entry_id FROM links WHERE person = ANY($1)))) AS found"
    " CROSS JOIN LATERAL (SELECT * FROM alert_acts WHERE id = found.id OFFSET 0) a"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = a.id OFFSET 0) k"
    " ORDER BY a.acted_at, a.id"
)
_SIBLINGS = (
    "SELECT DISTINCT n.child, s.* FROM unnest($1::uuid[], $2::bytea[]) AS n(child, hash)"
    " CROSS JOIN LATERAL (SELECT k.child_id AS sibling, k.category, k.since, c.residence_code, c.hukou_code,"
    "  c.residence_stated_by FROM child_lookups l JOIN key_care k ON k.child_id = l.child_id"
    "  AND k.state = 'confirmed' JOIN children c ON c.id = l.child_id"
    "  WHERE l.hash = n.hash AND l.child_id <> n.child OFFSET 0) s"
    f" WHERE NOT {IS_CROWDED.format(hash='n.hash', child='n.child')} ORDER BY 1, 2, 3"
)


def entry_of(kind: str, cause: str) -> UUID | None:
    """The entry that is the cause of an alert of this kind itself."""
    return UUID(cause) if kind == "costly_bill" else None


async def acts_of(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    broken: set[UUID],
) -> dict[UUID, list[Acted]]:
    """Acts by child, in order; one that was forged or changed puts its child into ``broken``."""
    wanted = set(children)
    found: dict[UUID, list[Acted]] = {}
    rows = await connection.fetch(_ACTS, children)
    if not rows:
        return found
    belongs = await whose(connection, sealer, rows, "acted_at")
    for row in rows:
        # An alert on one entry goes wherever the entry goes, whatever became of the child.
        of = row["person"] if entry_of(row["kind"], row["cause"]) else belongs[row["id"]]
        if of not in wanted:
            continue
        try:
            note_of(sealer, row)
        except Unsealable:
            log.error("alert_act.unsealable", act=str(row["id"]))
            broken.add(of)
            continue
        found.setdefault(of, []).append(acted(row))
    return found


def acted(row: Any) -> Acted:
    return Acted(
        row["kind"], row["cause"], row["raised_on"], row["act"], row["outcome"], row["acted_at"]
    )


async def siblings_of(
    connection: "asyncpg.Connection[Any]", guardians: Mapping[UUID, Sequence[bytes]]
) -> dict[UUID, list[Sibling]]:
    """Siblings in confirmed key care by child; ``guardians`` are the hashes of each child's guardians."""
    pairs = [(child, each) for child, hashes in guardians.items() for each in hashes]
    if not pairs:
        return {}
    found: dict[UUID, list[Sibling]] = {}
    for row in await connection.fetch(_SIBLINGS, *map(list, zip(*pairs, strict=True))):
        found.setdefault(row["child"], []).append(sibling_of(row))
    return found


def sibling_of(row: Any) -> Sibling:
    places = (row["residence_code"], row["hukou_code"])
    return Sibling(
        row["sibling"],
        row["category"],
        row["since"].astimezone(SHANGHAI).date(),
        tuple(divisions.county_of(code) for code in places if code is not None),
        tuple(row["residence_stated_by"]),
    )


async def shared_until_now(
    connection: "asyncpg.Connection[Any]", children: Sequence[UUID]
) -> list[UUID]:
    """The other children of the guardians that these children have, as they stand until they are written or removed."""
    rows = await connection.fetch(
        "SELECT DISTINCT theirs.child_id FROM child_lookups mine JOIN child_lookups theirs"
        " ON theirs.hash = mine.hash WHERE mine.child_id = ANY($1) AND theirs.child_id <> ALL($1)"
        f" AND NOT {IS_FAR.format(hash='mine.hash')}",
        children,
    )
    return [row["child_id"] for row in rows]


async def sharing(
    connection: "asyncpg.Connection[Any]", guardians: Mapping[UUID, Sequence[bytes]]
) -> list[UUID]:
    """The other children of these children's guardians, where those are no crowd."""
    pairs = [(child, each) for child, hashes in guardians.items() for each in hashes]
    if not pairs:
        return []
    rows = await connection.fetch(
        "SELECT DISTINCT l.child_id FROM unnest($1::uuid[], $2::bytea[]) AS n(child, hash)"
        " JOIN child_lookups l ON l.hash = n.hash WHERE l.child_id <> ALL($1)"
        f" AND NOT {IS_CROWDED.format(hash='n.hash', child='n.child')}",
        *map(list, zip(*pairs, strict=True)),
    )
    return [row["child_id"] for row in rows]
