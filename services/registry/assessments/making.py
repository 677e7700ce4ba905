"""Making: assessments, placements and what follows.  None of it waits for a child's status, for a rule, or for a review of who
is whom; a high risk opens a case in the same transaction.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.access.subjects import Subject
from services.registry.assessments import queries
from services.registry.assessments.authenticity import words_of, write
from services.registry.assessments.ruling import rules_of
from services.registry.assessments.schemas import AssessmentIn, PlacementActIn, PlacementIn
from services.registry.assessments.terms import CARE, AssessmentFinding, Basis, PlacementActKind
from services.registry.cases.forms import CaseIn
from services.registry.cases.opening import open_case
from services.registry.cases.terms import CaseKind, Topic
from services.registry.children import queries as children
from services.registry.children.kit import Kit
from services.registry.key_care import queries as key_care
from services.registry.rulebooks import adopting
from shared import divisions, preconditions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw
from shared.ids import uuid7
from shared.problems import Conflict, NotFound
from shared.sealing import Unsealable
from shared.vocabulary import Department

MOST_ACTS = 1000


class ConsentNeeded(Conflict):
    type = "guardian-consent-needed"
    title = "The place's rules ask for the guardian's consent, or a statutory ground"
    title_zh = "须经监护人同意，或注明法定情形"


async def _child(session: AsyncSession, caller: Caller, child: UUID) -> tuple[Any, UUID]:
    """A child that the caller sees, and its surest entry; NotFound otherwise."""
    rows = await children.visible(session, caller, [child])
    if not rows:
        raise NotFound
    async with as_system(session, caller):
        anchor = await key_care.surest_entry(session, child)
    if anchor is None:
        raise NotFound
    return rows[0], anchor


def place_of(caller: Caller, child: Any) -> int:
    """The child's place inside the caller's area: where it lives, else where it belongs; a county."""
    for code in (child["residence_code"], child["hukou_code"]):
        if code is not None and caller.covers(code):
            return divisions.county_of(code)
    raise NotFound


async def assess(
    session: AsyncSession, kit: Kit, caller: Caller, body: AssessmentIn, now: datetime
) -> UUID:
    """The new assessment's id."""
    subject = Subject.of(caller)
    child, anchor = await _child(session, caller, body.child_id)
    case = None
    if body.finding == AssessmentFinding.HIGH:
        case = await queries.open_intervention(session, kit, caller, body.child_id)
        if case is None:
            case = await _intervene(session, kit, caller, child, body, now)
    row: dict[str, Any] = {
        "id": uuid7(),
        "child_id": body.child_id,
        "anchor": anchor,
        "kind": str(body.kind),
        "finding": str(body.finding),
        "assessed_on": body.assessed_on,
        "case_id": case,
        "client": subject.client,
        "actor": subject.actor,
        "made_at": now,
    }
    async with as_system(session, caller):
        # By these rules it is read for as long as it is there.
        await adopting.keep(await raw(session), kit.audit, kit.profiles, now)
        await write(session, kit.sealer, "assessments", row, body.note)
    made: UUID = row["id"]
    return made


async def _intervene(
    session: AsyncSession, kit: Kit, caller: Caller, child: Any, body: AssessmentIn, now: datetime
) -> UUID:
    """A case of intervention (高监护风险干预), in the county that assesses."""
    wanted = CaseIn(
        kind=CaseKind.INTERVENTION,
        topic=Topic.GUARDIANSHIP_HIGH_RISK,
        place=divisions.text_of(place_of(caller, child)),
        to=Department.CIVIL_AFFAIRS,
        child_id=body.child_id,
        account=body.note.strip() or "风险评估：高监护风险",
    )
    return await open_case(session, kit, caller, wanted, now)


async def place(
    session: AsyncSession, kit: Kit, caller: Caller, body: PlacementIn, now: datetime
) -> UUID:
    """The new placement's id.  ConsentNeeded where the rules ask for consent and nothing stands in its place."""
    subject = Subject.of(caller)
    child, anchor = await _child(session, caller, body.child_id)
    day, at = now.astimezone(SHANGHAI).date(), place_of(caller, child)
    rules = rules_of(kit.profiles, at, str(body.kind), day)
    if rules.consent and body.kind in CARE and body.basis == Basis.NEITHER:
        raise ConsentNeeded(f"It is asked for by {rules.consent}.")
    row: dict[str, Any] = {
        "id": uuid7(),
        "child_id": body.child_id,
        "anchor": anchor,
        "measure": str(body.kind),
        "performer": body.performer,
        "basis": str(body.basis),
        "since": body.since,
        "place": at,
        "client": subject.client,
        "actor": subject.actor,
        "made_at": now,
    }
    async with as_system(session, caller):
        # By these rules it is read for as long as it is there.
        await adopting.keep(await raw(session), kit.audit, kit.profiles, now)
        await write(session, kit.sealer, "placements", row, body.note)
    made: UUID = row["id"]
    return made


async def act(
    session: AsyncSession,
    kit: Kit,
    caller: Caller,
    at: UUID,
    body: PlacementActIn,
    read: str,
    now: datetime,
) -> UUID:
    """Append an act; the child.  NotFound, Conflict or PreconditionFailed."""
    subject = Subject.of(caller)
    found = await queries.placement(session, kit, caller, at, held=True)
    if found is None:
        raise NotFound
    row, child = found
    if child is None or not await children.visible(session, caller, [child]):
        raise NotFound
    acts = (await queries.acts_of(session, kit, caller, [at])).get(at, [])
    try:
        words_of("placements", kit.sealer, row)
        for one in acts:
            words_of("placement_acts", kit.sealer, one)
    except Unsealable:
        raise NotFound from None
    preconditions.check(read, preconditions.etag(len(acts) + 1))
    if any(one["kind"] == PlacementActKind.END for one in acts):
        raise Conflict("It has ended; place the child again.")
    if body.act == PlacementActKind.WITHDRAW_CONSENT and row["basis"] != Basis.GUARDIAN_CONSENT:
        raise Conflict("It does not rest on a consent.")
    if len(acts) >= MOST_ACTS and body.act != PlacementActKind.END:
        raise Conflict("It has too many acts.")
    made = {
        "id": uuid7(),
        "placement_id": at,
        "number": len(acts) + 1,
        "kind": str(body.act),
        "done_on": body.done_on,
        "client": subject.client,
        "actor": subject.actor,
        "made_at": now,
    }
    async with as_system(session, caller):
        # By these rules it is read for as long as it is there.
        await adopting.keep(await raw(session), kit.audit, kit.profiles, now)
        await write(session, kit.sealer, "placement_acts", made, body.note)
    return child
