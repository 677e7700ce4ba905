"""Key care (重点关爱): the list in three forms, one entry, decisions on it and opening by hand."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from services.registry import answers
from services.registry.children.kit import Kit
from services.registry.key_care import deciding, looking_back, queries, reading, showing, workbook
from services.registry.key_care.deciding import Word
from services.registry.key_care.queries import Question
from services.registry.key_care.representing import represent, represented
from services.registry.key_care.schemas import (
    EntriesOut,
    EntryOut,
    KeyCareDecisionIn,
    KeyCareOpeningIn,
    OpenedOut,
)
from services.registry.key_care.settling import ALLOWED
from services.registry.key_care.terms import REASONS, CareState, Category, DecisionKind, Place
from services.registry.past.recalling import recall_child
from services.registry.status import Status
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import LOCATED, TAGGED
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt
from shared.preconditions import IfMatch
from shared.problems import Conflict, NotFound, responses
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["key care"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.KEY_CARE_READ)]
Decider = Annotated[Caller, allowed(Scope.KEY_CARE_WRITE)]

NDJSON = "application/x-ndjson"
_FORMS = {
    NDJSON: {
        "schema": {"type": "string", "description": "one `EntryOut` a line, then control lines"}
    },
    workbook.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
}
_WORKBOOK_NAME = {"Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"}}


@router.get(
    "/key-care",
    summary="List key care",
    response_model=EntriesOut,
    response_model_exclude_none=True,
    responses={200: {"content": _FORMS, "headers": _WORKBOOK_NAME}},
)
async def list_key_care(
    request: Request,
    caller: Reader,
    category: Annotated[Category | None, Query(description="困境类型")] = None,
    state: Annotated[CareState | None, Query(description="only entries in this state")] = None,
    status: Annotated[
        Status | None, Query(description="the child's status (流动儿童认定状态)")
    ] = None,
    place: Annotated[
        Place, Query(description="which of the child's places is yours")
    ] = Place.RESIDENCE,
    child: Annotated[UUID | None, Query(description="only this child's")] = None,
    known_at: KnownAt = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="entries a page")] = DEFAULT_PAGE,
    cursor: Annotated[
        str | None,
        Query(max_length=500, description="`next` or a `cursor` line of the same question"),
    ] = None,
) -> Response:
    """The children of your area in key care, one entry a child and category, in the categories open to your department.

    The form follows `Accept`:

    * `application/json`: one page and the cursor of the next.
    * `application/x-ndjson`: all pages as lines.  After each page stands `{"cursor": …}`, from which a broken stream
      is taken up again; the last line is `{"end": "complete"}`, or `{"end": "refused"}` if your grant ended meanwhile.
    * the `.xlsx` media type: the ledger (台账) with the fifteen columns of Heze's annex 1, one row a child, at most
      100,000.  Without `state` it leaves out refused and closed entries.

    With `known_at`, in each of these forms, the entries of one `child` as they stood then: the ledger of an area would have to be
    folded anew for every child that any record ever placed there.  How many there were `/v1/figures` tells.
    """
    kit: Kit = request.app.state.kit
    groups = showing.sight(caller)
    question = Question(place, category, (state,) if state else None, status, child, known_at)
    accept = request.headers.get("accept", "")
    if workbook.MEDIA_TYPE in accept:
        return StreamingResponse(
            await workbook.build(request, caller, question),
            media_type=workbook.MEDIA_TYPE,
            headers={"Content-Disposition": 'attachment; filename="key-care.xlsx"'},
        )
    bookmark = reading.Bookmark(request, caller, question)
    after = bookmark.read(cursor)
    if NDJSON in accept:
        first = await reading.page(request, caller, question, after, limit, "key_care.stream")
        lines = reading.lines(request, caller, question, first, limit)
        return StreamingResponse(lines, media_type=NDJSON)
    page = await reading.page(request, caller, question, after, limit, "key_care.list")
    seen: dict[str, Any] = {"entries": showing.entries_of(kit, page.rows, groups)}
    if page.next:
        seen["next"] = bookmark.make(page.next)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/key-care/{entry_id}",
    summary="Read one entry of key care",
    response_model=EntryOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_key_care(
    request: Request,
    entry_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """One entry with its decisions.  Its ETag changes exactly when something that you may see does.

    With `known_at` as it stood then, of the child that it is about today.

    An entry you may not see answers exactly as one that does not exist.
    """
    showing.sight(caller)
    kit: Kit = request.app.state.kit
    if known_at is not None:
        row = await queries.entry(session, caller, entry_id)
        if row is None:
            raise NotFound
        now = request.app.state.clock.now()
        past = await recall_child(session, kit, caller, row["id"], now, known_at)
        then = looking_back.one(past, caller, entry_id)
        act = past.act(caller, "key_care.read_past", entry=str(entry_id))
        await audit.record(session, kit.audit, now, act)
        decided = looking_back.decisions(past, then["category"])
        return represented(kit, caller, then, decided).reply()
    seen = await represent(session, kit, caller, entry_id)
    read = audit.Act.of(caller, "key_care.read", [seen.child], entry=str(entry_id))
    await audit.record(session, kit.audit, request.app.state.clock.now(), read)
    return seen.reply()


@router.post(
    "/key-care/{entry_id}/decisions",
    summary="Decide on an entry of key care",
    response_model=EntryOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def decide_key_care(
    request: Request,
    entry_id: UUID,
    body: KeyCareDecisionIn,
    caller: Decider,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Confirm, refuse, close or open again: civil affairs (民政) of the child's residence or hukou place alone.

    What may follow what: a proposed entry is confirmed or refused, a confirmed one closed, one under review confirmed
    or closed, a refused or closed one opened.  Anything else is a conflict (409).  Answers with the entry as it is now.
    """
    showing.sight_of_decider(caller)
    deciding.check_reason(body.reason, body.note, REASONS[body.decision])
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    found = await queries.entry(session, caller, entry_id)
    if found is None:
        raise NotFound
    await deciding.hold(session, caller, found["id"])
    before = await represent(session, kit, caller, entry_id)
    preconditions.check(read, before.etag)
    if body.decision not in ALLOWED[before.state]:
        raise Conflict(f"An entry that is {before.state} takes no such decision.")
    word = Word(body.decision, before.category, body.reason, body.note)
    now = request.app.state.clock.now()
    made = await deciding.decide(session, kit, caller, before.child, word, before.evidence, now)
    after = await represent(session, kit, caller, entry_id)
    done = audit.Act.of(
        caller, "key_care.decide", [after.child], entry=str(entry_id), decision=str(made)
    )
    await audit.record(session, kit.audit, now, done)
    return after.reply()


