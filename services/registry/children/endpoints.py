"""Reading children: one, by search, or by the references that events and notices carry."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from services.registry.access.sight import as_system, groups_for
from services.registry.children import queries, viewing
from services.registry.children.building import open_state
from services.registry.children.events import county
from services.registry.children.kit import Kit
from services.registry.children.marks import mark
from services.registry.children.reference_schemas import (
    PlainChild,
    ReferenceOut,
    ReferencesIn,
    ReferencesOut,
)
from services.registry.children.schemas import (
    ChildOut,
    ChildrenOut,
    SearchIn,
)
from services.registry.children.state import facts_of
from services.registry.duties import queries as duties
from services.registry.follow_ups.marking import marks
from services.registry.handovers.showing import responsible_on
from services.registry.past import looking_back
from services.registry.past.recalling import recall
from shared import audit, outbox, resident_id
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.clock import today
from shared.contract import TAGGED
from shared.hashes import keyed, lookup_hashes
from shared.limits import MAX_FOUND_CHILDREN
from shared.parameters import KnownAt, On
from shared.problems import Flaw, Invalid, NotFound
from shared.references import References
from shared.vocabulary import Department, Scope

router = Router(prefix="/v1", tags=["children"], responses=USUAL)

ChildReader = Annotated[Caller, allowed(Scope.CHILDREN_READ)]


async def shown(
    request: Request, session: Transaction, caller: Caller, rows: list[Any], operation: str
) -> list[ChildOut]:
    """Rows as the caller may see them, their reading recorded in this transaction."""
    kit: Kit = request.app.state.kit
    groups = groups_for(caller)
    care = (
        await queries.key_care_of(session, [r["id"] for r in rows]) if "key_care" in groups else {}
    )
    await audit.record(
        session,
        kit.audit,
        request.app.state.clock.now(),
        audit.Act.of(caller, operation, [r["id"] for r in rows], fields=sorted(groups)),
    )
    owed = await duties.of_children(session, [r["id"] for r in rows]) if "duties" in groups else {}
    day = today(request.app.state.clock)
    children = []
    day = today(request.app.state.clock)
    for row in rows:
        state = open_state(kit.sealer, row)
        seen = viewing.view(state, groups, row["shielded"])
        if "file" in groups:
            seen["responsible"] = responsible_on(state, kit.profiles.code_on, day)
        if "status" in groups:
            decision = row["decision"]
            seen["status"] = {
                "status": row["status"],
                "reasons": decision["reasons"],
                "missing": decision["missing"],
                "next_change_on": decision["next_change_on"],
                "rule_version": decision["profile"],
            }
            seen["left_behind"] = decision.get("left_behind")
            found = marks(facts_of(state), state["fields"], kit.profiles, day)
            seen["follow_ups"] = [asdict(one) for one in found if one.group in groups] or None
        if "key_care" in groups:
            seen["key_care"] = [dict(k) for k in care.get(row["id"], [])]
            seen["shielded"] = row["shielded"]
        if "duties" in groups:
            seen["duties"] = [mark(one) for one in owed.get(row["id"], [])]
        children.append(ChildOut.model_validate({"id": row["id"], **seen}))
    return children


@router.get(
    "/children/{child_id}",
    summary="Read a child",
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_child(
    request: Request,
    response: Response,
    child_id: UUID,
    caller: ChildReader,
    session: Transaction,
    on: On = None,
    known_at: KnownAt = None,
) -> ChildOut:
    """One child, each field with the record it came from, as far as your department and purpose may see.

    With `on` or `known_at` (or both) a view of the past: by the records, links, decisions and rules that were known then, and
    masked as today.  It tells nothing of siblings.  Where it rests on what was told of a child that you may not see today,
    and where the hub did not know the child then, there is none.

    A child you may not see answers exactly as one that does not exist.
    """
    groups_for(caller)
    rows = await queries.visible(session, caller, [child_id])
    if not rows:
        raise NotFound()
    if on is not None or known_at is not None:
        child = await recalled(request, session, caller, rows[0], on, known_at)
    else:
        (child,) = await shown(request, session, caller, rows, "children.read")
        if child.guardians is not None:
            child.siblings = await queries.siblings(session, caller, child_id)
    body = child.model_dump_json(exclude_none=True).encode()
    kit: Kit = request.app.state.kit
    response.headers["ETag"] = '"' + keyed(kit.entries.key, "etag", body).hex()[:32] + '"'
    return child


async def recalled(
    request: Request,
    session: Transaction,
    caller: Caller,
    row: Any,
    on: date | None,
    known_at: datetime | None,
) -> ChildOut:
    """The child of a row as it was, its reading recorded in this transaction."""
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    past = await recall(session, kit, caller, row, now, on=on, known_at=known_at)
    act = past.act(caller, "children.read_past", fields=sorted(groups_for(caller)))
    await audit.record(session, kit.audit, now, act)
    return looking_back.shown(past, caller, kit.profiles)


@router.get(
    "/entries/{entry_id}/child",
    summary="Read the child that an entry speaks of",
    response_model_exclude_none=True,
)
async def show_child_of_entry(
    request: Request, entry_id: UUID, caller: ChildReader, session: Transaction
) -> ChildOut:
    """The child that an entry speaks of: how a notice from another hub leads to the child here."""
    groups_for(caller)
    rows = await queries.of_entry(session, caller, entry_id)
    if not rows:
        raise NotFound()
    (child,) = await shown(request, session, caller, rows, "children.read")
    return child


@router.post(
    "/children/search", summary="Find children by exact criteria", response_model_exclude_none=True
)
async def search_children(
    request: Request, body: SearchIn, caller: ChildReader, session: Transaction
) -> ChildrenOut:
    """Children of your area by ID number, or by name and birth date.  At most 20; every search is audited."""
    groups_for(caller)
    kit: Kit = request.app.state.kit
    if body.id_number:
        number = resident_id.read(body.id_number).number or body.id_number
        hashes = lookup_hashes(kit.index, "id_number", number)
    elif body.name and body.birth_date:
        hashes = lookup_hashes(kit.index, "name_birth", body.name, body.birth_date)
    else:
        raise Invalid(flaws=[Flaw("/body", "criteria", "Give id_number, or name and birth_date.")])
    rows = await queries.found_by(session, caller, hashes, MAX_FOUND_CHILDREN)
    return ChildrenOut(children=await shown(request, session, caller, rows, "children.search"))


@router.post(
    "/references/read", summary="Read children by reference", response_model_exclude_none=True
)
async def read_references(
    request: Request,
    body: ReferencesIn,
    caller: Annotated[Caller, allowed(Scope.REFERENCES_READ)],
    session: Transaction,
) -> ReferencesOut:
    """What the opaque references in your events and notices stand for, up to 200 in one audited call."""
    groups = groups_for(caller)
    kit: Kit = request.app.state.kit
    references: References = request.app.state.references
    receiver = receiver_of(caller)
    children = {r: references.read(r, receiver) for r in body.references}
    wanted = [child for child in children.values() if child]
    rows = {row["id"]: row for row in await queries.visible(session, caller, wanted)}
    if caller.department == Department.HUB:
        async with as_system(session, caller):
            rows |= {row["id"]: row for row in await queries.offered(session, caller, wanted)}
    now = request.app.state.clock.now()
    acts = [audit.Act.of(caller, "references.read", sorted(rows), fields=sorted(groups))]
    await audit.record(session, kit.audit, now, *acts)
    await outbox.append(session, kit.audit, now, [_was_read(row, caller) for row in rows.values()])
    results = []
    for reference in body.references:
        child = children[reference]
        row = rows.get(child) if child else None
        if row is None:
            results.append(ReferenceOut(reference=reference, found=False))
        else:
            results.append(
                ReferenceOut(reference=reference, found=True, child=plain(kit, row, groups, caller))
            )
    return ReferencesOut(results=results)


def receiver_of(caller: Caller) -> str:
    """References are made for a client; those for another hub for ``peer:<its name>``."""
    hub = caller.client.removeprefix("hub-")
    return f"peer:{hub}" if caller.department == Department.HUB else caller.client


def _was_read(row: Any, caller: Caller) -> outbox.Event:
    return outbox.Event(
        "reference.read",
        row["id"],
        row["child_seq"],
        {
            "residence": county(row["residence_code"]),
            "hukou": county(row["hukou_code"]),
            "shielded": row["shielded"],
            "reader": caller.client,
        },
    )


def plain(kit: Kit, row: Any, groups: Mapping[str, str], caller: Caller) -> PlainChild:
    """A child in the shape of the intake's common block, masked by the same matrix; another hub gets no id."""
    seen = viewing.view(open_state(kit.sealer, row), groups, row["shielded"])
    fields = {name: f["value"] for name, f in seen["fields"].items()}
    made: dict[str, Any] = {
        "name": fields.get("name"),
        "sex": fields.get("sex") if groups.get("identity") == "full" else None,
        "birth_date": fields.get("birth_on"),
        "id_number": fields.get("id_number") or fields.get("other_number"),
    }
    if caller.department != Department.HUB:
        made["id"] = row["id"]
    if made["id_number"]:
        made["id_kind"] = "resident_id" if "id_number" in fields else "other"
    if hukou := seen.get("hukou"):
        made["hukou"] = {k: hukou[-1].get(k) for k in ("division", "address")}
    if episodes := seen.get("episodes"):
        made["residence"] = {k: episodes[-1].get(k) for k in ("division", "since")}
    if guardians := seen.get("guardians"):
        made["guardians"] = [
            {k: g.get(k) for k in ("name", "relation", "id_number", "phone")} for g in guardians
        ]
    if "status" in groups:
        made["status"] = row["status"]
    return PlainChild.model_validate(made)
