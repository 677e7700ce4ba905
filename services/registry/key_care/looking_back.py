"""Looking back: a child's key care as the hub knew it at an instant, in the rows that today's entries are read in."""

from typing import Any
from uuid import UUID

from services.registry.key_care.queries import Position, Question
from services.registry.key_care.terms import Place
from services.registry.past.looking_back import cared
from services.registry.past.recalling import Past
from shared.auth import Caller
from shared.problems import NotFound


def page(
    past: Past,
    caller: Caller,
    question: Question,
    after: Position,
    limit: int,
    *,
    whole: bool = False,
) -> list[dict[str, Any]]:
    """What ``queries.page`` would have found of the child."""
    if not past.listed(caller):
        return []
    name = "residence_code" if question.place == Place.RESIDENCE else "hukou_code"
    code: int | None = past.row[name]
    if code is None or not caller.covers(past.now_called(code)):
        return []
    if question.status not in (None, past.row["status"]):
        return []
    found = [
        {**one, "county": code // 10**6} for one in _entries(past, caller) if _asked(question, one)
    ]
    found.sort(key=lambda one: one["care_id"])
    if whole and found:
        named = sorted(found, key=lambda one: one["category"])
        of_all = {"categories": "category", "states": "state"}
        joined = {name: [one[of] for one in named] for name, of in of_all.items()}
        found = [{**found[0], **joined}]
    kept = [one for one in found if (one["county"], one["care_id"]) > after][:limit]
    return [past.row.with_(**one) for one in kept]


def one(past: Past, caller: Caller, entry: UUID) -> dict[str, Any]:
    """The entry as it stood; NotFound where there was none."""
    for found in _entries(past, caller):
        if found["care_id"] == entry:
            return past.row.with_(**found)
    raise NotFound


def decisions(past: Past, category: str) -> list[Any]:
    """What people had decided on one category, oldest first."""
    return [one for one in past.known.decisions if one["category"] == category]


def _entries(past: Past, caller: Caller) -> list[dict[str, Any]]:
    return [{"care_id": one.pop("id"), **one} for one in cared(past, caller)]


def _asked(question: Question, row: dict[str, Any]) -> bool:
    return question.category in (None, row["category"]) and (
        question.states is None or row["state"] in question.states
    )
