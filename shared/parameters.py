"""Query parameters: one that the operation does not know is refused.

Silently left out, a filter with a slip in its name would show everything, and a cursor the first page for ever.
"""

from typing import Any

from fastapi import Request

from shared.flaws import Flaw
from shared.problems import Invalid


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
