"""Words: what a child is judged by beside its records and the decisions on its key care."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from services.registry.alerts.raising import Acted
from services.registry.alerts.watching import Sibling


class Words(NamedTuple):
    """What people did about its alerts and its file, and its siblings in key care, wherever they are."""

    acts: Sequence[Acted] = ()
    siblings: Sequence[Sibling] = ()
    handovers: Sequence[Any] = ()


NO_WORDS = Words()
