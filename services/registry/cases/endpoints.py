"""Cases (个案): opened by any department of a place, answered by whom it concerns, closed by the lead."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry import answers
from services.registry.access.matrix import open_groups
from services.registry.cases import acting, looking_back, opening, queries, showing
from services.registry.cases.authenticity import words_of
from services.registry.cases.evidence import evidence_for
from services.registry.cases.folding import fold
from services.registry.cases.forms import CaseActIn, CaseIn
from services.registry.cases.schemas import CaseMark, CaseOut, CasesOut
from services.registry.cases.terms import CaseKind, CaseState
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from shared import audit, preconditions
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.contract import TAGGED, TAGGED_AND_LOCATED
from shared.cursors import Cursors
from shared.idempotency import Ids, KeyHeader, once
from shared.limits import DEFAULT_PAGE, MAX_PAGE
from shared.parameters import KnownAt, passed
from shared.preconditions import IfMatch
from shared.problems import NotFound, responses
from shared.sealing import Unsealable
from shared.vocabulary import Scope

router = Router(prefix="/v1/cases", tags=["cases"], responses=USUAL)

Reader = Annotated[Caller, allowed(Scope.CASES_READ)]
Writer = Annotated[Caller, allowed(Scope.CASES_WRITE)]


@router.post(
    "",
    summary="Open a case",
    status_code=201,
    response_model=CaseMark,
    response_model_exclude_none=True,
    responses={201: TAGGED_AND_LOCATED, **responses(409)},
)
async def open_case(
    request: Request,
    body: CaseIn,
    caller: Writer,
    session: Transaction,
    key: KeyHeader = None,
) -> Response:
    """Report to police, refer for treatment or rehabilitation, register a suggestion, or ask an office to take something up
    for a child (帮办代办): a person's act.

    The child need not be registered, and nothing waits for its status.  Whoever is to answer finds the case in its list
    at once.
    """
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()

    async def effect() -> Ids:
        made = await opening.open_case(session, kit, caller, body, now)
        opened = await queries.one(session, kit, caller, made)
        subjects = [opened["child"]] if opened and opened["child"] else []
        act = audit.Act.of(
            caller,
            "cases.open",
            subjects,
            case=str(made),
            kind=str(body.kind),
            topic=str(body.topic),
        )
        await audit.record(session, kit.audit, now, act)
        return {"case": made}

    ids = await once(session, kit.entries.key, caller, "cases.open", key, body, now, effect)
    row = await queries.one(session, kit, caller, ids["case"])
    if row is None:
        raise NotFound
    acts = await queries.acts_of(session, kit, caller, row)
    # What was written is not sent back: it is for those who read the case.
    return Response(
        answers.dump(showing.mark(row, fold(kit.sealer, row, acts), now)),
        status_code=201,
        media_type="application/json",
        headers={
            "ETag": preconditions.etag(row["version"]),
            "Location": f"/v1/cases/{ids['case']}",
        },
    )


@router.get("", summary="List cases", response_model=CasesOut, response_model_exclude_none=True)
async def list_cases(
    request: Request,
    caller: Reader,
    session: Transaction,
    kind: Annotated[CaseKind | None, Query(description="个案类型")] = None,
    state: Annotated[CaseState | None, Query(description="办理状态")] = None,
    waiting: Annotated[
        bool | None,
        Query(
            description="only those that are owed an answer or of which something is asked (`demands`), or only the others"
        ),
    ] = None,
    known_at: KnownAt = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Cases of your area, the oldest first: civil affairs (民政) see all of their place, others those that they opened or
    are to answer.

    With `waiting` they are what is to be pressed for: `overdue`, and at once where no limit is configured; and those of which
    something else is still asked (`demands`).

    With `known_at` those that had been opened by then, each as it stood: `state` and `waiting` are asked of each page after
    it was read, so that a page may hold fewer than `limit`, even none, and still have a `next`.
    """
    kit: Kit = request.app.state.kit
    cursors: Cursors = request.app.state.cursors
    now = request.app.state.clock.now()
    asked = f"cases|{caller.client}|{caller.purpose}|{kind}|{state}|{waiting}|{known_at}"
    after = UUID(cursors.read(cursor, asked, now)) if cursor else None
    then = passed(known_at, now)
    if known_at is not None:
        rows = await queries.page_known(session, kit, caller, kind, then, after, limit)
    else:
        rows = await queries.page(session, kit, caller, kind, state, waiting, after, limit)
    subjects = sorted({row["child"] for row in rows if row["child"]})
    read = audit.Act.reading(caller, "cases.list", subjects, known_at)
    await audit.record(session, kit.audit, now, read)
    acts = await queries.acts_of_all(session, kit, caller, rows)
    marks = []
    for row in rows:
        try:
            folded = fold(kit.sealer, row, [a for a in acts[row["id"]] if a["acted_at"] <= then])
        except (Unsealable, ValueError):  # it, or an act of it, was not written here
            continue
        if folded.fits(state, waiting):
            marks.append(showing.mark(row, folded, then))
    seen: dict[str, Any] = {"cases": marks}
    if len(rows) == limit:
        seen["next"] = cursors.make(str(rows[-1]["id"]), asked, now)
    return Response(answers.dump(seen), media_type="application/json")


