"""Telling: the events of a dossier that stand in rows: records, key care, duties, cases, reviews, emergencies, announcements.

Each reads as the caller where row-level security shows what is the caller's, and as the service where words follow their
anchors; what a scope or a group does not open is not told, and leaves no trace.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from services.registry.access.matrix import FEED_GROUPS
from services.registry.access.sight import as_system
from services.registry.cases import queries as cases
from services.registry.cases.authenticity import note_of, words_of
from services.registry.cases.folding import fold
from services.registry.cases.terms import CaseState
from services.registry.children.building import SHIELDING
from services.registry.children.gathering import decisions_of
from services.registry.children.kit import Kit
from services.registry.dossiers.events import DossierEventKind, Event, at, made_id
from services.registry.dossiers.reader import Reader
from services.registry.duties import queries as duties
from services.registry.key_care.deciding import note_of as decision_note
from services.registry.key_care.terms import DecisionKind
from services.registry.left_behind.terms import KINDS as LEFT_BEHIND
from services.registry.past import looking_back
from services.registry.records.models import RECALL
from services.registry.rulings.sight import may_read
from shared.database import raw
from shared.sealing import Unsealable
from shared.vocabulary import Department, Purpose, Scope

log = structlog.get_logger()

#: What others are told of; that something else changed, or that somebody read, is no event of the child's life.
ANNOUNCED: Final = (
    "child.registered",
    "child.residence_changed",
    "child.moved_on",
    "child.hukou_changed",
    "child.merged",
    "child.parted",
    "key_care.changed",
)


async def records(reader: Reader, told: Collection[UUID]) -> list[Event]:
    """Every version and recall, except the records that a visit of the dossier stands for (``told``)."""
    if not reader.has("provenance"):
        return []
    rows: list[Any]
    if reader.past:
        rows = [one.plain._asdict() for one in reader.past.known.records]
    else:
        async with as_system(reader.session, reader.caller):
            rows = await reader.rows(
                "SELECT r.id, r.entry_id, r.version, r.kind, r.feed, r.department, r.observed_on, r.received_at"
                " FROM links l JOIN records r ON r.entry_id = l.entry_id"
                " JOIN vault.data_keys k ON k.id = r.id WHERE l.person = $1"
            )
    return [
        at(
            row["id"],
            DossierEventKind.RECALL if row["kind"] == RECALL else DossierEventKind.RECORD,
            row["received_at"],
            feed=row["feed"],
            department=row["department"],
            version=row["version"],
            observed_on=row["observed_on"].isoformat(),
            entry=str(row["entry_id"]),
        )
        for row in rows
        if row["id"] not in told and FEED_GROUPS.get(row["feed"], "") in reader.groups
    ]


async def decided(reader: Reader) -> list[Event]:
    """What people decided on key care, in the categories open to the reader, and that addresses were hidden or shown."""
    if not reader.has("key_care", "provenance"):
        return []
    if reader.past:
        return list(_decisions(reader, reader.past.known.decisions))
    broken: set[UUID] = set()
    async with as_system(reader.session, reader.caller):
        connection = await raw(reader.session)
        rows = await decisions_of(connection, reader.kit.sealer, [reader.child], broken)
    return list(_decisions(reader, rows.get(reader.child, ())))


_ON_CARE: Final = frozenset(str(kind) for kind in DecisionKind)


def _decisions(reader: Reader, rows: Sequence[Any]) -> Iterator[Event]:
    for row in rows:
        if row["kind"] in SHIELDING:
            # Why a home is hidden stands with the act, not in every file.
            yield at(row["id"], DossierEventKind.SHIELD, row["decided_at"], act=row["kind"])
        elif row["kind"] in LEFT_BEHIND and reader.has("status"):
            yield at(
                row["id"],
                DossierEventKind.LEFT_BEHIND_DECISION,
                row["decided_at"],
                decision=str(LEFT_BEHIND[row["kind"]]),
                reason=row["reason"],
                actor=row["actor"],
                note=_note(reader, row),
            )
        elif row["kind"] in _ON_CARE and row["category"] in reader.caller.grant.categories:
            yield at(
                row["id"],
                DossierEventKind.KEY_CARE_DECISION,
                row["decided_at"],
                category=row["category"],
                decision=row["kind"],
                reason=row["reason"],
                actor=row["actor"],
                note=_note(reader, row),
            )


def _note(reader: Reader, row: Any) -> str:
    caring = reader.caller.purpose == Purpose.KEY_CARE
    return decision_note(reader.kit.sealer, row) if caring else ""


async def owed(reader: Reader) -> list[Event]:
    """What is owed to the child, on the day on which it began to be; what did it stands there as a visit."""
    if not reader.has("duties"):
        return []
    rows: Sequence[Any]
    if reader.past:
        rows = looking_back.owed(reader.past, reader.caller)
    else:
        found = await duties.of_children(reader.session, [reader.child])
        rows = found.get(reader.child, ())
    return [
        Event(
            made_id(reader.kit.entries.key, row["duty_id"], row["begun_on"]),
            DossierEventKind.DUTY,
            row["begun_on"],
            detail={
                "duty": row["duty"],
                "department": row["department"],
                "state": row["state"],
                "due_on": row["due_on"].isoformat() if row["due_on"] else None,
                "clause": row["detail"]["clause"],
            },
        )
        for row in rows
    ]


async def worked_on(reader: Reader) -> list[Event]:
    """Reports, referrals and suggestions about the child that the reader has to do with, and every act in them."""
    if not (reader.holds(Scope.CASES_READ) and reader.has("identity")):
        return []
    found: list[Event] = []
    then = reader.past.known_at if reader.past else None
    every = await cases.of_child(reader.session, reader.kit, reader.caller, reader.child, then)
    for case in every:
        acts = await cases.acts_of(reader.session, reader.kit, reader.caller, case)
        done = [one for one in acts if one["acted_at"] <= reader.known_at]
        found += _case(reader.kit, case, done, origin=reader.has("provenance"))
    return found


def _case(kit: Kit, case: Any, acts: Sequence[Any], *, origin: bool) -> Iterator[Event]:
    """Only what is authentic: a case or an act that does not open was changed past the hub, or erased."""
    if not _opens(words_of, kit, case):
        return
    done = [act for act in acts if _opens(note_of, kit, act)]
    try:
        folded = fold(kit.sealer, case, done)
        state, demands = folded.state, [str(one) for one in folded.demands]
    except ValueError:  # an act among them does not open
        state, demands = CaseState(case["state"]), []
    yield at(
        case["id"],
        DossierEventKind.CASE_OPENED,
        case["opened_at"],
        case=str(case["id"]),
        kind=case["kind"],
        topic=case["topic"],
        department=case["department"],
        to=case["addressee"],
        state=state,
        record=str(case["record"]) if origin and case["record"] is not None else "",
        demands=demands or None,
    )
    for act in done:
        yield at(
            act["id"],
            DossierEventKind.CASE_ACT,
            act["acted_at"],
            case=str(case["id"]),
            act=act["kind"],
            outcome=act["outcome"],
            issuer=act["issuer"],
            department=act["department"],
        )


def _opens(opener: Any, kit: Kit, row: Any) -> bool:
    if row["wrapped"] is None:
        return False
    try:
        opener(kit.sealer, row)
    except Unsealable:
        log.error("dossier.unsealable", row=str(row["id"]))
        return False
    return True


async def doubted(reader: Reader) -> list[Event]:
    """Doubts about who the child is, and rulings on them, for those who reach both children."""
    if not may_read(reader.caller):
        return []
    found = []
    for row in await reader.rows(
        "SELECT id, opened_at, closed_at FROM match_reviews WHERE (one = $1 OR other = $1)"
        " AND opened_at <= $2",
        reader.known_at,
    ):
        key = reader.kit.entries.key
        kind = DossierEventKind.MATCH_REVIEW_OPENED
        opened = made_id(key, row["id"], "opened")
        found.append(at(opened, kind, row["opened_at"], review=str(row["id"])))
        if row["closed_at"] is not None and row["closed_at"] <= reader.known_at:
            kind, closed = DossierEventKind.MATCH_REVIEW_CLOSED, made_id(key, row["id"], "closed")
            found.append(at(closed, kind, row["closed_at"], review=str(row["id"])))
    for row in await reader.rows(
        "SELECT id, kind, made_at, CASE WHEN settled_at <= $2 OR settled_at IS NULL THEN state END AS state"
        " FROM rulings WHERE (one = $1 OR other = $1) AND made_at <= $2",
        reader.known_at,
    ):
        # How one stood that was settled since is not kept.
        detail = {"ruling": str(row["id"]), "kind": row["kind"], "state": row["state"]}
        found.append(at(row["id"], DossierEventKind.RULING, row["made_at"], **detail))
    return found


async def looked_up(reader: Reader) -> list[Event]:
    """Emergencies in which the child was opened, as those see them who review them."""
    if not (reader.holds(Scope.BREAK_GLASS) and reader.has("identity")):
        return []
    found = []
    for row in await reader.rows(
        "SELECT id, department, reason, verdict, opened_at, reviewed_at FROM break_glass"
        " WHERE child_id = $1 AND expires_at > opened_at AND opened_at <= $2",
        reader.known_at,
    ):
        opened = {"department": row["department"], "reason": row["reason"]}
        found.append(at(row["id"], DossierEventKind.EMERGENCY_OPENED, row["opened_at"], **opened))
        if row["reviewed_at"] is not None and row["reviewed_at"] <= reader.known_at:
            made = made_id(reader.kit.entries.key, row["id"], "reviewed")
            kind = DossierEventKind.EMERGENCY_REVIEWED
            found.append(at(made, kind, row["reviewed_at"], verdict=row["verdict"]))
    return found


async def announced(reader: Reader) -> list[Event]:
    """What notices were made of: told to the notifications service, which knows to whom they went and what was answered."""
    if reader.caller.department != Department.CIVIL_AFFAIRS or not reader.has("provenance"):
        return []
    rows = await reader.rows(
        "SELECT id, type, occurred_at FROM outbox WHERE subject = $1 AND type = ANY($2)"
        " AND occurred_at <= $3",
        list(ANNOUNCED),
        reader.known_at,
    )
    return [
        at(row["id"], DossierEventKind.ANNOUNCED, row["occurred_at"], event=row["type"])
        for row in rows
        if row["type"] != "key_care.changed" or reader.has("key_care")
    ]
