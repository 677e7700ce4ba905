"""How long a child has been away: the stay a day belongs to, followed back to its beginning."""

from datetime import date
from typing import NamedTuple

from services.registry.profiles.rules import DayCounting
from services.registry.status.counting import day_before
from services.registry.status.timeline import Situation, Timeline


class Stay(NamedTuple):
    """`since` is its first certain day; `blurred` names what hides whether it began earlier."""

    since: date
    blurred: tuple[str, ...] = ()


def stay_on(timeline: Timeline, counting: DayCounting, day: date) -> Stay:
    """The stay that `day` belongs to; on `day` the child must be known to live away."""
    since = timeline.cut_before(day) or day
    later = timeline.on(day, rules_of=day)
    while (found := stretch_before(timeline, counting, since, day)) is not None:
        start, earlier = found
        if earlier.crossing is False or earlier.central:
            break
        if earlier.missing:
            return Stay(since, earlier.missing)
        if counting.onward_move == "restarts":
            same = _same_place(timeline, earlier, later, since, day)
            if same is None:
                return Stay(since, ("central_districts",))
            if not same:
                break
        since, later = start, earlier
    return Stay(since)


def stretch_before(
    timeline: Timeline, counting: DayCounting, since: date, day: date
) -> tuple[date, Situation] | None:
    """The stretch before `since`, across a gap if that is tolerated; None if there is none."""
    before = day_before(since)
    while before is not None and (start := timeline.cut_before(before)) is not None:
        earlier = timeline.on(before, rules_of=day)
        if earlier.residence_code is not None:
            return start, earlier
        if (since - start).days > counting.tolerated_gap_days:
            return None
        before = day_before(start)
    return None


def _same_place(
    timeline: Timeline, earlier: Situation, later: Situation, moved_on: date, day: date
) -> bool | None:
    if earlier.residence_code is None or later.residence_code is None:
        return None
    return timeline.same_place(earlier.residence_code, later.residence_code, moved_on, day)