@router.post(
    "/key-care",
    summary="Open key care by hand",
    status_code=201,
    response_model=OpenedOut,
    response_model_exclude_none=True,
    responses={201: LOCATED, **responses(409)},
)
async def open_key_care(
    request: Request,
    response: Response,
    body: KeyCareOpeningIn,
    caller: Decider,
    session: Transaction,
    idempotency_key: KeyHeader = None,
) -> OpenedOut:
    """Open an entry without evidence from records: for a migrant child or not, and where no profile holds.

    Civil affairs (民政) of the child's residence or hukou place alone.  An entry that is already current is a conflict
    (409): decide on that one.
    """
    showing.sight_of_decider(caller)
    deciding.check_reason(body.reason, body.note, REASONS[DecisionKind.OPEN])
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        await deciding.hold(session, caller, body.child_id)
        held = await queries.entry_of(session, body.child_id, body.category)
        if "open" not in ALLOWED[held["state"] if held else "none"]:
            raise Conflict("The child has a current entry of this category.")
        word = Word(DecisionKind.OPEN, body.category, body.reason, body.note)
        made = await deciding.decide(session, kit, caller, body.child_id, word, (), now)
        opened = await queries.entry_of(session, body.child_id, body.category)
        if opened is None:
            raise NotFound
        entry: UUID = opened["id"]
        done = audit.Act.of(
            caller, "key_care.open", [body.child_id], entry=str(entry), decision=str(made)
        )
        await audit.record(session, kit.audit, now, done)
        return {"id": entry, "child": body.child_id, "decision": made}

    ids = await once(
        session, kit.entries.key, caller, "key_care.open", idempotency_key, body, now, effect
    )
    response.headers["Location"] = f"/v1/key-care/{ids['id']}"
    return OpenedOut(**ids)
