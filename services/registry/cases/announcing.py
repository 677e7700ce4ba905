"""Announcing: whoever is to act in a case is told that one waits, and pressing: once more when the place's limit has passed.

What leaves names a case, its county and the departments that are told: neither the child, nor what the case is about.  Without
a limit in the place's profile nothing ever escalates by itself; such cases stand on the list of what waits (``waiting``).
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.cases.authenticity import words_of
from services.registry.cases.ruling import Rules, limited
from services.registry.cases.terms import CaseKind
from services.registry.children.events import county
from services.registry.children.kit import Kit
from services.registry.rulebooks import adopting
from services.registry.rulebooks.lasting import Course
from shared import outbox
from shared.database import raw
from shared.sealing import Unsealable
from shared.vocabulary import Department

SENT: Final = "case.sent"
OVERDUE: Final = "case.overdue"
#: Advisory lock number: one worker presses at a time, lest two tell of one case.
PRESSING_LOCK: Final = 0x48_75_43_61
_DAY = "(c.opened_at AT TIME ZONE 'Asia/Shanghai')::date"
#: Under which of the kept rulebooks, counted from the oldest, it was opened; under the first too before any was kept.
_RULES = "greatest(1, (SELECT count(*) FROM rulebooks b WHERE b.adopted_at <= c.opened_at))"
_WAITING = (
    f"SELECT c.place, c.kind, c.topic, {_DAY} AS day, min(c.opened_at) AS opened_at,"
    f" {_RULES} AS rules FROM cases c WHERE c.waiting_since IS NOT NULL GROUP BY 1, 2, 3, 4, 6"
)
_LATE = (
    "SELECT c.*, k.master, k.wrapped FROM unnest($1::bigint[], $2::text[], $3::text[], $4::date[],"
    "  $5::bigint[], $6::timestamptz[]) AS d(place, kind, topic, day, rules, before)"
    " JOIN cases c ON c.place = d.place AND c.kind = d.kind AND c.topic = d.topic"
    f"  AND {_DAY} = d.day AND {_RULES} = d.rules AND c.waiting_since < d.before"
    " JOIN vault.data_keys k ON k.id = c.id"
    " WHERE c.id > $9 AND NOT EXISTS (SELECT 1 FROM outbox o"
    "  WHERE o.subject = c.id AND o.type = $7 AND o.occurred_at >= c.waiting_since)"
    " ORDER BY c.id LIMIT $8"
)
_START: Final = UUID(int=0)


async def sent(session: AsyncSession, kit: Kit, case: Any, number: int, now: datetime) -> None:
    """Tell the addressee that a case waits for it, in the transaction that makes it wait."""
    event = _event(SENT, case, number, [case["addressee"]])
    await outbox.append(session, kit.audit, now, [event])


async def press(session: AsyncSession, kit: Kit, limit: int, now: datetime) -> int:
    """Tell addressee and civil affairs of cases whose limit has passed, each once in each of its waits; how many.

    As the service itself.  What does not open is passed over: it keeps none of the others waiting.
    """
    connection = await raw(session)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", PRESSING_LOCK):
        return 0
    waiting = await connection.fetch(_WAITING)
    adopted = await adopting.courses(
        connection, kit.audit, kit.profiles, {one["opened_at"] for one in waiting}
    )
    limited = [
        (place, kind, topic, day, rules, before)
        for place, kind, topic, day, opened_at, rules in waiting
        if (before := _before(adopted[opened_at], place, kind, topic, day, now)) is not None
    ]
    if not limited:
        return 0
    told: list[outbox.Event] = []
    last, more = _START, True
    columns = list(zip(*limited, strict=True))
    while more and len(told) < limit:
        late = await connection.fetch(_LATE, *columns, OVERDUE, limit, last)
        for case in late:
            last = case["id"]
            if len(told) < limit and _authentic(kit, case):
                to = {case["addressee"], str(Department.CIVIL_AFFAIRS)}
                told.append(_event(OVERDUE, case, case["version"], sorted(to)))
        more = len(late) == limit
    await outbox.append(session, kit.audit, now, told)
    return len(told)


def _before(
    course: Course, place: int, kind: str, topic: str, day: date, now: datetime
) -> datetime | None:
    """Before when such cases, opened on a day, have waited too long; None where nobody set a limit, or it has just been set."""
    try:
        rules = limited(Rules(), course, place, CaseKind(kind), topic, day, now)
    except ValueError:  # no kind of ours: somebody wrote it past the hub
        return None
    if rules.limit is None or (rules.set_at is not None and now <= rules.set_at + rules.limit):
        return None
    return now - rules.limit


def _authentic(kit: Kit, case: Any) -> bool:
    try:
        words_of(kit.sealer, case)
    except Unsealable:
        return False
    return True


def _event(kind: str, case: Any, number: int, to: Iterable[str]) -> outbox.Event:
    return outbox.Event(kind, case["id"], number, {"county": county(case["place"]), "to": list(to)})
