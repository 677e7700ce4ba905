"""Besides: the populations that a place wishes to count beside its migrant children, and whether a child is of them; pure.

A place names each by a rule `counted_besides`, with its own months and age; no text has one.  A migrant child is of none, so
that whatever is counted here, the migrant children stay as many as they are.  Who is counted:

- `cross_township`: lives in its hukou county, in another township than that of its hukou;
- `central_districts`: lives in a district that is one centre with that of its hukou, which the place exempts;
- `unaccompanied`: lives in another county, neither exempt nor with a parent or other guardian;
- `left_behind`: a person confirmed it as such.

The months run from when the child came to stand so, and moves count as they do for migrant children; those of the
unaccompanied are the months away, and those of the left behind run from the decision.  Where no source says, it is
`cannot_tell`.
"""

from datetime import date

from services.registry.children.building import Folded
from services.registry.children.caring import cross_township
from services.registry.left_behind.terms import LeftBehindState
from services.registry.past.standing import Standing
from services.registry.profiles import Profile
from services.registry.profiles.families.surveys import CountedBesides
from services.registry.profiles.rules import DayCounting
from services.registry.status import Status
from services.registry.status.counting import age_reached_on, months_on
from services.registry.status.facts import ChildFacts
from services.registry.status.stays import Stay, stay_on, stretch_before
from services.registry.status.timeline import Situation, Timeline
from shared import divisions

PREFIX = "besides."
COUNTED, NOT_COUNTED, CANNOT_TELL = "counted", "not_counted", "cannot_tell"
_TOWNSHIP = 10**3


def besides(stood: Standing, profile: Profile | None, on: date) -> dict[str, str]:
    """Breakdown → answer, one for each population that the place counts besides; nothing where it counts none."""
    if profile is None:
        return {}
    rules = profile.rules(CountedBesides, on)
    if not rules:
        return {}
    facts = stood.fold.facts()
    return {
        f"{PREFIX}{rule.population}": _answer(rule, stood.row, facts, profile, on) for rule in rules
    }


def _answer(
    rule: CountedBesides, row: Folded, facts: ChildFacts, profile: Profile, on: date
) -> str:
    if row.status == Status.MIGRANT:
        return NOT_COUNTED
    counting, born = profile.day_counting(on), facts.birth_on
    if born is not None and (on < born or on >= age_reached_on(born, rule.age_below, counting)):
        return NOT_COUNTED
    stay = (
        _left_behind(row)
        if rule.population == "left_behind"
        else _stay(rule.population, Timeline(facts, profile), counting, on)
    )
    if stay is None:
        return NOT_COUNTED
    if born is None:
        return CANNOT_TELL
    if born > stay.since:
        stay = Stay(born)
    if on >= months_on(stay.since, rule.months, counting):
        return COUNTED
    return CANNOT_TELL if stay.blurred else NOT_COUNTED


def _left_behind(row: Folded) -> Stay | None:
    said = row.decision.get("left_behind", {})
    if said.get("state") != LeftBehindState.CONFIRMED:
        return None
    return Stay(date.fromisoformat(said["since"]))


def _stay(population: str, timeline: Timeline, counting: DayCounting, on: date) -> Stay | None:
    """Since when the child has stood so; None if it does not."""
    later = timeline.on(on, rules_of=on)
    now = _of(population, later)
    if not now:
        # From a day that never comes, but who knows: nobody can tell.
        return None if now is False else Stay(date.max, ("situation",))
    if population == "unaccompanied":
        return stay_on(timeline, counting, on)
    since = timeline.cut_before(on) or on
    while (found := stretch_before(timeline, counting, since, on)) is not None:
        start, earlier = found
        then = _of(population, earlier)
        if then is None:
            return Stay(since, ("situation",))
        if not then or (population == "cross_township" and _moved(earlier, later, counting)):
            break
        since, later = start, earlier
    return Stay(since)


def _of(population: str, there: Situation) -> bool | None:
    """Whether a child in that situation is of the population; None where that cannot be told."""
    if there.crossing is None:
        return None
    if population == "cross_township":
        return False if there.crossing else _other_township(there)
    if not there.crossing:
        return False
    if there.central is None or population == "central_districts":
        return there.central
    if there.central or there.accompanied is None:
        return False if there.central else None
    return not there.accompanied


def _other_township(there: Situation) -> bool | None:
    """None where one is known by its county alone, or by a code that the county bore at another time."""
    home, hukou = there.residence_code, there.hukou_code
    if home is None or hukou is None or divisions.county_of(home) != divisions.county_of(hukou):
        return None
    return cross_township(home, hukou)


def _moved(earlier: Situation, later: Situation, counting: DayCounting) -> bool:
    """Whether a move to a further township begins the months anew, as the place counts moves."""
    if counting.onward_move != "restarts":
        return False
    return (earlier.residence_code or 0) // _TOWNSHIP != (later.residence_code or 0) // _TOWNSHIP
