"""Looking back: how far a round had come, by who lived in its area and what had been told, as known at an instant.

In the rows that today's queries give, and by the same reckoning as their statements.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import queries as of_today
from services.registry.children.remembered import Remembered
from services.registry.past.residing import Resident, Residents
from services.registry.records.feeds.surveys import Surveyor
from services.registry.survey_rounds.queries import COUNTY, Position, Reckoning
from services.registry.survey_rounds.standing import SurveyStanding
from services.registry.survey_rounds.terms import Reached
from shared.auth import Caller

#: So many children are looked up today at once.
PAGE: Final = 200
_GROUPED: Final = ("place", "reached", "channel", "contracted", "stale")


def completion(lived: Residents, caller: Caller, asked: Reckoning) -> list[dict[str, Any]]:
    """As ``queries.completion`` has it."""
    groups: Counter[tuple[Any, ...]] = Counter()
    for child, came in _reckoned(lived, caller, asked):
        contracted = came["surveyor"] == Surveyor.SOCIAL_WORK_AGENCY
        place = child.home // asked.unit * asked.unit
        groups[place, came["reached"], came["channel"], contracted, came["stale"]] += 1
    rows = [
        {**dict(zip(_GROUPED, key, strict=True)), "children": count}
        for key, count in groups.items()
    ]
    rows = [{**row, "stale": row["children"] if row["stale"] else 0} for row in rows]
    return sorted(rows, key=lambda row: row["place"])


async def children(
    session: AsyncSession,
    caller: Caller,
    lived: Residents,
    asked: Reckoning,
    reached: Reached | None,
    stale: bool,
    after: Position,
    limit: int,
) -> list[Remembered]:
    """As ``queries.children`` has it, of those whom the caller sees today with all of whom their past tells."""
    found = [
        (child, came)
        for child, came in _reckoned(lived, caller, asked)
        if reached in (None, came["reached"])
        and (came["stale"] or not stale)
        and _position(child) > after
    ]
    found.sort(key=lambda one: _position(one[0]))
    rows: list[Remembered] = []
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        wanted = {one for child, _ in page for one in (child.row.id, *child.others)}
        seen = {row["id"] for row in await of_today.visible(session, caller, list(wanted))}
        rows += [
            Remembered.of(child.row, child.shielded).with_(
                **came, county=child.home // COUNTY, others=sorted(child.others)
            )
            for child, came in page
            if {child.row.id, *child.others} <= seen
        ]
        if len(rows) >= limit:
            break
    return rows[:limit]


def _position(child: Resident) -> Position:
    return child.home // COUNTY, child.row.id


def _reckoned(
    lived: Residents, caller: Caller, asked: Reckoning
) -> Iterator[tuple[Resident, dict[str, Any]]]:
    for child in lived.seen_by(caller, asked.unit):
        if (standing := child.row.survey) is not None:
            yield child, _came(standing, asked)


def _came(standing: SurveyStanding, asked: Reckoning) -> dict[str, Any]:
    """How far the round came with one child: the best survey stands for it, a complete one, else the newest."""
    one, blocks = asked.round, asked.blocks
    opens, closes = one["opens_on"].isoformat(), one["closes_on"].isoformat()
    counted = [
        {**made, "whole": blocks is not None and {*blocks} <= {*made["blocks"]}, "at": at}
        for at, made in enumerate(standing.made)
        if opens <= made["on"] <= closes
        and any(low <= made["office"] <= high for low, high in asked.offices)
    ]
    best = max(counted, key=lambda made: (made["whole"], made["on"], made["at"]), default=None)
    last = standing.last_on
    return {
        "reached": _reached(counted, blocks),
        "channel": best and best["channel"],
        "surveyor": best and best["by"],
        "surveyed_on": best and best["on"],
        "blocks": best and best["blocks"],
        "last_on": last,
        "stale": last is None or last < one["opens_on"],
    }


def _reached(counted: Sequence[Any], blocks: Sequence[str] | None) -> Reached:
    if not counted:
        return Reached.NOT_SURVEYED
    if blocks is None:
        return Reached.BLOCKS_NOT_CONFIGURED
    return Reached.COMPLETE if any(one["whole"] for one in counted) else Reached.INCOMPLETE
