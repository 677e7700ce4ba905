"""Finding: what of a child somebody is to be alerted about; pure.

Cast: a *spell* is a time during which something is so, from the day that its rule asks for, until what ended it came in;
its *cause* tells it from every other of its kind.  Nothing but evidence ends a spell: no birthday, no end of a year.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.registry.access.matrix import categories_of
from services.registry.alerts.health_gaps import screening_gap, vaccination_gap
from services.registry.alerts.rules import Stretch
from services.registry.alerts.schooling_gaps import dropped_out, not_enrolled
from services.registry.alerts.watching import Watched, counting, number
from services.registry.duties.spans import DAY
from services.registry.profiles.families.alerts import AlertName
from services.registry.profiles.families.entitlements import Insurance
from services.registry.signals import reading as signals
from services.registry.signals.reading import Signal
from services.registry.signals.spells import Spell, first, until
from services.registry.status.counting import age_reached_on, months_on
from services.registry.status.deciding import Status
from shared.vocabulary import Department

#: Proofs that a residence permit alone gives.
PERMIT_PROOF = "residence_permit"


Finder = Callable[[Watched, Stretch, date], Iterator[Spell]]


def _costly_bill(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    for one in watched.told(signals.BILL):
        detail = {"incurred_on": one.on.isoformat()}
        yield Spell(
            one.entry.hex,
            one.known,
            entry=one.entry,
            record=one.record,
            office=one.office,
            detail=detail,
        )


def _insurance_gap(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    insured, uninsured = watched.told(signals.INSURED), watched.told(signals.UNINSURED)
    naturals: dict[int, Spell] = {}
    for one in sorted(uninsured, key=lambda s: (s.known, s.on)):
        naturals.setdefault(one.number, Spell(f"{one.number}", one.known, record=one.record))
    known_by, known_on = stretch.rule.known_by, watched.folded.known_on
    if isinstance(known_by, str) and known_on is not None:
        for year in range(known_on.year, day.year + 2):
            silent = date.fromisoformat(f"{year}-{known_by}")
            if year not in naturals or silent < naturals[year].begins:
                naturals[year] = Spell(f"{year}", silent)
    for year, spell in sorted(naturals.items()):
        detail: dict[str, Any] = {"year": year, **_proofs(watched, stretch, day)}
        ending = first([s for s in insured if s.number == year])
        yield until(spell._replace(detail=detail), ending)


def _proofs(watched: Watched, stretch: Stretch, day: date) -> dict[str, Any]:
    """With what the place lets the child enrol, and whether that must be got first (R43)."""
    rule = stretch.profile.rule(Insurance, day) if stretch.profile else None
    if rule is None:
        return {}
    permits = watched.told(signals.PERMIT)
    holds_permit = any(s.until is None or s.until >= day for s in permits)
    said: dict[str, Any] = {"accepted": list(rule.accepted), "clause": rule.clause}
    if set(rule.accepted) == {PERMIT_PROOF} and not holds_permit:
        said["first"] = PERMIT_PROOF
    if rule.assisted:
        said["assisted"] = True
    if rule.subsidised:
        said["subsidised"] = True
    return said


def _permit_expiring(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    permits, ended = watched.told(signals.PERMIT), watched.told(signals.PERMIT_ENDED)
    for last in sorted({s.until for s in permits if s.until is not None}):
        held = min(s.on for s in permits if s.until == last)
        later = [s for s in permits if s.until is not None and s.until > last]
        later += [s for s in ended if s.on >= held]
        begins = last - timedelta(days=number(stretch.rule.days))
        yield until(Spell(f"{last}", begins, detail={"ends_on": f"{last}"}), first(later))


def _silence(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    months = number(stretch.rule.months)
    if not months:
        return
    heard = watched.folded.heard_on
    known = watched.folded.known_on
    # What was heard of before the child was known here is one past: silence is counted from its end.
    start = max(0, bisect_right(heard, known) - 1) if known is not None else 0
    for at in range(start, len(heard)):
        last, again = heard[at], heard[at + 1] if at + 1 < len(heard) else None
        if again is not None and (again - last).days < 28 * months:
            continue
        begins = months_on(last, months, counting(stretch.profile, last))
        yield Spell(f"{last}", begins, ended=again, detail={"heard_on": f"{last}"})


def _contradiction(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    for one in watched.folded.disputes:
        yield Spell(one.matter, one.known, detail={"matter": one.matter})


def _unaccompanied(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    told = watched.told(signals.ALONE, signals.ACCOMPANIED)
    alone: Signal | None = None
    for one in told:
        if one.kind == signals.ALONE:
            alone = alone or one
        elif alone is not None:
            yield until(Spell(f"{alone.on}", alone.known, record=alone.record), one)
            alone = None
    if alone is not None:
        yield Spell(f"{alone.on}", alone.known, record=alone.record)


def _status_unclear(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    known_on, decision = watched.folded.known_on, watched.decision
    if decision.status is Status.CANNOT_TELL and known_on is not None:
        begins = known_on + timedelta(days=number(stretch.rule.days))
        missing = list(decision.missing)
        yield Spell("+".join(missing), begins, detail={"missing": missing})


def _overdue_duty(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    for one in watched.duties:
        if one.due_on is not None:
            begins = one.due_on + timedelta(days=number(stretch.rule.days)) + DAY
            detail = {"duty": one.duty, "due_on": f"{one.due_on}", "department": one.department}
            yield Spell(f"{one.duty}:{one.due_on}", begins, detail=detail)


def _ageing_out(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """Of children whose hukou lies in another county: no other is counted, or ceases to be."""
    born, profile, folded = watched.folded.birth_on, stretch.profile, watched.folded
    rule = profile.definition(day) if profile else None
    if born is None or rule is None or watched.home is None or watched.hukou is None:
        return
    if watched.home == watched.hukou:
        return
    days = counting(profile, day)
    birthday = age_reached_on(born, rule.age_below, days)
    if birthday <= max(stretch.since, folded.known_on or stretch.since):
        return
    begins = months_on(born, 12 * rule.age_below - number(stretch.rule.months), days)
    yield Spell(f"{birthday}", begins, detail={"birthday": f"{birthday}", "age": rule.age_below})


def _sibling_in_care(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """Only from categories that the alert's owner may see, of siblings of its own place, whom it sees anyway."""
    owner = Department(stretch.rule.owner)
    for one in watched.siblings:
        if watched.home is None or watched.home not in one.counties:
            continue
        seen = owner == Department.CIVIL_AFFAIRS or not {*one.stated_by} <= {str(owner)}
        if seen and one.category in categories_of(owner):
            detail = {"category": one.category}
            cause = f"{one.child.hex}:{one.category}"
            yield Spell(cause, one.since, detail=detail, category=one.category)


