"""Jurisdiction profiles: the rules of each place as dated, cited data."""

from services.registry.profiles.loading import SHIPPED, Profiles
from services.registry.profiles.profile import Profile
from services.registry.profiles.rules import (
    NOT_CONFIGURED,
    Cadence,
    CentralDistricts,
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
    "DayCounting",
    "Definition",
    "Hardship",
    "LocalDivision",
    "OpenPoint",
    "Profile",
    "ProfileError",
    "Profiles",
]
