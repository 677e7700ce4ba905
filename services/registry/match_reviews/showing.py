"""Showing: a review as one caller sees it, as exact bytes: what is sent, and what an ETag and an If-Match are about.

Both children stand side by side, masked by the access matrix, and with them what agrees and how much each agreement
weighs.  Nothing here depends on a child that the caller may not see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry import answers
from services.registry.access.sight import as_system
from services.registry.children import queries as children
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.children.viewing import view
from services.registry.key_care import showing as key_care
from services.registry.key_care.terms import CURRENT
from services.registry.links.steps import waterfall
from services.registry.match_reviews import queries
from services.registry.match_reviews.terms import Agreement, ReviewState
from services.registry.rulings import queries as ruled
from services.registry.rulings import showing as rulings
from services.registry.rulings.sight import Groups
from shared.auth import Caller
from shared.database import raw
from shared.problems import NotFound


@dataclass(frozen=True, slots=True)
class Representation:
    row: Any
    body: bytes
    etag: str
    second_needed: bool

    @property
    def children(self) -> list[UUID]:
        return [self.row["one"], self.row["other"]]


async def represent(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    groups: Groups,
    review: UUID,
    day: date,
    *,
    locked: bool = False,
) -> Representation:
    """The review; NotFound unless the caller sees both children, or what has become of them."""
    row = await queries.one(session, caller, review, locked=locked)
    if row is None:
        raise NotFound
    pair = [row["one"], row["other"]]
    rows = {child["id"]: child for child in await children.visible(session, caller, pair)}
    async with as_system(session, caller):
        there = await queries.existing(session, pair)
        cared_for = await ruled.cared_for(await raw(session), pair)
    gone_is_known = row["closed_at"] is not None
    if there - rows.keys() or (there != set(pair) and not gone_is_known) or not rows:
        raise NotFound
    second_needed = cared_for == set(pair)
    seen: dict[str, Any] = {
        **mark(row, day),
        "second_needed": second_needed,
        "sides": [
            await _side(session, kit, caller, groups, rows[child], pair)
            for child in pair
            if child in rows
        ],
        "agreement": _agreement(kit, groups, [rows[child] for child in pair if child in rows]),
        "evidence": waterfall(row["comparisons"], row["weight"], groups, is_shielded(row)),
        "rule_version": row["rule_version"],
        "rulings": await rulings.shown(
            session, kit, caller, await ruled.of_review(session, caller, review)
        ),
    }
    body = answers.dump(seen)
    return Representation(row, body, answers.etag(kit, body), second_needed)


def is_shielded(row: Any) -> bool:
    """Whether either child is: what agrees would tell where it lives."""
    shielded: bool = row["one_shielded"] or row["other_shielded"]
    return shielded


def mark(row: Any, day: date) -> dict[str, Any]:
    """What a list and the review itself say alike."""
    seen: dict[str, Any] = {
        "id": str(row["id"]),
        "state": str(state_of(row, day)),
        "children": [str(row["one"]), str(row["other"])],
        "opened_at": row["opened_at"],
    }
    if row["closed_at"] is not None:
        seen["closed_at"] = row["closed_at"]
    if row["assigned_actor"] is not None:
        seen["assigned_to"] = {"client": row["assigned_client"], "actor": row["assigned_actor"]}
    if seen["state"] == ReviewState.DEFERRED and row["deferred_until"] is not None:
        seen["deferred_until"] = row["deferred_until"]
    if row["returned"]:
        seen["returned"] = row["returned"]
    return seen


def state_of(row: Any, day: date) -> ReviewState:
    """Where it stands on a day: what was put off comes back by itself."""
    until = row["deferred_until"]
    if row["state"] == ReviewState.DEFERRED and until is not None and until <= day:
        return ReviewState.OPEN
    return ReviewState(row["state"])


async def _side(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    groups: Groups,
    row: Any,
    pair: Sequence[UUID],
) -> dict[str, Any]:
    child = row["id"]
    siblings = await children.siblings(session, caller, child) if "guardians" in groups else []
    care = await children.key_care_of(session, [child]) if "key_care" in groups else {}
    return {
        "child": key_care.child_of(kit, row, groups),
        "siblings": [str(one) for one in siblings if one not in pair],
        "key_care": [
            {"id": str(one["id"]), **{k: one[k] for k in ("category", "state", "since")}}
            for one in care.get(child, [])
            if one["state"] in CURRENT
        ],
    }


def _agreement(kit: Kit, groups: Groups, rows: Sequence[Any]) -> dict[str, str]:
    """How the two compare in each field that the caller sees; nothing where one of them is gone."""
    if len(rows) < 2:
        return {}
    sides = [_stated(kit, groups, row) for row in rows]
    found = {}
    for name in sorted(sides[0].keys() | sides[1].keys()):
        one, other = (side.get(name) for side in sides)
        if one is None or other is None:
            found[name] = str(Agreement.ONE_ONLY)
        else:
            found[name] = str(Agreement.SAME if one == other else Agreement.DIFFERENT)
    return found


def _stated(kit: Kit, groups: Groups, row: Any) -> Mapping[str, str]:
    """Values, unmasked, of the fields that are shown."""
    state = open_state(kit.sealer, row)
    seen = view(state, groups, row["shielded"])
    return {name: state["fields"][name]["value"] for name in seen["fields"]}
