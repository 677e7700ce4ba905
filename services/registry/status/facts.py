"""What a status decision is made from: the dated facts of one child, nothing that names it.

A *hukou spell* is a time during which the child was registered (户籍) in one division; it lasts
until the next spell begins. An *episode* is one stay in one division, from the day of arrival to
the day of moving out (迁出时间), both of them days on which the child lived there; where the next
episode begins on the very day of moving out, that day belongs to the next one. Facts may be
incomplete, contradictory or absurd: deciding.py copes and never raises.
"""

from datetime import date
from typing import NamedTuple


class HukouSpell(NamedTuple):
    """A hukou division (12-digit int) and the day of entry there, None when no source says."""

    code: int
    since: date | None = None


class Episode(NamedTuple):
    """One stay; `until` is its last day, None while it lasts.

    `accompanied`: lives with a parent or other guardian; None when no source says. `confirmed`: a
    person or an official register vouches for the stay; it is shown with the decision, and
    outranks another stay begun on the same day.
    """

    code: int
    since: date
    until: date | None = None
    accompanied: bool | None = None
    confirmed: bool = False


class ChildFacts(NamedTuple):
    """Everything status is decided from; the order of spells and episodes does not matter."""

    birth_on: date | None = None
    hukou: tuple[HukouSpell, ...] = ()
    episodes: tuple[Episode, ...] = ()
