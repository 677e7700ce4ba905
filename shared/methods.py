"""Methods: which of them an address takes, for the ``Allow`` header of a 405.

FastAPI would name those of the first route alone that has the address.
"""

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

Table = list[tuple[re.Pattern[str], frozenset[str]]]


def taken(app: FastAPI, path: str) -> list[str]:
    """The methods that this address takes, in order; the table is made when first asked for."""
    table: Table | None = getattr(app.state, "methods", None)
    if table is None:
        table = app.state.methods = _table(app)
    return sorted({m for pattern, methods in table if pattern.match(path) for m in methods})


def _table(app: FastAPI) -> Table:
    return [
        (compile_path(route.path)[0], frozenset(methods))
        for route in iter_route_contexts(app.routes)
        if route.path is not None and (methods := getattr(route, "methods", None))
    ]
