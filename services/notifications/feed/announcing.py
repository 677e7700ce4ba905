"""Telling receivers: announcements for the feed, and deliveries for webhooks, written together.

One announcer works at a time (``alone``), so positions and lane numbers follow the order of commits.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.codes import Codes
from services.notifications.deliveries import payloads
from services.notifications.deliveries.authenticity import MESSAGES
from services.notifications.deliveries.payloads import Place
from services.notifications.feed.audience import told
from services.notifications.hub import Hub
from shared.database import raw
from shared.ids import uuid7

#: Advisory lock number of this database (the sequencer has the next lower one).
ANNOUNCER_LOCK = 0x48_75_74_02


async def alone(session: AsyncSession) -> bool:
    """Whether this transaction is the announcing one."""
    connection = await raw(session)
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", ANNOUNCER_LOCK))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription as far as choosing receivers goes."""

    id: UUID
    client: str
    department: str
    low: int
    high: int
    kinds: frozenset[str]

    def concerned(self, counties: Mapping[int, str | None]) -> int | None:
        """The first of the counties that lies in its area and of which its department is told."""
        return next(
            (
                county
                for county, sole in counties.items()
                if self.low <= county <= self.high and told(sole, self.department)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on a lane, before it has its number.  ``county`` is None for a peer hub, whose ``body`` is ready."""

    receiver: UUID
    client: str | None
    lane_subject: UUID
    message_id: UUID
    at: datetime
    county: int | None = None
    child: UUID | None = None
    notice: UUID | None = None
    case: UUID | None = None
    path: str = ""
    body: bytes = b""


@dataclass(slots=True)
class Announcer:
    """Collects what one transaction announces, then writes all of it."""

    hub: Hub
    subscribers: Sequence[Subscriber]
    now: datetime
    _announcements: list[tuple[object, ...]] = field(default_factory=list)
    _outgoing: list[Outgoing] = field(default_factory=list)
    _announced: int = 0

    def update(
        self, source: UUID, at: datetime, child: UUID, counties: Mapping[int, str | None]
    ) -> None:
        """Tell everyone whose area holds one of the counties, as far as ``audience`` goes, of something new."""
        if not counties:
            return
        for place, (county, sole) in enumerate(counties.items()):
            self._announcements.append(
                (
                    self._announced,
                    county,
                    place,
                    source,
                    at,
                    child,
                    child,
                    None,
                    None,
                    sole,
                    None,
                    None,
                )
            )
        self._announced += 1
        for subscriber in self.subscribers:
            county_seen = subscriber.concerned(counties)
            if county_seen is not None and "updates" in subscriber.kinds:
                self._to(subscriber, source, at, child, county_seen, child, None)

    def notice(
        self, notice: UUID, at: datetime, child: UUID | None, lane: UUID, county: int, client: str
    ) -> None:
        """Tell one client of a notice: in its feed, and by each of its subscriptions that covers the county."""
        self._announcements.append(
            (self._announced, county, 0, notice, at, lane, child, client, notice, None, None, None)
        )
        self._announced += 1
        for subscriber in self.subscribers:
            wanted = subscriber.client == client and "notices" in subscriber.kinds
            if wanted and subscriber.concerned({county: None}) is not None:
                self._to(subscriber, notice, at, lane, county, child, notice)

    def case(self, source: UUID, at: datetime, case: UUID, county: int, department: str) -> None:
        """Tell one department of a county that a case waits for it."""
        self._announcements.append(
            (self._announced, county, 0, source, at, case, None, None, None, None, department, case)
        )
        self._announced += 1
        for subscriber in self.subscribers:
            wanted = subscriber.department == department and "cases" in subscriber.kinds
            if wanted and subscriber.concerned({county: None}) is not None:
                self._to(subscriber, source, at, case, county, None, None, case)

    def send(self, message: Outgoing) -> None:
        self._outgoing.append(message)

    def _to(
        self,
        subscriber: Subscriber,
        source: UUID,
        at: datetime,
        lane: UUID,
        county: int,
        child: UUID | None,
        notice: UUID | None,
        case: UUID | None = None,
    ) -> None:
        message_id = payloads.derived_id(self.hub.ids, "item", subscriber.client, source)
        self._outgoing.append(
            Outgoing(
                subscriber.id, subscriber.client, lane, message_id, at, county, child, notice, case
            )
        )

    async def write(self, session: AsyncSession) -> None:
        connection = await raw(session)
        last = await connection.fetchval("SELECT coalesce(max(position), 0) FROM announcements")
        await connection.executemany(
            "INSERT INTO announcements (position, county, place, source, at, lane_subject, child,"
            " client, notice, sole, department, case_id)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            [(last + 1 + int(str(row[0])), *row[1:]) for row in self._announcements],
        )
        await enqueue(session, self.hub, self._outgoing, self.now)


async def enqueue(
    session: AsyncSession, hub: Hub, messages: Sequence[Outgoing], now: datetime
) -> None:
    """Give each message the next number of its lane and make it a delivery."""
    if not messages:
        return
    connection = await raw(session)
    counts: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for message in messages:
        counts[message.receiver, message.lane_subject] += 1
    wanted = sorted(counts)
    rows = await connection.fetch(
        "INSERT INTO lanes AS l (id, receiver, subject, last)"
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])"
        " ON CONFLICT (receiver, subject) DO UPDATE SET last = l.last + excluded.last"
        " RETURNING id, receiver, subject, last",
        [uuid7() for _ in wanted],
        [receiver for receiver, _ in wanted],
        [subject for _, subject in wanted],
        [counts[key] for key in wanted],
    )
    lanes = {(r["receiver"], r["subject"]): r["id"] for r in rows}
    numbers = {
        key: r["last"] - counts[key] for r in rows for key in [(r["receiver"], r["subject"])]
    }
    deliveries = []
    for message in messages:
        key = (message.receiver, message.lane_subject)
        numbers[key] += 1
        body = message.body or _body(hub, message, lanes[key], numbers[key])
        deliveries.append(
            (
                uuid7(),
                message.receiver,
                message.client,
                lanes[key],
                numbers[key],
                message.message_id,
                message.path,
                body,
                message.notice,
                now,
                _mac(hub, message),
            )
        )
    await connection.executemany(
        "INSERT INTO deliveries (id, receiver, client, lane, number, message_id, path, body, notice,"
        " state, attempts, due_at, fence, created_at, mac)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', 0, $10, 0, $10, $11)",
        deliveries,
    )


def _mac(hub: Hub, message: Outgoing) -> bytes | None:
    if message.client is not None:
        return None
    return MESSAGES.mac(hub.audit, asdict(message))


def _body(hub: Hub, message: Outgoing, lane: UUID, number: int) -> bytes:
    assert message.client is not None
    assert message.county is not None
    reference = hub.references.make(message.child, message.client) if message.child else None
    place = Place(message.county, lane, number)
    return payloads.encoded(
        payloads.item(
            hub.name,
            message.message_id,
            message.at,
            reference,
            place,
            message.notice,
            message.case,
        )
    )


async def subscribers(session: AsyncSession, codes: Codes, day: date) -> list[Subscriber]:
    """Every subscription, disabled ones too: what they miss waits for them.  Areas bear the codes of the day."""
    connection = await raw(session)
    return [
        Subscriber(
            r["id"],
            r["client"],
            r["department"],
            *codes.area_on((r["low"], r["high"]), day),
            frozenset(r["kinds"]),
        )
        for r in await connection.fetch(
            "SELECT id, client, department, low, high, kinds FROM receivers"
            " WHERE kind = 'subscription' ORDER BY id"
        )
    ]
