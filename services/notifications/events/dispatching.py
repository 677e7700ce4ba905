"""From events to notices and announcements: the registry's word becomes what receivers are told.

Events are taken in the registry's order, each with all its effects in the same transaction, once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.feed import announcing
from services.notifications.feed.announcing import Announcer
from services.notifications.feed.audience import audience
from services.notifications.hub import Hub
from services.notifications.notices import holding, moving
from services.notifications.notices.issuing import (
    HANDED_OVER,
    Draft,
    Happening,
    Kind,
    Told,
    county_in,
    drafts,
    happening,
    left_hukou,
    untrue_since_parting,
)
from services.notifications.notices.states import OPEN, State
from shared.clock import SHANGHAI, Clock
from shared.database import SYSTEM, Database, raw
from shared.ids import uuid7

BATCH = 300
#: No record speaks of the child any more; our open notices about it are withdrawn.
GONE = {"child.erased", "child.withdrawn"}
#: A case waits, or has waited too long: told to the departments that it names, and no effect besides.
OF_CASES = {"case.sent", "case.overdue"}
#: Nobody is told of these: an answer to each reading would cause the next reading; a handover is the two counties' own; and
#: an update says nothing of what it is about, so that one of key care would tell those who may not know of it.  The hukou
#: place gets its notice, and whoever sees key care follows it in the registry.
SILENT = {"reference.read", "qualification.enquired", "key_care.changed", HANDED_OVER}


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event as it lies in the inbox."""

    sender: str
    id: UUID
    type: str
    at: datetime
    child: UUID
    child_seq: int
    body: Mapping[str, Any]


async def dispatch(database: Database, clock: Clock, hub: Hub, batch: int = BATCH) -> int:
    """Give the next events their effects; how many."""
    async with database.transaction(SYSTEM) as session:
        if not await announcing.alone(session):
            return 0
        events = until_return(await _waiting(session, batch))
        if events:
            await _take(session, hub, events, clock.now())
        return len(events)


def until_return(events: Sequence[Arrived]) -> Sequence[Arrived]:
    """The events before the first about a child that ended among them: a new life is for the next batch."""
    ended: set[UUID] = set()
    for place, event in enumerate(events):
        if event.child in ended:
            return events[:place]
        if event.type in GONE or event.type == "child.merged":
            ended.add(event.child)
    return events


async def _take(session: AsyncSession, hub: Hub, events: Sequence[Arrived], now: datetime) -> None:
    day = now.astimezone(SHANGHAI).date()
    announcer = Announcer(hub, await announcing.subscribers(session, hub.codes, day), now)
    batch = Batch(hub, announcer, now, await _stories(session, hub, events, day))
    for event in events:
        batch.take(event)
    await batch.write(session)
    await announcer.write(session)
    connection = await raw(session)
    await connection.execute(
        "UPDATE events e SET dispatched_at = $3 FROM unnest($1::text[], $2::uuid[]) AS d(sender, id)"
        " WHERE e.sender = d.sender AND e.id = d.id",
        [event.sender for event in events],
        [event.id for event in events],
        now,
    )


