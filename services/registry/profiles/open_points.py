"""What an administrator still has to settle in a profile (待定事项).

Three kinds: a value that no text gives, a value that this software assumes, and clauses that
contradict each other. A point is *needed* while some child or duty waits for it.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from services.registry.profiles.cadences import Cadence, SchoolCalendar
from services.registry.profiles.families import TYPED
from services.registry.profiles.families.alerts import AlertRule
from services.registry.profiles.profile import Profile, prefix_of
from services.registry.profiles.rules import (
    ASSUMED_COUNTING,
    NOT_CONFIGURED,
    CentralDistricts,
    City,
    DayCounting,
    Definition,
    OpenPoint,
    Rule,
    Unset,
)

_UNSET = NOT_CONFIGURED.value


def open_points(profile: Profile) -> tuple[OpenPoint, ...]:
    """Every point, rule by rule; of a rule that a narrower layer replaces, that layer's alone."""
    return (
        *_undated(profile),
        *_absent(profile),
        *_unset(profile),
        *_contradictions(profile),
        *_without_code(profile),
        *_assumed(profile),
        *_of_the_software(profile),
    )


def _undated(profile: Profile) -> Iterator[OpenPoint]:
    """A document without a day is taken to hold on every day, so nobody waits for it."""
    texts = {text.name: text for layer in profile.layers for text in layer.documents.values()}
    for text in texts.values():
        for setting, day in (("valid_from", text.valid_from), ("valid_until", text.valid_until)):
            if isinstance(day, Unset):
                yield _point("documents", setting, text.name, needed=False)
        if not text.at_hand:
            yield _point("documents", "text", text.name, needed=False)


def _absent(profile: Profile) -> Iterator[OpenPoint]:
    """Families of which the texts of a place say nothing, where that matters."""
    said = {family for family, _, _ in profile.effective()}
    kinds: tuple[type[Rule], ...] = (Definition, CentralDistricts, *TYPED.values())
    for kind in kinds:
        if kind.family not in said and kind.if_silent != "nothing":
            yield _point(kind.family, "", "", needed=kind.if_silent == "needed")
    rules = [rule for _, _, versions in profile.effective() for rule in versions]
    follows = any(isinstance(rule, Cadence) and rule.by_school_calendar for rule in rules)
    if follows and SchoolCalendar.family not in said:
        yield _point(SchoolCalendar.family, "", "", needed=True)


def _unset(profile: Profile) -> Iterator[OpenPoint]:
    for family, key, versions in profile.effective():
        for rule in versions:
            for field in fields(rule):
                for setting in _unset_within(getattr(rule, field.name), field.name):
                    name = f"{family}.{key}" if key else family
                    yield _point(name, setting, rule.clause, needed=field.name in rule.waiting)


def _unset_within(value: object, name: str) -> Iterator[str]:
    """The names of what is not configured in a setting, those of nested tables included."""
    if isinstance(value, Unset):
        yield name
    elif isinstance(value, City):
        if isinstance(value.members, Unset):
            yield f"members of {prefix_of(value.area)}"
    elif is_dataclass(value):
        for field in fields(value):
            yield from _unset_within(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, tuple):
        for one in value:
            yield from _unset_within(one, f"{name}.{getattr(one, 'name', '')}".rstrip("."))


def _contradictions(profile: Profile) -> Iterator[OpenPoint]:
    """Those that no layer above the one that names them has settled by a rule of its own."""
    settled: set[str] = set()
    for layer in profile.layers:
        for one in layer.contradictions:
            if one.rule not in settled:
                yield OpenPoint(
                    kind="contradiction",
                    rule=one.rule,
                    setting="",
                    value=one.why,
                    clause="; ".join(one.clauses),
                    needed=False,
                )
        settled |= {f"{family}.{key}" if key else family for family, key in layer.rules}


def _without_code(profile: Profile) -> Iterator[OpenPoint]:
    locals_ = [local for layer in profile.layers for local in layer.local_divisions]
    coded = {local.name for local in locals_ if isinstance(local.code, int)}
    for local in locals_:
        if local.name not in coded:
            yield _point("local_divisions", local.name, local.basis, needed=True)


def _assumed(profile: Profile) -> Iterator[OpenPoint]:
    stated: list[Rule] = []
    for family, key, versions in profile.effective():
        stated += versions if family == DayCounting.family else ()
        for rule in versions:
            if rule.assumed:
                name = f"{family}.{key}" if key else family
                yield OpenPoint("assumed", name, "", rule.assumed, rule.clause, needed=False)
    for rule in stated or [ASSUMED_COUNTING]:
        assert isinstance(rule, DayCounting)
        for setting in DayCounting.settings():
            if setting not in rule.stated:
                value = str(getattr(rule, setting))
                yield OpenPoint(
                    "assumed", DayCounting.family, setting, value, rule.clause, needed=False
                )


def _of_the_software(profile: Profile) -> Iterator[OpenPoint]:
    """What the rules of early warning that come with the software leave open, where the place has none of its own."""
    # Those rules are rules like any other, and read by this package.
    from services.registry.alerts.rules import shipped

    said = {(family, key) for family, key, _ in profile.effective()}
    for (family, key), versions in shipped().items():
        if family != AlertRule.family or (family, key) in said:
            continue
        for rule in versions:
            for field in fields(rule):
                for setting in _unset_within(getattr(rule, field.name), field.name):
                    yield _point(f"{family}.{key}", setting, rule.clause, needed=False)
            if rule.assumed:
                name = f"{family}.{key}"
                yield OpenPoint("assumed", name, "", rule.assumed, rule.clause, needed=False)


def _point(rule: str, setting: str, clause: str, *, needed: bool) -> OpenPoint:
    return OpenPoint("not_configured", rule, setting, _UNSET, clause, needed=needed)
