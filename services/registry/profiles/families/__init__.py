"""The families of rules (规则类别) beyond those on which a status is decided, each one class."""

from collections.abc import Mapping
from typing import Final

from services.registry.profiles.cadences import Cadence, SchoolCalendar
from services.registry.profiles.rules import Hardship, Rule

TYPED: Final[Mapping[str, type[Rule]]] = {
    kind.family: kind for kind in (Hardship, Cadence, SchoolCalendar)
}
"""Each family that is read by the types of its fields, by its name in a profile."""
