"""What the rules of a place said on a day about guardianship: the clause, how often to look again, whether consent is needed."""

from dataclasses import dataclass
from datetime import date

from services.registry.profiles import Profiles
from services.registry.profiles.families.care import Consent, Guardianship


@dataclass(frozen=True, slots=True)
class Rules:
    """Empty where no profile holds, or its texts are silent: nothing waits for a rule."""

    clause: str = ""
    review_days: int | None = None
    consent: str = ""
    """The clause that asks for the guardian's consent to a placement."""


def rules_of(profiles: Profiles, place: int | None, measure: str, day: date) -> Rules:
    profile = profiles.for_division(place, day) if place is not None else None
    if profile is None:
        return Rules()
    rule = profile.rule(Guardianship, day, measure)
    days = rule.review_days if rule else None
    consent = profile.rule(Consent, day, "guardianship_placement")
    return Rules(
        rule.clause if rule else "",
        days if isinstance(days, int) else None,
        consent.clause if consent and consent.required else "",
    )
