"""Marking: the entitlements that reach past the age at which counting ends, for a child that was counted until then.  Pure.

Nothing is stored: the marker follows from facts, rules and day, stays whatever was closed meanwhile, and turns `open` on the day
from which the entitlement is claimed (the eighteenth birthday for an orphan's study grant).  An entitlement that hangs on a
health marker alone is marked for nobody here: the mark would tell what a compartment hides; `behind` tells it at that
compartment's own door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from services.registry.profiles import Profile, Profiles
from services.registry.profiles.families.entitlements import FollowUp
from services.registry.status.counting import age_reached_on
from services.registry.status.deciding import Status, decide
from services.registry.status.facts import ChildFacts

#: Fields of the fold that show that a child belongs to those whom an entitlement is for.
_SHOWN_BY: Final[Mapping[str, str]] = {
    "orphan": "assistance_orphan",
    "de_facto_unsupported": "assistance_de_facto_unsupported",
}
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """``since``: from when it is claimed; ``group``: what must be open to a reader, since the mark tells as much."""

    entitlement: str
    place: Literal["residence", "hukou"]
    since: date
    clause: str
    state: Literal["coming", "open"]
    group: str


def marks(
    facts: ChildFacts, fields: Mapping[str, Any], profiles: Profiles, day: date
) -> tuple[Mark, ...]:
    """The marks of a child on a day, in the order of the texts; none before counting ends, or for a child never counted."""
    return _marked(facts, profiles, day, lambda rule: _group(rule, fields))


def behind(marker: str, facts: ChildFacts, profiles: Profiles, day: date) -> tuple[Mark, ...]:
    """Those that a child's being in the compartment of a health marker gives it; for readers of that compartment alone."""
    return _marked(
        facts, profiles, day, lambda rule: marker if {*rule.children} & {marker} else None
    )


def _marked(
    facts: ChildFacts,
    profiles: Profiles,
    day: date,
    group_of: Callable[[FollowUp], str | None],
) -> tuple[Mark, ...]:
    if facts.birth_on is None or not facts.episodes:
        return ()
    home = max(facts.episodes, key=lambda episode: episode.since)
    profile = profiles.for_division(home.code, day)
    ended = _ended(facts, profile, day)
    if profile is None or ended is None:
        return ()
    counting = profile.day_counting(day)
    found = []
    for rule in profile.rules(FollowUp, day):
        group = group_of(rule)
        if group is None:
            continue
        since = ended
        if rule.from_age is not None:
            since = max(ended, age_reached_on(facts.birth_on, rule.from_age, counting))
        state: Literal["coming", "open"] = "open" if since <= day else "coming"
        found.append(Mark(rule.entitlement, rule.place, since, rule.clause, state, group))
    return tuple(found)


def _ended(facts: ChildFacts, profile: Profile | None, day: date) -> date | None:
    """The day on which counting ended by age; None until then, or for a child that was no migrant child the day before."""
    definition = profile.definition(day) if profile else None
    if profile is None or definition is None or facts.birth_on is None:
        return None
    ended = age_reached_on(facts.birth_on, definition.age_below, profile.day_counting(day))
    if day < ended:
        return None
    before = decide(facts, profile, ended - DAY)
    return ended if before.status is Status.MIGRANT else None


def _group(rule: FollowUp, fields: Mapping[str, Any]) -> str | None:
    """The group that opens the mark; None where the entitlement is not this child's."""
    if "every" in rule.children:
        return "status"
    named = (_SHOWN_BY[one] for one in rule.children if one in _SHOWN_BY)
    held = any(fields.get(name, {}).get("value") == "started" for name in named)
    return "assistance" if held else None
