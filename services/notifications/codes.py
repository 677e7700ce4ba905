"""Codes: by which code a county goes on a day.

The national table is at hand; which local codes national ones took over from stands in the rules of places, which the registry
alone reads.  It says so in the answer by which the hub's services follow revocations; one of an earlier release says nothing.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from shared import divisions


class Codes:
    """The national table, and the local codes that the registry named last."""

    def __init__(self) -> None:
        self._superseded: Mapping[int, int] = {}

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take the registry's word; KeyError or ValueError where it is none."""
        self._superseded = {
            divisions.widen(one["code"]): divisions.widen(one["superseded_by"])
            for one in told.get("superseded", ())
        }

    def ever(self, code: int) -> bool:
        """Whether there is, or was, such a county."""
        return divisions.ever(code) or divisions.county_of(code) in self._superseded

    def code_on(self, code: int, day: date) -> int:
        return divisions.code_on(code, day, self._superseded)

    def area_on(self, area: tuple[int, int], day: date) -> tuple[int, int]:
        return divisions.area_on(area, day, self.code_on)

    def carried(self, day: date) -> dict[int, int]:
        """The codes that have ended by a day and have one heir, with it."""
        ended = divisions.ended_by(day, self._superseded)
        return {code: heirs[0] for code, heirs in ended.items() if len(heirs) == 1}
