"""Counting: how often a place did, within a span, what it owes as such; pure.

What a county had done when its code ended counts for the one that began in its stead.  Where several became one, it counts as
often as every one of them had done it: what one held, the others did not hold, as no school's lesson is another's.  A county that
was there before goes on with what it held itself.  Of a county that was split nobody knows for which part it was held: it counts
for none.  A national code is the same place as the local one that it took over from.
"""

from collections.abc import Mapping
from datetime import date

from services.registry.duties.spans import DAY
from services.registry.profiles import Profiles
from shared import divisions


def lineage(profiles: Profiles, place: int, first: date) -> tuple[int, ...]:
    """The codes under which, from ``first`` on, anything may have been done that counts for a place."""
    before = (one for part in _parts(place, first) for one in lineage(profiles, part, first))
    return (place, *_local(profiles, place), *before)


def times(profiles: Profiles, place: int, first: date, done: Mapping[int, int]) -> int:
    """How often it was done for a place, of how often it was ``done`` under each code from ``first`` on."""
    own = sum(done.get(code, 0) for code in (place, *_local(profiles, place)))
    taken_over = [times(profiles, part, first, done) for part in _parts(place, first)]
    return own + min(taken_over, default=0)


def _local(profiles: Profiles, place: int) -> tuple[int, ...]:
    return tuple(code for code, national in profiles.superseded.items() if national == place)


def _parts(place: int, first: date) -> tuple[int, ...]:
    """The counties that ended at ``first`` or later and that a place began of; none where any of them was split."""
    found = []
    for one in divisions.precede(place):
        until = divisions.spells_of(one)[-1].until
        if one == place or until is None or until < first:
            continue
        # Of many a change only the year is known, and both codes hold through it.
        if divisions.known(place, date(until.year - 1, 12, 31)):
            continue
        if divisions.successors_on(one, until + DAY) != (place,):
            return ()
        found.append(one)
    return tuple(found)
