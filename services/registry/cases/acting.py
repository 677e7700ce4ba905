"""Acting in a case: one act after another, each by who may, on the version that its author has read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.subjects import Subject
from services.registry.cases import announcing, queries
from services.registry.cases.authenticity import act_bound, words_of
from services.registry.cases.demanding import demands
from services.registry.cases.evidence import evidence_for
from services.registry.cases.folding import Folded, fold
from services.registry.cases.forms import CaseActIn
from services.registry.cases.ruling import Rules, rules_behind
from services.registry.cases.stepping import STEPS, Done, lacking, leads, may, owes
from services.registry.cases.terms import CaseActKind, CaseKind, CaseState
from services.registry.children.kit import Kit
from services.registry.vault import new_key
from shared import preconditions
from shared.auth import Caller
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, Flaw, Forbidden, Invalid, NotFound
from shared.sealing import Unsealable, seal
from shared.vocabulary import Department

#: More acts than any case has: what a runaway client could add.
MOST_ACTS = 1000


class MeasuresLacking(Conflict):
    type = "case-measures-lacking"
    title = "The place's rules command measures that were not taken"
    title_zh = "尚未采取当地规定应当采取的措施，不得结案"


async def act(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    case: UUID,
    body: CaseActIn,
    read: str,
    now: datetime,
) -> Any:
    """Append the act; the case's row as it was.  NotFound, Forbidden, Conflict, MeasuresLacking or PreconditionFailed."""
    Subject.of(caller)
    row = await queries.one(session, kit, caller, case, held=True)
    if row is None:
        raise NotFound
    preconditions.check(read, preconditions.etag(row["version"]))
    acts = await queries.acts_of(session, kit, caller, row)
    kind = CaseKind(row["kind"])
    folded = _checked(kit, row, acts)
    state = folded.state
    if body.act not in STEPS[kind][state]:
        raise Conflict(f"A case that is {state} takes no such act.")
    if len(acts) >= MOST_ACTS:
        raise Conflict("The case has too many acts; close it and open another.")
    if not body.fits(kind):
        raise Invalid(flaws=[Flaw("/body/outcome", "unfitting_outcome", "Not in such a case.")])
    rules = rules_behind(row, now)
    if not body.says_why(kind, rules.force):
        raise Invalid(flaws=[Flaw("/body/note", "note_required", "Say why.")])
    if not await _may(session, kit, caller, row, body.act):
        raise Forbidden("Another department does this.")
    if body.act == CaseActKind.CLOSE:
        _may_close(kind, folded.done, rules)
    following = STEPS[kind][state][body.act] or state
    await _append(session, kit, caller, row, body, folded, now)
    if following == CaseState.SENT != state:
        await announcing.sent(session, kit, row, row["version"] + 1, now)
    return row


async def _may(session: AsyncSession, kit: Kit, caller: Caller, row: Any, act: CaseActKind) -> bool:
    """Who leads may say that something is done, too, where a department's own report says so."""
    kind, opener = CaseKind(row["kind"]), Department(row["department"])
    if may(kind, act, caller.department, Department(row["addressee"]), opener):
        return True
    if act != CaseActKind.COMPLETE or not leads(kind, caller.department, opener):
        return False
    words = words_of(kit.sealer, row)
    return await evidence_for(session, kit, caller, row, words) is not None


def _checked(kit: Kit, case: Any, acts: Sequence[Any]) -> Folded:
    """What authentic acts come to, whatever the row says.

    NotFound for a case that was not written here, or of which an act was not; Conflict for one that was erased.
    """
    try:
        folded = fold(kit.sealer, case, acts)
    except (Unsealable, ValueError):
        raise NotFound from None
    if case["wrapped"] is None:
        raise Conflict("What this case was about has been erased.")
    return folded


def _may_close(kind: CaseKind, done: Sequence[Done], rules: Rules) -> None:
    missing = lacking(kind, done, rules.commanded)
    if missing:
        behind = f" ({rules.clause})" if rules.clause else ""
        raise MeasuresLacking(f"Not taken: {', '.join(missing)}{behind}.")


async def _append(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    case: Any,
    body: CaseActIn,
    before: Folded,
    now: datetime,
) -> None:
    row: dict[str, Any] = {
        "id": uuid7(),
        "case_id": case["id"],
        "number": case["version"],
        "kind": str(body.act),
        "outcome": str(body.outcome or ""),
        "issuer": str(body.issuer or ""),
        "client": caller.client,
        "department": str(caller.department),
        "actor": caller.actor,
        "acted_at": now,
    }
    data_key = await new_key(session, kit.sealer, row["id"])
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO case_acts (id, case_id, number, kind, outcome, issuer, client, department, actor,"
        " acted_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *row.values(),
        seal(data_key, body.note.encode(), act_bound(row)),
    )
    kind, acts = before.kind, (*before.done, Done(body.act, body.outcome))
    following = STEPS[kind][before.state][body.act] or before.state
    await connection.execute(
        "UPDATE cases SET state = $2, waiting_since = $3, demanding = $4, version = version + 1 WHERE id = $1",
        case["id"],
        following,
        (before.since or now) if owes(kind, following) else None,
        bool(demands(kind, before.words, acts)),
    )