@router.get(
    "/{case_id}",
    summary="Read a case",
    response_model=CaseOut,
    response_model_exclude_none=True,
    responses={200: TAGGED},
)
async def show_case(
    request: Request,
    case_id: UUID,
    caller: Reader,
    session: Transaction,
    known_at: KnownAt = None,
) -> Response:
    """A case with its acts, what was written, and what it still lacks.

    With `known_at` as it stood then.  The clause, the limit and what is commanded are in any view those that the hub had
    adopted when the case was opened.

    A case you may not see answers exactly as one that does not exist.
    """
    return await _reply(request, session, caller, case_id, "cases.read", known_at)


@router.post(
    "/{case_id}/acts",
    summary="Act in a case",
    response_model=CaseOut,
    response_model_exclude_none=True,
    responses={200: TAGGED, **responses(409, 412, 428)},
)
async def act_in_case(
    request: Request,
    case_id: UUID,
    body: CaseActIn,
    caller: Writer,
    session: Transaction,
    if_match: IfMatch = None,
) -> Response:
    """Receive, answer, accept, decline or return it, take a measure, follow up, close or reopen.

    The addressee receives and answers.  Police, or civil affairs for procuratorate and court, tell of measures.  A
    report is closed by civil affairs, once it is answered and every measure that the place's rules command (应当) was
    taken (409 `case-measures-lacking`).  Assistance is taken up (`accept`), its papers gathered and submitted, and it is
    completed, declined or handed back with a reason; where there is `evidence` that it is done, whoever opened it may
    complete it too.  Nothing closes by itself.
    """
    read = preconditions.given(if_match)
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    row = await acting.act(session, kit, caller, case_id, body, read, now)
    subjects = [row["child"]] if row["child"] else []
    done = audit.Act.of(caller, "cases.act", subjects, case=str(case_id), act=str(body.act))
    await audit.record(session, kit.audit, now, done)
    return await _reply(request, session, caller, case_id)


async def _reply(
    request: Request,
    session: Transaction,
    caller: Caller,
    case: UUID,
    operation: str = "",
    known_at: datetime | None = None,
) -> Response:
    """The case as it is, or was ``known_at`` an instant; its reading recorded under ``operation``, unless an act was."""
    kit: Kit = request.app.state.kit
    now = request.app.state.clock.now()
    then = passed(known_at, now)
    row = await queries.one(session, kit, caller, case)
    if row is None:
        raise NotFound
    past = await looking_back.recalled(session, kit, caller, row, now, then) if known_at else None
    acts = past.acts if past else await queries.acts_of(session, kit, caller, row)
    row = past.row if past else row
    child = row["child"]
    reads = bool(child and open_groups(caller.department, caller.purpose))
    seen = reads and bool(await children.visible(session, caller, [child]))
    if operation:
        subjects = [child] if child else []
        read = audit.Act.of(caller, operation, subjects, case=str(case))
        if past:
            times = {"case": str(case), "known_at": then.isoformat()}
            read = audit.Act.of(caller, f"{operation}_past", [*subjects, *past.others], **times)
        await audit.record(session, kit.audit, now, read)
    try:
        words = words_of(kit.sealer, row)
        known = past.known if past else None
        found = await evidence_for(session, kit, caller, row, words, known) if seen else None
        origin = "provenance" in open_groups(caller.department, caller.purpose)
        shown = showing.whole(
            kit,
            row,
            acts,
            then,
            child_is_seen=seen,
            origin_is_seen=origin or row["department"] == caller.department,
            evidence=found,
        )
        body = answers.dump(shown)
    except (Unsealable, ValueError):  # it, or an act of it, was not written here
        raise NotFound from None
    etag = preconditions.etag(past.version if past else row["version"])
    return Response(body, media_type="application/json", headers={"ETag": etag})
