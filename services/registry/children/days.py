"""Days: a child as it was on a day, from all that is known of it today; pure.

What is said of a *time* (a stay, a hukou, a benefit) is known of that time whoever said it when: all claims weigh in who is
heard, and only then is what lies after the day cut off.  What is said of a *moment* (a school, a phone, a guardian, a visit, a
survey) is what had been seen by that day.  Who the child is does not change: name, sex, birth and numbers are the best that is
known.
"""

from datetime import date

from services.registry.children.belonging import Belonging
from services.registry.children.claims import Claims
from services.registry.children.residing import Lived, Residing, where

#: Fields that tell who a child is, whenever they were seen.
LASTING = frozenset(
    {
        "name",
        "former_name",
        "sex",
        "ethnicity",
        "birth_on",
        "id_number",
        "id_number_doubtful",
        "other_number",
    }
)


def heard_by(claims: Claims, day: date) -> Claims:
    """One record's claims without the moments after ``day``."""
    return claims._replace(
        observations=tuple(
            one
            for one in claims.observations
            if one.field in LASTING or one.source.observed_on <= day
        ),
        company=tuple(one for one in claims.company if one.source.observed_on <= day),
        guardians=tuple(one for one in claims.guardians if one.source.observed_on <= day),
        visits=tuple(one for one in claims.visits if one.on <= day),
        schooling=tuple(one for one in claims.schooling if one.on <= day),
        surveys=tuple(one for one in claims.surveys if one.on <= day),
        signals=tuple(one for one in claims.signals if one.on <= day),
    )


def residing_on(residing: Residing, day: date) -> Residing:
    """The episodes that had begun, those that ended later still lasting."""
    begun = tuple(_lasting(one, day) for one in residing.episodes if one.since <= day)
    aside = tuple(one for one in residing.unconfirmed if one.since <= day)
    return residing._replace(episodes=begun, unconfirmed=aside)


def _lasting(one: Lived, day: date) -> Lived:
    """Within its county the home is the one that was known by then; before anything was, the first that became known."""
    seen = [stay for stay in one.claims if stay.source.observed_on <= day]
    seen = seen or [min(one.claims, key=lambda s: (s.source.observed_on, s.source.entry.int))]
    code, address = where(seen)
    until = one.until if one.until is not None and one.until <= day else None
    return one._replace(code=code, address=address, until=until)


def belonging_on(belonging: Belonging, day: date) -> Belonging:
    """The spells that had begun; before all of them the first, of which the place's rules say what it is worth."""
    spells = tuple(one for one in belonging.spells if one.since is None or one.since <= day)
    return belonging._replace(spells=spells or belonging.spells[:1])
