"""Standing: how a child stands toward the survey of the place where it lives: one row a child, folded.  Pure.

To be surveyed are the children who live there and are, or may be, migrant children: `migrant`, `not_yet`, `unaccompanied` and
`cannot_tell`.  Whom a central district or its own county counts as no migrant, and who has aged out, no survey owes a visit.  A
survey counts if an office of the place told of it (``duties/offices.py``): nobody completes another county's round.
"""

from datetime import date
from typing import Any, Final, NamedTuple

from services.registry.children.folding import Fold
from services.registry.children.renumbering import InLine
from services.registry.duties.offices import Offices
from services.registry.status.deciding import Status, StatusDecision
from shared import divisions
from shared.vocabulary import Department

#: So many surveys of a child are kept in its row, the newest: six years of quarters.
KEPT: Final = 24
TO_BE_SURVEYED: Final = frozenset(
    {Status.MIGRANT, Status.NOT_YET, Status.UNACCOMPANIED, Status.CANNOT_TELL}
)


class SurveyStanding(NamedTuple):
    """``made`` in order of day: ``on``, ``channel``, ``by`` (surveyor), county of the ``office``, ``blocks`` asked."""

    last_on: date | None
    made: tuple[dict[str, Any], ...]

    def held(self) -> list[Any]:
        """Everything about it in plain values."""
        return [self.last_on.isoformat() if self.last_on else None, list(self.made)]


def stand(
    folded: Fold, decision: StatusDecision, in_line: InLine = divisions.in_line
) -> SurveyStanding | None:
    """The child's row; None for a child whom no survey is about, or who lives nowhere now."""
    here = folded.residing.now
    if here is None or here.until is not None or decision.status not in TO_BE_SURVEYED:
        return None
    offices = Offices(folded.residing, folded.schooling.offices, in_line)
    counted = [
        one
        for one in folded.surveys
        if one.source.department == Department.CIVIL_AFFAIRS
        and offices.here(one.source.office, one.on)
    ]
    made = tuple(
        {
            "on": one.on.isoformat(),
            "channel": str(one.channel),
            "by": str(one.by),
            "office": one.source.office,
            "blocks": list(one.blocks),
        }
        for one in counted[-KEPT:]
    )
    return SurveyStanding(counted[-1].on if counted else None, made)
