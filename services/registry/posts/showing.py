"""Showing posts: one, one with what its holder learnt, and how many there are of a kind in a place."""

from collections.abc import Sequence
from typing import Any, Final

from services.registry.posts.schemas import CoverageOut, PostOut, TrainingOut
from services.registry.posts.terms import place_name
from shared import divisions

#: So many of a holder are shown.
MOST_TRAININGS: Final = 100


def whole(row: Any, trainings: Sequence[Any]) -> PostOut:
    """With the trainings of its holder, the newest first."""
    seen = shown(row)
    seen.trainings = [TrainingOut.model_validate(dict(one)) for one in trainings[:MOST_TRAININGS]]
    return seen


def shown(row: Any) -> PostOut:
    return PostOut(
        id=row["id"],
        kind=row["kind"],
        division=divisions.text_of(row["division"]),
        place=place_name(row["division"]),
        seat=row["seat"],
        vacant=row["staff"] is None,
        staff=row["staff"],
        since=row["since"],
        trained_on=row["trained_on"],
    )


def covered(row: Any) -> CoverageOut:
    held = row["posts"] - row["vacant"]
    return CoverageOut(
        division=divisions.text_of(row["place"]),
        place=place_name(row["place"]),
        kind=row["kind"],
        posts=row["posts"],
        vacant=row["vacant"],
        trained=row["trained"],
        coverage=row["trained"] / held if held else None,
    )
