"""Who receives a notice: the authority whose area is the longest match for the target county.  Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An area and who answers for it: a client of this hub, or a peer hub."""

    name: str
    low: int
    high: int
    client: str | None = None
    peer: str | None = None
    rank: int = 0
    """Among equal areas the lower rank wins: named authorities, then subscriptions, then peers."""

    @property
    def key(self) -> str:
        return f"peer:{self.peer}" if self.peer else f"client:{self.client}"


def route(
    target: int, candidates: Iterable[Candidate], unwanted: Collection[str] = ()
) -> Candidate | None:
    """The narrowest area that holds the target, leaving out receivers that said "not ours"; None if none does."""
    fitting = [c for c in candidates if c.low <= target <= c.high and c.key not in unwanted]
    return min(fitting, key=lambda c: (c.high - c.low, c.rank, c.key), default=None)
