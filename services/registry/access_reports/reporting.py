"""Reporting: who accessed the data of how many children for what in a year, counted from the audit trail; pure.

Guaranteed: every numbered entry of the trail is counted once, in the line of its year or as one of another year or as one
that touched nobody, so that the report adds up to the trail (``reconciled``); a trail with a gap, or with entries that still
wait for their number, makes no report that does.

Uses of compartments stand in one line without department or purpose, and count no children: the trail itself tells no more.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.registry.compartments.tracing import PREFIX
from shared.clock import SHANGHAI

COMPARTMENTS = "compartments"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One kind of access.  ``accesses`` are entries of the trail; ``children`` counts each child once."""

    department: str
    purpose: str
    operation: str
    accesses: int
    children: int


@dataclass(frozen=True, slots=True)
class AccessReport:
    """A year's report.  ``last`` and ``chain`` fix the trail that it was made of."""

    year: int
    lines: tuple[Line, ...]
    children: int
    touching_nobody: int
    other_years: int
    last: int
    chain: str
    waiting: int

    @property
    def accesses(self) -> int:
        return sum(line.accesses for line in self.lines)

    @property
    def reconciled(self) -> bool:
        counted = self.accesses + self.touching_nobody + self.other_years
        return counted == self.last and self.waiting == 0


class Counting:
    """Counts entries of the trail, in any order."""

    def __init__(self, year: int) -> None:
        self._year = year
        self._accesses: Counter[tuple[str, str, str]] = Counter()
        self._children: dict[tuple[str, str, str], set[UUID]] = {}
        self._nobody = self._others = self._last = 0
        self._chain = b""

    def add(self, entries: Iterable[Any]) -> None:
        for entry in entries:
            if entry["seq"] > self._last:
                self._last, self._chain = entry["seq"], entry["chain"]
            if entry["at"].astimezone(SHANGHAI).year != self._year:
                self._others += 1
            elif entry["operation"].startswith(PREFIX):
                self._accesses["", "", COMPARTMENTS] += 1
            elif entry["subjects"]:
                key = (entry["department"], entry["purpose"], entry["operation"])
                self._accesses[key] += 1
                self._children.setdefault(key, set()).update(entry["subjects"])
            else:
                self._nobody += 1

    def report(self, waiting: int) -> AccessReport:
        """The report; ``waiting`` entries of the trail have no number yet."""
        children = self._children
        lines = (
            Line(*key, accesses, len(children.get(key, ())))
            for key, accesses in self._accesses.items()
        )
        return AccessReport(
            self._year,
            tuple(sorted(lines)),
            len(set().union(*children.values())),
            self._nobody,
            self._others,
            self._last,
            self._chain.hex(),
            waiting,
        )
