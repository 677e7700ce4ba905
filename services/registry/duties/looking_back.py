"""Looking back: what was owed to a child as the hub knew it at an instant, in the rows that today's duties are read in."""

from datetime import date
from typing import Any, Final

from services.registry.children.remembered import Remembered
from services.registry.duties.queries import Position, Question
from services.registry.duties.terms import DutyState
from services.registry.past.looking_back import owed
from services.registry.past.recalling import Past
from services.registry.past.residing import Residents
from shared.auth import Caller
from shared.vocabulary import Department

_COUNTS: Final = ("owed", "done", "overdue", "interval_not_configured")


def page(
    past: Past, caller: Caller, question: Question, after: Position, limit: int
) -> list[Remembered]:
    """What ``queries.page`` would have found of the child."""
    if not past.listed(caller, fine=question.fine):
        return []
    found = [one for one in owed(past, caller) if _asked(past, question, caller, one)]
    found.sort(key=_position)
    return [one for one in found if _position(one) > after][:limit]


def _asked(past: Past, question: Question, caller: Caller, row: Any) -> bool:
    home, (low, high) = row["residence_code"], question.area
    return (
        home is not None
        and caller.covers(place := past.now_called(home))
        and low <= place <= high
        and question.state in (None, row["state"])
        and question.duty in (None, row["duty"])
        and (
            question.due_before is None
            or (row["due_on"] is not None and row["due_on"] < question.due_before)
        )
    )


def _position(row: Any) -> Position:
    return row["county"], row["due_rank"], row["duty_id"]


def completion(
    lived: Residents, caller: Caller, unit: int, since: date, until: date
) -> list[dict[str, Any]]:
    """As ``queries.completion`` has it."""
    places: dict[tuple[int, str], dict[str, Any]] = {}
    for child in lived.seen_by(caller, unit):
        place = child.home // unit * unit
        for duty in child.row.duties:
            if duty.begun_on > until:
                continue
            if caller.department not in (Department.CIVIL_AFFAIRS, duty.department):
                continue
            one = places.setdefault(
                (place, duty.duty),
                {"place": place, "duty": duty.duty, **dict.fromkeys(_COUNTS, 0)},
            )
            one["owed"] += 1
            one["done"] += any(since <= day <= until for day in duty.done_on)
            for state in (DutyState.OVERDUE, DutyState.INTERVAL_NOT_CONFIGURED):
                one[str(state)] += duty.state == state
    return [places[key] for key in sorted(places)]
