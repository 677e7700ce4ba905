"""Query parameters: one that the operation does not know is refused.

Silently left out, a filter with a slip in its name would show everything, and a cursor the first page for ever.

The two times mean the same wherever they are asked for: ``on`` the day of which something is said (*valid*), ``known_at`` the
instant up to which the hub had heard (*known*).
"""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query, Request

from shared.clock import SHANGHAI
from shared.days import AskedDay, AskedInstant
from shared.flaws import Flaw
from shared.problems import Invalid

On = Annotated[AskedDay | None, Query(description="as it was on a day (时点), today or earlier")]
KnownAt = Annotated[
    AskedInstant | None, Query(description="as the hub knew it then (数据截止时刻)")
]


def passed(instant: datetime | None, now: datetime) -> datetime:
    """The instant asked for, ``now`` if none; Invalid for one that has not come: what will be known nobody can tell."""
    if instant is not None and instant > now:
        detail = "Ask for an instant that has been."
        raise Invalid(flaws=[Flaw("/query/known_at", "in_the_future", detail)])
    return instant or now


def has_been(on: date | None, now: datetime) -> date | None:
    """The day asked for; Invalid for one that has not come."""
    if on is not None and on > now.astimezone(SHANGHAI).date():
        raise Invalid(flaws=[Flaw("/query/on", "in_the_future", "Ask for a day that has been.")])
    return on


def check(request: Request) -> None:
    """Invalid where the address asks for what the operation does not know; the name is not repeated."""
    if not request.query_params:
        return
    known = _known(getattr(request.scope.get("route"), "dependant", None))
    if set(request.query_params) - known:
        said = f"Known here: {', '.join(sorted(known))}." if known else "None are known here."
        raise Invalid(flaws=[Flaw("/query", "unknown_parameter", said)])


def _known(dependant: Any) -> set[str]:
    if dependant is None:
        return set()
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*map(_known, dependant.dependencies))
