"""Opening a case: at once, for any child of the place, registered or not.

A report needs neither status, nor review, nor a registered child, nor what a text asks of whoever makes it.  Whoever names a
registered child must see it, so that an opening tells nobody whether a child is known.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.matrix import open_groups
from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject
from services.registry.cases import announcing
from services.registry.cases.authenticity import case_bound
from services.registry.cases.causing import child_of
from services.registry.cases.demanding import asked_of, demands
from services.registry.cases.forms import CaseIn
from services.registry.cases.ruling import Rules, rules_of
from services.registry.cases.terms import CaseKind, CaseState
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.key_care import queries as key_care
from services.registry.rulebooks import adopting
from services.registry.vault import new_key
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Flaw, Forbidden, Invalid, NotFound
from shared.sealing import seal


async def open_case(
    session: AsyncSession, kit: Kit, caller: Caller, body: CaseIn, now: datetime
) -> UUID:
    """The new case's id.  Forbidden outside the caller's area, NotFound for a child that the caller does not see."""
    Subject.of(caller)
    place = divisions.widen(body.place)
    if not caller.covers(place):
        raise Forbidden("The place lies outside your area.")
    rules = rules_of(kit.profiles, place, body.kind, body.topic, now.astimezone(SHANGHAI).date())
    _check_sender(rules, body)
    child = body.child_id
    if body.record is not None:
        child = await child_of(session, caller, body.record, child)
    anchor = await _anchor(session, caller, child) if child else None
    row: dict[str, Any] = {
        "id": uuid7(),
        "kind": str(body.kind),
        "topic": str(body.topic),
        "place": place,
        "addressee": str(body.to),
        "child_id": child,
        "anchor": anchor,
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "opened_at": now,
        "record": body.record,
    }
    said: dict[str, Any] = {"account": body.account}
    if body.child is not None:
        said["child"] = body.child.model_dump(exclude_none=True)
    for name in ("year", "sender", "hotline"):
        if (value := getattr(body, name)) is not None:
            said[name] = value
    if body.kind == CaseKind.REPORT:
        said |= {"told": body.told} if body.told else {}
        said |= {"asked": asked} if (asked := asked_of(rules)) else {}
    data_key = await new_key(session, kit.sealer, row["id"])
    connection = await raw(session)
    # By these rules it is read for as long as it is there.
    await adopting.keep(connection, kit.audit, kit.profiles, now)
    await connection.execute(
        "INSERT INTO cases (id, kind, topic, place, addressee, child_id, anchor, client, department, actor,"
        " opened_at, record, sealed, state, demanding, waiting_since, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $11, 1)",
        *row.values(),
        seal(data_key, orjson.dumps(said), case_bound(row)),
        CaseState.SENT,
        bool(demands(body.kind, said, ())),
    )
    await announcing.sent(session, kit, row, 1, now)
    made: UUID = row["id"]
    return made


def _check_sender(rules: Rules, body: CaseIn) -> None:
    """A referral comes by one of the place's own lines, and, where its text closes the list of senders, from one of them."""
    if body.kind == CaseKind.REFERRAL and rules.senders and body.sender not in rules.senders:
        detail = f"One of: {', '.join(rules.senders)}."
        raise Invalid(flaws=[Flaw("/body/sender", "unfitting_sender", detail)])
    names = [name for name, _ in rules.hotlines]
    if body.hotline is not None and body.hotline not in names:
        detail = f"One of: {', '.join(names)}." if names else "The place's texts name none."
        raise Invalid(flaws=[Flaw("/body/hotline", "unfitting_hotline", detail)])


async def _anchor(session: AsyncSession, caller: Caller, child: UUID) -> UUID:
    if not open_groups(caller.department, caller.purpose) or not await children.visible(
        session, caller, [child]
    ):
        raise NotFound
    async with as_system(session, caller):
        anchor = await key_care.surest_entry(session, child)
    if anchor is None:
        raise NotFound
    return anchor
