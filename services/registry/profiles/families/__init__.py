"""The families of rules (规则类别) beyond those on which a status is decided, each one class.

A new family is a class here and a line below: its fields say how a file is read (typed.py), what is
shown, and what is not configured.
"""

from collections.abc import Mapping
from typing import Final

from services.registry.profiles.cadences import Cadence, SchoolCalendar
from services.registry.profiles.families.alerts import AlertRule, VaccineDose
from services.registry.profiles.families.care import (
    Consent,
    Guardianship,
    KeyCareFile,
    MisconductLedger,
    Network,
    Protectees,
    RiskScale,
    SchoolFile,
    SensitiveMarker,
)
from services.registry.profiles.families.entitlements import (
    ApplicationPlace,
    EarlyScreening,
    FollowUp,
    Insurance,
    Schooling,
    Vaccination,
)
from services.registry.profiles.families.protection import (
    CaseMeasure,
    Hotline,
    Referral,
    Report,
    Suggestion,
)
from services.registry.profiles.families.surveys import (
    CountedBesides,
    HukouExchange,
    JointAnalysis,
    NationalSystem,
    Pilot,
    Roster,
    Sharing,
    Statistics,
    SurveyRound,
    UpwardRoster,
)
from services.registry.profiles.rules import Hardship, Rule

_CLASSES: Final[tuple[type[Rule], ...]] = (
    SurveyRound,
    NationalSystem,
    Sharing,
    Roster,
    HukouExchange,
    UpwardRoster,
    Statistics,
    CountedBesides,
    JointAnalysis,
    Pilot,
    Cadence,
    SchoolCalendar,
    Hardship,
    KeyCareFile,
    RiskScale,
    SchoolFile,
    MisconductLedger,
    Protectees,
    SensitiveMarker,
    Guardianship,
    Consent,
    Network,
    Report,
    CaseMeasure,
    Suggestion,
    Referral,
    Hotline,
    ApplicationPlace,
    Insurance,
    Schooling,
    Vaccination,
    EarlyScreening,
    FollowUp,
    AlertRule,
    VaccineDose,
)
TYPED: Final[Mapping[str, type[Rule]]] = {kind.family: kind for kind in _CLASSES}
"""Each family that is read by the types of its fields, by its name in a profile."""
