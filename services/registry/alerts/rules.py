"""The rules of early warning as they hold for one child: those of its places, else those that come with the software.

Cast: a *stretch* is a time during which one version of one rule held where the child lived.  What was so when a stretch
began is raised on its first day; what began later is raised by the rule of its own day.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from services.registry.duties.standing import Home
from services.registry.profiles import Profile
from services.registry.profiles.families.alerts import AlertName, AlertRule, VaccineDose
from services.registry.profiles.families.entitlements import Vaccination
from services.registry.profiles.reading import read_documents, read_rules
from services.registry.profiles.rules import Rule, Unset
from services.registry.profiles.tables import Table

FILE = Path(__file__).with_name("rules.toml")
NATIONAL = "national"


@cache
def shipped() -> Mapping[tuple[str, str], tuple[Rule, ...]]:
    """By family and key; ProfileError names what is wrong in the file."""
    table = Table(FILE.name, "", tomllib.loads(FILE.read_text(encoding="utf-8")))
    documents = read_documents(table.table("documents"))
    found = read_rules(table.table("rules"), documents)
    table.done()
    return found


@cache
def kinds() -> tuple[AlertName, ...]:
    """Every kind of alert, in the order of the file."""
    return tuple(r.alert for (_, _), (r, *_) in shipped().items() if isinstance(r, AlertRule))


def rule_of(profile: Profile | None, kind: AlertName, on: date) -> AlertRule | None:
    """The rule of a kind in force on a day; None where the place has ended it."""
    found = profile.rule(AlertRule, on, kind) if profile else None
    if found is None:
        (own,) = shipped()[AlertRule.family, kind]
        assert isinstance(own, AlertRule)
        found = own
    return found if found.active else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` until the day before ``until``; None: it goes on."""

    since: date
    until: date | None
    rule: AlertRule
    profile: Profile | None


def stretches(homes: Sequence[Home], kind: AlertName) -> tuple[Stretch, ...]:
    """The rule of a kind through the child's homes, in order of time; before the first that of the first one.

    A child without a home is under the software's own rules.
    """
    if not homes:
        return _versions(None, kind, date.min, None)
    found: list[Stretch] = []
    for place, home in enumerate(homes):
        since = home.since if place else date.min
        until = homes[place + 1].since if place + 1 < len(homes) else None
        if until is not None and until <= since:
            continue
        found += _versions(home.profile, kind, since, until)
    return tuple(found)


@lru_cache(maxsize=8192)
def _versions(
    profile: Profile | None, kind: AlertName, since: date, until: date | None
) -> tuple[Stretch, ...]:
    turns = [t for t in _turns(profile, kind) if since < t and (until is None or t < until)]
    starts = [since, *turns]
    found = []
    for at, start in enumerate(starts):
        rule = rule_of(profile, kind, start)
        end = starts[at + 1] if at + 1 < len(starts) else until
        if rule is not None:
            found.append(Stretch(start, end, rule, profile))
    return tuple(found)


@lru_cache(maxsize=1024)
def _turns(profile: Profile | None, kind: AlertName) -> tuple[date, ...]:
    """The days on which another version of this rule begins to hold."""
    if profile is None:
        return ()
    days = (date.min, *profile.turning_days)
    held = [(day, rule_of(profile, kind, day)) for day in days]
    return tuple(
        day for (_, before), (day, now) in zip(held, held[1:], strict=False) if now is not before
    )


@lru_cache(maxsize=256)
def schedule(profile: Profile | None, on: date) -> tuple[VaccineDose, ...]:
    """The doses by which a place finds gaps; none where it follows a local schedule that nobody has set."""
    rule = profile.rule(Vaccination, on) if profile else None
    own = profile.rules(VaccineDose, on) if profile else ()
    if own:
        return tuple(one for one in own if not isinstance(one.before_months, Unset))
    if rule is None or rule.schedule != NATIONAL:
        return ()
    doses = (one for (one, *_) in shipped().values() if isinstance(one, VaccineDose))
    return tuple(doses)
