"""Showing assessments and placements to those who answer for the child.

Each by the rules of its own place and day, as the hub had adopted them when it was made: neither a change of rules, whatever
day that is dated back to, nor a move since then makes it another.  An interval that they left open is the first that is set
from then on, and runs from the day on which it was set (``rulebooks.lasting``).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.registry.assessments.authenticity import words_of
from services.registry.assessments.homes import Homes
from services.registry.assessments.reviewing import Done, due, last_seen, standing
from services.registry.assessments.ruling import Rules, rules_of
from services.registry.assessments.terms import AssessmentFinding, PlacementActKind, ReviewDue
from services.registry.children.kit import Kit
from services.registry.key_care.showing import sight_of_decider
from services.registry.profiles import Profiles
from services.registry.rulebooks.lasting import Course, Lasting
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.problems import Forbidden
from shared.sealing import Unsealable
from shared.vocabulary import Purpose


def sight(caller: Caller) -> None:
    """Civil affairs, for key care alone: what is noted of a family is read for no other purpose."""
    if caller.purpose != Purpose.KEY_CARE:
        raise Forbidden("Guardianship is handled for key care alone.")
    sight_of_decider(caller)


def assessment(kit: Kit, row: Any, homes: Homes, now: datetime) -> dict[str, Any]:
    """By the child's home on the day of it.  Unsealable where it was not written so.

    A risk that is not high is not looked at again by itself.
    """
    on, place = row["assessed_on"], homes.get(row["id"])
    high = row["finding"] == AssessmentFinding.HIGH
    measure = "high_risk_intervention" if high else row["kind"]
    clause = rules_of(row["rules"].then, place, measure, on).clause
    review, due_on = ReviewDue.NO, None
    if high:
        interval = _interval(row["rules"], place, measure, on, now)
        clause = clause or (interval.value.clause if interval else "")
        days, from_ = (
            (interval.value.review_days, interval.begins_on(on)) if interval else (None, on)
        )
        review, due_on = due(from_, days, now.astimezone(SHANGHAI).date())
    return _whole(
        {
            **{
                name: row[name]
                for name in ("id", "kind", "finding", "assessed_on", "made_at", "actor")
            },
            "note": words_of("assessments", kit.sealer, row),
            "case": row["case_id"],
            "clause": clause,
            "review": review,
            "review_on": due_on,
        }
    )


def _interval(
    course: Course, place: int | None, measure: str, on: date, now: datetime
) -> Lasting[Rules] | None:
    """The rules that say how often to look again at what was seen on a day; None while none says."""

    def every(profiles: Profiles, at: date) -> Rules | None:
        found = rules_of(profiles, place, measure, at)
        return found if found.review_days is not None else None

    return course.lasting(every, on, now)


def opens(table: str, kit: Kit, row: Any) -> bool:
    """Whether the hub wrote it so; what does not open is named in the log."""
    try:
        words_of(table, kit.sealer, row)
    except Unsealable:
        return False
    return True


def mark(row: Any, acts: Sequence[Any], child: UUID | None, now: datetime) -> dict[str, Any]:
    """The clause is of the day it began, the interval of the day it was last looked at."""
    done = [Done(PlacementActKind(one["kind"]), one["done_on"]) for one in acts]
    on = last_seen(row["since"], done)
    looked = [
        one for one in acts if one["kind"] == PlacementActKind.REVIEW and one["done_on"] == on
    ]
    place, measure = row["place"], row["measure"]
    began = rules_of(row["rules"].then, place, measure, row["since"])
    interval = _interval([row, *looked][-1]["rules"], place, measure, on, now)
    days, set_on = (interval.value.review_days, interval.begins_on(on)) if interval else (None, on)
    stands = standing(row["since"], done, days, now.astimezone(SHANGHAI).date(), set_on)
    return _whole(
        {
            **{name: row[name] for name in ("id", "performer", "basis", "since")},
            "kind": row["measure"],
            "child": child,
            "clause": began.clause or (interval.value.clause if interval else ""),
            "ended_on": stands.ended_on,
            "consent_withdrawn_on": stands.consent_withdrawn_on,
            "review": stands.review,
            "review_on": stands.review_on,
        }
    )


def placement(
    kit: Kit, row: Any, acts: Sequence[Any], child: UUID | None, now: datetime
) -> dict[str, Any]:
    """With its words and acts; Unsealable where one was not written so."""
    return {
        **mark(row, acts, child, now),
        **_whole({"note": words_of("placements", kit.sealer, row)}),
        "acts": [
            _whole(
                {
                    "act": one["kind"],
                    "done_on": one["done_on"],
                    "actor": one["actor"],
                    "at": one["made_at"],
                    "note": words_of("placement_acts", kit.sealer, one),
                }
            )
            for one in acts
        ],
    }


def _whole(seen: dict[str, Any]) -> dict[str, Any]:
    """The wire's form: what is empty left out, ids as text (the driver's own kind is none to JSON)."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in seen.items()
        if value not in (None, "")
    }
