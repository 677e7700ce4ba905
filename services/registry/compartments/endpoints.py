"""Compartments (分隔档案): kept by whom a place's rules name, read by whom its sharing list names, unknown to all others."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.compartments import acting, following, opening, reading, showing, tracing
from services.registry.compartments.entering import check_entitled
from services.registry.compartments.reading import Entry
from services.registry.compartments.schemas import (
    CompartmentActIn,
    CompartmentEntriesOfChildOut,
    CompartmentEntriesOut,
    CompartmentEntryIn,
    CompartmentEntryOut,
    CompartmentUsesOut,
)
from services.registry.compartments.sharing import Right
from services.registry.compartments.terms import FORMS, Compartment, CompartmentEntryState
from shared import preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.preconditions import IfMatch
from shared.problems import Forbidden, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1/compartments", tags=["compartments"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.COMPARTMENTS_READ)]
Writer = Annotated[Caller, allowed(Scope.COMPARTMENTS_WRITE)]


@router.post(
    "/{compartment}/entries",
    summary="Put a child into a compartment",
    status_code=201,
    response_model=CompartmentEntryOut,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def open_compartment_entry(
    request: Request,
    compartment: Compartment,
    body: CompartmentEntryIn,
    caller: Writer,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """A keeper's act, with a reason, in the county where the child lives.

    Nothing about the child changes for anybody else.  A child who is in the compartment already is a conflict (409), and so
    is a key protectee (重点关护对象) whose hardship nobody has confirmed.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made = await opening.open_entry(session, kit, caller, compartment, body, now)
        await tracing.record(
            session, kit, caller, "open", compartment, [made], [body.child_id], now
        )
        return {"entry": made}

    check_entitled(caller, compartment)
    operation = tracing.operation_of(kit, "open", compartment)
    ids = await once(session, kit.entries.key, caller, operation, key, body, now, effect)
    entry = await reading.one(session, kit, caller, compartment, ids["entry"], now)
    reply = _reply(kit, entry, now)
    reply.status_code = 201
    reply.headers["Location"] = f"/v1/compartments/{compartment}/entries/{entry.id}"
    return reply


@router.get(
    "/{compartment}/entries",
    summary="List the entries of a compartment",
    response_model=CompartmentEntriesOut,
    response_model_exclude_none=True,
)
async def list_compartment_entries(
    request: Request,
    compartment: Compartment,
    caller: Reader,
    session: Transaction,
    state: Annotated[CompartmentEntryState, Query(description="状态")] = CompartmentEntryState.OPEN,
    urgent: Annotated[
        bool | None, Query(description="only those that are urgent (紧急任务), or only the others")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """What the counties of your area keep and share with you, the oldest first.

    Markers of HIV and severe mental disorder are never listed: ask about one child.
    """
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    check_entitled(caller, compartment)
    if FORMS[compartment].one_by_one:
        raise Forbidden("This compartment is not listed; ask about one child.")
    asked = f"compartments|{caller.client}|{caller.purpose}|{compartment}|{state}|{urgent}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    entries, position = await reading.page(
        session, kit, caller, compartment, state, urgent, after, limit, now
    )
    await _trace(session, kit, caller, "list", compartment, entries, now)
    seen: dict[str, Any] = {"entries": [showing.mark(entry, now) for entry in entries]}
    if position is not None:
        seen["next"] = cursors.make(str(position), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/{compartment}/children/{child_id}",
    summary="Ask whether a child is in a compartment",
    response_model=CompartmentEntriesOfChildOut,
    response_model_exclude_none=True,
)
async def read_compartment_of_child(
    request: Request,
    compartment: Compartment,
    child_id: UUID,
    caller: Reader,
    session: Transaction,
) -> Response:
    """The child's entries, after a merge perhaps several; none where it is not in the compartment, or not shared with you.

    Of a child that is in it, `follow_ups` are the entitlements past sixteen that this alone gives it: they stand nowhere else.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    check_entitled(caller, compartment)
    entries = await reading.of_child(session, kit, caller, compartment, child_id, now)
    ids = [entry.id for entry in entries]
    await tracing.record(session, kit, caller, "ask", compartment, ids, [child_id], now)
    seen: dict[str, Any] = {"entries": [showing.whole(entry, now) for entry in entries]}
    if found := await following.of_child(session, kit, caller, compartment, entries, now):
        seen["follow_ups"] = found
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/{compartment}/entries/{entry_id}",
    summary="Read an entry of a compartment",
    response_model=CompartmentEntryOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def read_compartment_entry(
    request: Request, compartment: Compartment, entry_id: UUID, caller: Reader, session: Transaction
) -> Response:
    """All of it for its keepers and readers, the level alone for whom the list shows no more.

    An entry that is not shared with you answers exactly as one that does not exist.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    check_entitled(caller, compartment)
    entry = await reading.one(session, kit, caller, compartment, entry_id, now)
    await _trace(session, kit, caller, "read", compartment, [entry], now)
    return _reply(kit, entry, now)


@router.post(
    "/{compartment}/entries/{entry_id}/acts",
    summary="Act in an entry of a compartment",
    response_model=CompartmentEntryOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def act_in_compartment_entry(
    request: Request,
    compartment: Compartment,
    entry_id: UUID,
    body: CompartmentActIn,
    caller: Writer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Set a level, propose to lower it, agree or refuse, follow up, hand over, close, reopen: a keeper's act.

    A colour of psychological risk is raised by one person.  It is lowered by a proposal with evidence (佐证) and by another
    person's consent (409 `lowering-takes-two`), and closed at the lowest level alone.  The highest level is urgent until
    somebody follows it up; nothing ends by itself.
    """
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    entry = await acting.act(session, kit, caller, compartment, entry_id, body, read, now)
    await _trace(session, kit, caller, "act", compartment, [entry], now)
    entry = await reading.one(session, kit, caller, compartment, entry_id, now)
    return _reply(kit, entry, now)


@router.get(
    "/{compartment}/entries/{entry_id}/uses",
    summary="See who used an entry of a compartment",
    response_model=CompartmentUsesOut,
)
async def list_compartment_uses(
    request: Request, compartment: Compartment, entry_id: UUID, caller: Reader, session: Transaction
) -> Response:
    """The compartment's own audit, for its keepers: nobody finds it under the child."""
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    check_entitled(caller, compartment)
    entry = await reading.one(session, kit, caller, compartment, entry_id, now)
    if entry.right < Right.KEEP:
        raise Forbidden("A keeper of this compartment does this.")
    uses = await tracing.uses_of(session, entry.id)
    await _trace(session, kit, caller, "uses", compartment, [entry], now)
    seen = {"uses": [dict(use) for use in uses]}
    return Response(answers.dump(seen), media_type="application/json")


async def _trace(
    session: Transaction,
    kit: Kit,
    caller: Caller,
    operation: str,
    compartment: Compartment,
    entries: list[Entry],
    now: Any,
) -> None:
    ids, about = [entry.id for entry in entries], [entry.child for entry in entries]
    await tracing.record(session, kit, caller, operation, compartment, ids, about, now)


def _reply(kit: Kit, entry: Entry, now: Any) -> Response:
    body = showing.body_of(entry, now)
    return Response(body, media_type="application/json", headers={"ETag": answers.etag(kit, body)})
