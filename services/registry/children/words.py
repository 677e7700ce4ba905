"""Words: what a child is judged by beside its records and the decisions on its key care."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.registry.alerts.raising import Acted
from services.registry.alerts.watching import Sibling
from shared.clock import SHANGHAI


class Words(NamedTuple):
    """What people did about its alerts and its file, and its siblings in key care, wherever they are."""

    acts: Sequence[Acted] = ()
    siblings: Sequence[Sibling] = ()
    handovers: Sequence[Any] = ()

    def until(self, day: date) -> "Words":
        """Those of them that were done by the end of a day."""
        return self._replace(
            acts=[one for one in self.acts if _day_of(one.at) <= day],
            handovers=[one for one in self.handovers if _day_of(one["acted_at"]) <= day],
        )


def _day_of(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


NO_WORDS = Words()
