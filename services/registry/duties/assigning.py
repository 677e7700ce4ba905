"""Assigning: the duties of one child as rows, from its fold, its status and what people decided; pure.

A child belongs to the *migrant* population from the day on which the definition was met, to the *enrolled* while it is a
pupil besides, and to *key care* from the day on which civil affairs took a category in until a person ended it: a proposal
that nobody has confirmed owes nothing yet, a review of recalled evidence ends nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.children.folding import Fold
from services.registry.duties.acts import act_of, owner_of
from services.registry.duties.offices import Offices
from services.registry.duties.owing import Duty, next_turn, owed
from services.registry.duties.standing import Belonging, Home, Standing, rules
from services.registry.profiles import Profiles
from services.registry.status.deciding import Status, StatusDecision
from shared.clock import SHANGHAI
from shared.hashes import keyed_id

#: So many days of having been done are kept in a row: two years of monthly visits and some more.
KEPT = 36


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One duty toward one child, before it is stored."""

    id: UUID
    duty: str
    department: str
    population: str
    state: str
    step: str
    begun_on: date
    due_on: date | None
    done_on: tuple[date, ...]
    detail: dict[str, Any]

    def held(self) -> tuple[Any, ...]:
        """Everything about it in plain values."""
        return (
            str(self.id),
            self.duty,
            self.department,
            self.population,
            self.state,
            self.step,
            self.begun_on.isoformat(),
            self.due_on.isoformat() if self.due_on else None,
            [day.isoformat() for day in self.done_on],
            self.detail,
        )


class Assigned(NamedTuple):
    """The rows, and the next day on which any of them changes by itself."""

    rows: tuple[DutyRow, ...] = ()
    turns_on: date | None = None


def assign(
    key: bytes,
    child: UUID,
    folded: Fold,
    decision: StatusDecision,
    decisions: Sequence[Any],
    profiles: Profiles,
    day: date,
) -> Assigned:
    """What is owed to the child on ``day``; ``key`` makes the ids of the rows."""
    belongings = tuple(_belongings(folded, decision, decisions))
    if not belongings or not folded.residing.episodes:
        return Assigned()
    episodes = folded.residing.episodes
    homes = tuple(Home(e.since, profiles.for_division(e.code, day)) for e in episodes)
    standing = Standing(homes, belongings, folded.schooling.pupil)
    offices = Offices(folded.residing, folded.schooling.offices, profiles.in_line)
    done = {}
    if folded.visits:
        here = rules(standing, day)
        acts = [act_of(one.duty) for one in here.cadences(day)] if here else []
        done = {act.name: act.days(folded.visits, offices) for act in acts}
    found = owed(standing, done, day)
    turns = [one.turns_on for one in found if one.turns_on]
    if (turn := next_turn(standing, day)) is not None:
        turns.append(turn)
    return Assigned(tuple(_row(key, child, one) for one in found), min(turns, default=None))


def _row(key: bytes, child: UUID, one: Duty) -> DutyRow:
    rule = one.cadence
    detail: dict[str, Any] = {"clause": rule.clause, "wording": rule.wording}
    if one.missing:
        detail["missing"] = list(one.missing)
    return DutyRow(
        id=keyed_id(key, "duty", child, rule.duty),
        duty=rule.duty,
        department=str(owner_of(rule)),
        population=rule.population,
        state=one.state,
        step=one.step,
        begun_on=one.begun_on,
        due_on=one.due_on,
        done_on=one.done_on[-KEPT:],
        detail=detail,
    )


def _belongings(
    folded: Fold, decision: StatusDecision, decisions: Sequence[Any]
) -> Iterator[Belonging]:
    if decision.status is Status.MIGRANT:
        since = _migrant_since(decision)
        yield Belonging("migrant", since)
        if folded.schooling.since is not None:
            yield Belonging("enrolled", max(since, folded.schooling.since))
    yield from in_care(decisions)


def _migrant_since(decision: StatusDecision) -> date:
    """The day on which the months were complete, the latest possible where earlier facts are missing."""
    if decision.migrant_from is not None:
        return decision.migrant_from
    told = next(r.detail["complete_on"] for r in decision.reasons if r.code == "months_away")
    return date.fromisoformat(str(told))


def in_care(decisions: Sequence[Any]) -> Iterator[Belonging]:
    """The spells of key care by category; ``decisions`` in the order in which they were made."""
    began: dict[str, date] = {}
    for row in decisions:
        category, kind = row["category"], row["kind"]
        if not category:
            continue
        on = row["decided_at"].astimezone(SHANGHAI).date()
        if kind in ("confirm", "open"):
            began.setdefault(category, on)
        elif category in began:
            since = began.pop(category)
            if on > since:
                yield Belonging("key_care", since, on, category)
    for category, since in began.items():
        yield Belonging("key_care", since, None, category)