@dataclass(slots=True)
class Batch:
    """The effects of a run of events, gathered in memory and then written in the order that keeps them true."""

    hub: Hub
    announcer: Announcer
    now: datetime
    stories: dict[UUID, list[Told]]
    _cases: dict[UUID, tuple[int | None, int | None, bool, int]] = field(default_factory=dict)
    _notices: list[tuple[UUID, Draft]] = field(default_factory=list)
    _reads: list[tuple[UUID, str]] = field(default_factory=list)
    _merges: list[tuple[UUID, UUID]] = field(default_factory=list)
    _gone: list[UUID] = field(default_factory=list)
    _moved_hukou: list[tuple[UUID, int]] = field(default_factory=list)
    _parted: list[tuple[UUID, UUID]] = field(default_factory=list)
    _untrue: list[tuple[UUID, int, int]] = field(default_factory=list)

    def take(self, event: Arrived) -> None:
        if event.type in OF_CASES:
            self._tell_of_case(event)
            return
        day = self.now.astimezone(SHANGHAI).date()
        what = happening(event.type, event.body, day, self.hub.codes.code_on)
        if (left := left_hukou(what)) is not None:
            self._correct(event.child, left)
        if event.type == "child.parted":
            self._part(event, what)
        story = self.stories[event.child]
        for draft in drafts(what, story, self.hub.territory):
            state = State.AWAITING_DECISION if draft.held else State.ISSUED
            story.append(Told(draft.kind, draft.origin, draft.target, state))
            self._notices.append((event.child, draft))
        if event.type not in SILENT:
            self.announcer.update(event.id, event.at, event.child, audience(what))
        self._remember(event, what)

    def _tell_of_case(self, event: Arrived) -> None:
        """Under the code that its county bears by now: its department goes on where the county does."""
        place, to = county_in(event.body, "county"), event.body.get("to")
        if place is not None and isinstance(to, list):
            place = self.hub.codes.code_on(place, self.now.astimezone(SHANGHAI).date())
            for department in sorted({str(one) for one in to}):
                self.announcer.case(event.id, event.at, event.child, place, department)

    def _correct(self, child: UUID, left: int) -> None:
        """What was told to the former hukou place, and is still open, is withdrawn and counts as never told."""
        self._moved_hukou.append((child, left))
        self._notices = [
            (about, draft)
            for about, draft in self._notices
            if not (about == child and draft.kind is Kind.ARRIVED and draft.target == left)
        ]
        self.stories[child] = [
            told
            for told in self.stories[child]
            if not (told.kind == Kind.ARRIVED and told.target == left and told.state in OPEN)
        ]

    def _part(self, event: Arrived, what: Happening) -> None:
        """What was told of a child before it was merged goes back with it; what was told of two as one, and is still open,
        is withdrawn."""
        if (left := _uuid(event.body.get("from"))) is not None:
            self._parted.append((left, event.child))
            story = self.stories[left]
            self.stories[left] = [told for told in story if told.first != event.child]
            self.stories[event.child] += [told for told in story if told.first == event.child]
        if (pair := untrue_since_parting(what)) is not None:
            self._untrue.append((event.child, *pair))
            self._notices = [
                (about, draft)
                for about, draft in self._notices
                if not (about == event.child and (draft.origin, draft.target) == pair)
            ]
            self.stories[event.child] = [
                told
                for told in self.stories[event.child]
                if told.first is not None
                or not ((told.origin, told.target) == pair and told.state in OPEN)
            ]

    def _remember(self, event: Arrived, what: Happening) -> None:
        if event.type == "reference.read":
            reader = event.body.get("reader")
            if isinstance(reader, str):
                self._reads.append((event.child, reader))
            return
        if event.type == HANDED_OVER:
            return
        if event.type in GONE:
            self._gone.append(event.child)
            self._cases.pop(event.child, None)
            return
        if event.type == "child.merged" and (into := _uuid(event.body.get("into"))):
            self._merges.append((event.child, into))
            story = self.stories.pop(event.child, [])
            self.stories[into] += [replace(told, first=told.first or event.child) for told in story]
            self._cases.pop(event.child, None)
            return
        self._cases[event.child] = (what.residence, what.hukou, what.shielded, event.child_seq)

    async def write(self, session: AsyncSession) -> None:
        connection, keys = await raw(session), self.hub.audit
        await connection.executemany(
            "INSERT INTO cases AS c (child, residence, hukou, shielded, subject_seq)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (child) DO UPDATE SET"
            " residence = excluded.residence, hukou = excluded.hukou, shielded = excluded.shielded,"
            " subject_seq = excluded.subject_seq WHERE c.subject_seq <= excluded.subject_seq",
            [(child, *case) for child, case in self._cases.items()],
        )
        await connection.executemany(
            "UPDATE notices SET child = $2, first_child = NULL WHERE child = $1 AND first_child = $2",
            self._parted,
        )
        await holding.withdraw_arrived(session, keys, self._moved_hukou, self.now)
        await holding.withdraw_untrue(session, keys, self._untrue, self.now)
        await connection.executemany(
            "INSERT INTO notices (id, kind, direction, toward, state, version, child, origin_county,"
            " target_county, unwanted, untold, released, unfounded, pushed, facts, tries, created_at, issued_at,"
            " handover)"
            " VALUES ($1, $2, 'local', $3, $4, 1, $5, $6, $7, '{}', false, false, false, 'no', 'no', 0,"
            " $8, $9, $10)",
            [self._row(child, draft) for child, draft in self._notices],
        )
        shielded = [child for child, (_, _, shielded, _) in self._cases.items() if shielded]
        await holding.hold(session, shielded, self.now)
        await connection.executemany(
            "UPDATE notices SET child = $2, first_child = coalesce(first_child, $1) WHERE child = $1",
            self._merges,
        )
        await holding.withdraw_doubled(session, keys, [into for _, into in self._merges], self.now)
        gone = [*self._gone, *(merged for merged, _ in self._merges)]
        await connection.execute("DELETE FROM cases WHERE child = ANY($1)", gone)
        await holding.withdraw_all(session, keys, self._gone, self.now)
        await moving.read_by(session, self._reads, self.now)

    def _row(self, child: UUID, draft: Draft) -> tuple[object, ...]:
        state = State.AWAITING_DECISION if draft.held else State.ISSUED
        issued_at = None if draft.held else self.now
        return (
            uuid7(),
            draft.kind,
            draft.toward,
            state,
            child,
            draft.origin,
            draft.target,
            self.now,
            issued_at,
            draft.handover,
        )


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


async def _waiting(session: AsyncSession, batch: int) -> list[Arrived]:
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT sender, id, type, occurred_at, subject, subject_seq, body FROM events"
        " WHERE dispatched_at IS NULL ORDER BY seq LIMIT $1",
        batch,
    )
    return [
        Arrived(
            r["sender"],
            r["id"],
            r["type"],
            r["occurred_at"],
            r["subject"],
            r["subject_seq"],
            # Written past the hub, it tells nothing, and keeps back no other.
            r["body"] if isinstance(r["body"], dict) else {},
        )
        for r in rows
    ]


async def _stories(
    session: AsyncSession, hub: Hub, events: Sequence[Arrived], day: date
) -> dict[UUID, list[Told]]:
    """What was told of these children, by the codes of the day: what had been told before a county ended is not told again."""
    children = {event.child for event in events}
    for name in ("into", "from"):
        children |= {other for event in events if (other := _uuid(event.body.get(name)))}
    connection = await raw(session)
    stories: dict[UUID, list[Told]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT child, kind, origin_county, target_county, state, first_child FROM notices"
        " WHERE child = ANY($1) AND direction <> 'incoming' AND NOT unfounded ORDER BY id",
        sorted(children),
    ):
        stories[row["child"]].append(
            Told(
                row["kind"],
                hub.codes.code_on(row["origin_county"], day),
                hub.codes.code_on(row["target_county"], day),
                State(row["state"]),
                row["first_child"],
            )
        )
    return stories
