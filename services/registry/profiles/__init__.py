"""Jurisdiction profiles: the rules of each place as dated, cited data."""

from services.registry.profiles.cadences import Cadence, Period, SchoolCalendar
from services.registry.profiles.loading import SHIPPED, Profiles
from services.registry.profiles.open_points import open_points
from services.registry.profiles.profile import Profile
from services.registry.profiles.rules import (
    NOT_CONFIGURED,
    CentralDistricts,
    Contradiction,
    DayCounting,
    Definition,
    Hardship,
    LocalDivision,
    OpenPoint,
)
from services.registry.profiles.tables import ProfileError

__all__ = [
    "NOT_CONFIGURED",
    "SHIPPED",
    "Cadence",
    "CentralDistricts",
    "Contradiction",
    "DayCounting",
    "Definition",
    "Hardship",
    "LocalDivision",
    "OpenPoint",
    "Period",
    "Profile",
    "ProfileError",
    "Profiles",
    "SchoolCalendar",
    "open_points",
]
