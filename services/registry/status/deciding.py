"""Who is a migrant child (流动儿童), decided from dated facts by the rules of a place.

The cast: *facts* (facts.py), the *profile* of the place where the child lives (the caller picks
it), a *day*, and the *decision*: one status with its reasons, the facts that are missing, and the
next day on which the same facts give another status. Guaranteed: `decide` is pure, answers for
every input, and never guesses; a silence of the rules or of the sources ends in *cannot tell*,
which names it.

What the texts leave open is settled so (settings: DayCounting):
- Residence on a day is the episode covering it that began last. Two that began together, in
  different counties, contradict each other unless just one is confirmed: residence is then
  missing. Hukou is the spell that began last.
- A *stay* runs back from the day over days on which the child lived in another county than its
  hukou. Moving within a county, out and in on one day or on consecutive days, does not interrupt
  it; days without a known residence do, beyond the tolerated gap; living in the hukou county, or
  together with it in an excluded centre, ends it. A return is a second episode and starts a new
  stay.
- Moving on to another county lets the count go on or starts it anew, as set. Districts excluded
  together are one place to this rule: moving between them never starts it anew.
- A count starts at birth at the earliest, and on the day a hukou moved away from where the child
  lives.
- Whether counties were crossed is asked of each past day with the division codes of that day;
  which districts are exempt is asked of the exclusion in force on the day of the decision.
- Accompanied is asked of the day itself; months spent alone count as months away.
- What is certain outranks what is missing: first aged out, then not cross-county, then excluded.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.registry.profiles.profile import Profile
from services.registry.profiles.rules import DayCounting, Definition
from services.registry.status.counting import age_reached_on, months_reached_on
from services.registry.status.facts import ChildFacts
from services.registry.status.stays import Stay, stay_on
from services.registry.status.timeline import Timeline


class Status(StrEnum):
    """The wire values of a status (流动儿童认定状态).

    `migrant` 流动儿童, `not_yet` 流动未满规定时间, `excluded` 中心城区区间流动, `unaccompanied` 无父母或监护人随行,
    `not_cross_county` 未跨县域, `aged_out` 已满规定年龄, `cannot_tell` 信息不全，待核实.
    """

    MIGRANT = "migrant"
    NOT_YET = "not_yet"
    EXCLUDED = "excluded"
    UNACCOMPANIED = "unaccompanied"
    NOT_CROSS_COUNTY = "not_cross_county"
    AGED_OUT = "aged_out"
    CANNOT_TELL = "cannot_tell"


class Reason(NamedTuple):
    """One ground of a decision; `detail` holds rule values, days and codes, nothing that names."""

    code: str
    clause: str
    detail: Mapping[str, str | int | bool] = {}


class StatusDecision(NamedTuple):
    """A status on one day. `migrant_from` is the day on which six months were or will be complete,
    None where that day is unknown or never comes; `profile` the fingerprint of the rules applied.
    """

    status: Status
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    migrant_from: date | None
    next_change_on: date | None
    profile: str | None


def decide(facts: ChildFacts, profile: Profile | None, day: date) -> StatusDecision:
    """The child's status on `day`; `next_change_on` is the first later day with another one."""
    if profile is None:
        reasons = (Reason("no_profile", ""),)
        return StatusDecision(Status.CANNOT_TELL, reasons, ("profile",), None, None, None)
    timeline = Timeline(facts, profile)
    decision = _judge(timeline, profile, day)
    for later in _turning_days(timeline, profile, day):
        if _judge(timeline, profile, later).status is not decision.status:
            return decision._replace(next_change_on=later)
    return decision


def _turning_days(timeline: Timeline, profile: Profile, day: date) -> Iterator[date]:
    """Every later day on which the status may change, in order of time."""
    days = {*timeline.cuts, *profile.turning_days}
    for definition in profile.definitions:
        for counting in profile.countings:
            days.update(months_reached_on(cut, definition, counting) for cut in timeline.cuts)
            if timeline.birth_on is not None:
                days.add(age_reached_on(timeline.birth_on, definition.age_below, counting))
    return iter(sorted(later for later in days if later > day))


