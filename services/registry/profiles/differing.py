"""How two profiles differ, or one profile between two days: rule by rule, setting by setting.

``hutong profile diff`` prints it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.registry.profiles.profile import Profile
from services.registry.profiles.showing import rules_shown


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says of a setting, and by which clause; of no value where it has no such rule."""

    value: Any = None
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule that only one side has (`setting` is empty), or a setting on which they disagree."""

    rule: str
    setting: str
    before: Side
    after: Side


def differences(
    one: Profile, one_on: date, other: Profile, other_on: date
) -> tuple[Difference, ...]:
    """In order of rule and setting; none where both sides ask for the same, by whatever clause."""
    return tuple(_differences(_by_name(one, one_on), _by_name(other, other_on)))


def _by_name(profile: Profile, on: date) -> dict[str, dict[str, Any]]:
    return {
        ".".join(filter(None, (rule["family"], rule["key"]))): rule
        for rule in rules_shown(profile, on)
    }


def _differences(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield Difference(name, "", _side(old), _side(new))
            continue
        for setting in sorted({*old["settings"], *new["settings"]}):
            values = old["settings"].get(setting), new["settings"].get(setting)
            if values[0] != values[1]:
                clauses = old["clause"] or "", new["clause"] or ""
                sides = [Side(*side) for side in zip(values, clauses, strict=True)]
                yield Difference(name, setting, *sides)


def _side(rule: dict[str, Any] | None) -> Side:
    return Side() if rule is None else Side(rule["wording"] or "", rule["clause"] or "")
