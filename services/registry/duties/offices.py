"""Offices: whose word can do a duty toward a child, by where the child lived on the day.

Guaranteed: an office of a county in which the child did not live does none of its duties, even if it knows the child's
number; only a school that has the child enrolled counts wherever it stands.  What was done while the child lived in a county
stays done after it moved.
"""

from dataclasses import dataclass
from datetime import date

from services.registry.children.claims import VisitClaim
from services.registry.children.renumbering import InLine, same_place
from services.registry.children.residing import Residing
from shared import divisions
from shared.vocabulary import Department


@dataclass(frozen=True, slots=True)
class Offices:
    """``schools`` are the counties whose schools told of an enrolment; ``in_line`` says which counties took over from which."""

    residing: Residing
    schools: frozenset[int]
    in_line: InLine = divisions.in_line

    def count(self, visit: VisitClaim) -> bool:
        """Whether the office that told of it could do anything for the child on that day."""
        source = visit.source
        if source.department != Department.CIVIL_AFFAIRS and self._any(source.office, self.schools):
            return True
        return self.here(source.office, visit.on)

    def here(self, office: int, on: date) -> bool:
        """Whether the office is of a county in which the child lived on that day, under whatever code."""
        return self._any(office, self.counties(on))

    def _any(self, office: int, counties: frozenset[int]) -> bool:
        return office in counties or any(
            same_place(office, one, self.in_line) for one in counties if office
        )

    def counties(self, on: date) -> frozenset[int]:
        """Where the child lived, both on the day of a move, or last lived.

        Before the first home that is known that one, as in ``standing.rules``, and the one that was reported first: it falls
        out of a child's life when a better known one comes, but what it had done until then was done.
        """
        homes = self.residing.episodes
        begun = [home for home in homes if home.since <= on]
        if begun:
            held = [home for home in begun if home.until is None or on <= home.until]
            return frozenset(home.county for home in held or begun[-1:])
        first = self.residing.reported_first
        known = frozenset(home.county for home in homes[:1])
        return known if first is None else known | {first}
