"""Looking back: a child's alerts as the hub knew them at an instant, in the rows that today's are read in.

Told of a child alone, and from when the hub knew whose an entry was: an alert that stands without a child has no past here.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import as_system
from services.registry.alerts import queries
from services.registry.alerts.queries import Position, Question
from services.registry.alerts.terms import WAITING
from services.registry.children.remembered import Remembered
from services.registry.past.looking_back import warned
from services.registry.past.recalling import Past
from shared.auth import Caller
from shared.problems import NotFound


def page(
    past: Past, caller: Caller, question: Question, after: Position, limit: int
) -> list[Remembered]:
    """What ``queries.page`` would have found of the child."""
    if not past.listed(caller, fine=question.fine):
        return []
    found = [one for one in warned(past, caller) if _asked(past, question, caller, one)]
    found.sort(key=_position)
    return [one for one in found if _position(one) > after][:limit]


def one(past: Past, caller: Caller, alert: UUID) -> Remembered:
    """The alert as it stood; NotFound where it had not been raised."""
    for found in warned(past, caller):
        if found["alert_id"] == alert:
            return found
    raise NotFound


async def acts_of(session: AsyncSession, caller: Caller, past: Past, row: Any) -> Sequence[Any]:
    """What had been done about it: of the child of then alone, each found authentic when it was recalled."""
    heard = {(one.kind, one.cause, one.act, one.at) for one in past.known.words.acts}
    async with as_system(session, caller):
        acts = await queries.acts_of(session, row, past.known_at)
    return [a for a in acts if (a["kind"], a["cause"], a["act"], a["acted_at"]) in heard]


def _asked(past: Past, question: Question, caller: Caller, row: Any) -> bool:
    then, (low, high) = row["place"], question.area
    return (
        then is not None
        and caller.covers(place := past.now_called(then))
        and low <= place <= high
        and question.kind in (None, row["kind"])
        and question.owner in (None, row["department"])
        and question.state in (None, row["state"])
        and (not question.waiting or row["state"] in WAITING)
        and (
            question.due_before is None
            or (row["due_on"] is not None and row["due_on"] < question.due_before)
        )
    )


def _position(row: Any) -> Position:
    return row["county"], row["due_rank"], row["alert_id"]