def _left_behind(watched: Watched, stretch: Stretch, day: date) -> Iterator[Spell]:
    """As ``left_behind/standing.py`` finds them, which knows what people decided."""
    yield from watched.left_behind


#: Without any signal of these kinds there is nothing to find.
_NEEDS: Mapping[str, frozenset[str]] = {
    "costly_bill": frozenset({signals.BILL}),
    "dropped_out": frozenset({signals.LEFT, signals.NOT_ATTENDING}),
    "vaccination_gap": frozenset({signals.DOSE}),
    "screening_gap": frozenset({signals.SCREENED, signals.CHECKED}),
    "permit_expiring": frozenset({signals.PERMIT}),
    "unaccompanied": frozenset({signals.ALONE}),
}


def concerns(kind: AlertName, watched: Watched) -> bool:
    """Whether there can be anything of this kind at all, told without looking at any rule."""
    if (needed := _NEEDS.get(kind)) is not None:
        return not needed.isdisjoint(watched.by_kind)
    if kind == "contradiction":
        return bool(watched.folded.disputes)
    if kind == "status_unclear":
        return watched.decision.status is Status.CANNOT_TELL
    if kind == "overdue_duty":
        return bool(watched.duties)
    if kind == "left_behind":
        return bool(watched.left_behind)
    return kind != "sibling_in_care" or bool(watched.siblings)


FINDERS: Mapping[AlertName, Finder] = {
    "costly_bill": _costly_bill,
    "not_enrolled": not_enrolled,
    "dropped_out": dropped_out,
    "vaccination_gap": vaccination_gap,
    "insurance_gap": _insurance_gap,
    "permit_expiring": _permit_expiring,
    "silence": _silence,
    "contradiction": _contradiction,
    "unaccompanied": _unaccompanied,
    "status_unclear": _status_unclear,
    "overdue_duty": _overdue_duty,
    "ageing_out": _ageing_out,
    "sibling_in_care": _sibling_in_care,
    "left_behind": _left_behind,
    "screening_gap": screening_gap,
}
