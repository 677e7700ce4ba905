"""Results: what became of each item of a push, an import or a recall."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared.problems import Flaw

Outcome = Literal["created", "unchanged", "superseded", "refused"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item; ``flaws`` say why it was refused."""

    index: int
    source_id: str
    outcome: Outcome
    record: UUID | None = None
    entry: UUID | None = None
    findings: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()