def _judge(timeline: Timeline, profile: Profile, day: date) -> StatusDecision:
    definition = profile.definition(day)
    if definition is None:
        return _answer(profile, Status.CANNOT_TELL, [Reason("no_rule", "")], ["definition"])
    counting = profile.day_counting(day)
    situation = timeline.on(day, rules_of=day)
    clause = definition.clause

    too_old_on = _too_old_on(timeline, definition, counting)
    if too_old_on is not None and day >= too_old_on:
        reason = Reason("age_reached", clause, {"age": definition.age_below})
        return _answer(profile, Status.AGED_OUT, [reason])
    if situation.crossing is False:
        reason = Reason("same_county", clause, situation.detail())
        return _answer(profile, Status.NOT_CROSS_COUNTY, [reason])
    if situation.crossing and situation.central:
        rule = profile.central_districts(day)
        reason = Reason("central_districts", rule.clause if rule else "", situation.detail())
        return _answer(profile, Status.EXCLUDED, [reason])

    missing = list(situation.missing)
    if timeline.birth_on is None or day < timeline.birth_on:
        missing.append("birth_on")
    if definition.accompanied and situation.residence is not None and situation.accompanied is None:
        missing.append("accompanied")
    if missing:
        reasons = [Reason(f"{one}_missing", clause, situation.detail()) for one in missing]
        return _answer(profile, Status.CANNOT_TELL, reasons, missing)

    reasons = [Reason("other_county", clause, situation.detail())]
    if definition.accompanied and not situation.accompanied:
        reasons.append(Reason("no_guardian_here", clause))
        return _answer(profile, Status.UNACCOMPANIED, reasons)
    stay = _since_birth(stay_on(timeline, counting, day), timeline.birth_on)
    complete_on = months_reached_on(stay.since, definition, counting)
    length = Reason("months_away", clause, _length(definition, stay, complete_on))
    if day >= complete_on:
        known_from = None if stay.blurred else complete_on
        return _answer(profile, Status.MIGRANT, [*reasons, length], migrant_from=known_from)
    if stay.blurred:
        reasons += [Reason(f"earlier_{one}_missing", clause) for one in stay.blurred]
        return _answer(profile, Status.CANNOT_TELL, [*reasons, length], stay.blurred)
    if too_old_on is not None and too_old_on <= complete_on:
        reasons.append(Reason("too_old_by_then", clause, {"age": definition.age_below}))
        return _answer(profile, Status.NOT_YET, [*reasons, length])
    return _answer(profile, Status.NOT_YET, [*reasons, length], migrant_from=complete_on)


def _too_old_on(timeline: Timeline, definition: Definition, counting: DayCounting) -> date | None:
    if timeline.birth_on is None:
        return None
    return age_reached_on(timeline.birth_on, definition.age_below, counting)


def _since_birth(stay: Stay, birth_on: date | None) -> Stay:
    """A stay counts from birth at the earliest, whatever its family did before."""
    if birth_on is None or birth_on <= stay.since:
        return stay
    return Stay(birth_on)


def _length(definition: Definition, stay: Stay, complete_on: date) -> dict[str, str | int | bool]:
    return {
        "months": definition.months,
        "since": stay.since.isoformat(),
        "complete_on": complete_on.isoformat(),
    }


def _answer(
    profile: Profile,
    status: Status,
    reasons: Iterable[Reason],
    missing: Iterable[str] = (),
    migrant_from: date | None = None,
) -> StatusDecision:
    return StatusDecision(
        status=status,
        reasons=tuple(reasons),
        missing=tuple(dict.fromkeys(missing)),
        migrant_from=migrant_from,
        next_change_on=None,
        profile=profile.fingerprint,
    )
