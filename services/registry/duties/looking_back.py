"""Looking back: what was owed to a child as the hub knew it at an instant, in the rows that today's duties are read in.

Not by whom: posts change hands, and who held one before is not kept.
"""

from typing import Any

from services.registry.children.remembered import Remembered
from services.registry.duties.queries import Position, Question
from services.registry.past.looking_back import owed
from services.registry.past.recalling import Past
from shared.auth import Caller


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
