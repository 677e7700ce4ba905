"""The access matrix: department × field group × purpose, as data in ``matrix.toml``; and who may be on which sharing list.

Outside a cell a child does not exist.  ``hutong access show`` and ``GET /v1/access`` print it.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.vocabulary import Department, Purpose

FILE = Path(__file__).with_name("matrix.toml")
FULL, MASKED = "full", "masked"
#: The group that opens what a feed tells: the mere fact that a department reported can tell as much.
FEED_GROUPS: Final[Mapping[str, str]] = {
    "enrolments": "school",
    "residence-permits": "residence",
    "household-registrations": "hukou",
    "health-checks": "health",
    "vaccinations": "health",
    "insurance-enrolments": "insurance",
    "medical-cost-alerts": "insurance",
    "disability-certificates": "disability",
    "rehabilitations": "disability",
    "assistance": "assistance",
    "surveys": "survey",
    "visits": "visits",
    "hukou-answers": "hukou",
    "peer-facts": "hukou",
}


@cache
def matrix() -> Mapping[str, Any]:
    loaded = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for department, purposes in loaded["cells"].items():
        Department(department)
        for purpose in purposes:
            Purpose(purpose)
    for departments in loaded["compartments"].values():
        for department, purposes in departments.items():
            Department(department)
            for purpose in purposes:
                Purpose(purpose)
    return loaded


@cache
def open_groups(department: Department, purpose: Purpose | str) -> Mapping[str, str]:
    """Field group → ``full`` or ``masked``; empty when the department has no cell for the purpose."""
    cell = matrix()["cells"].get(str(department), {}).get(str(purpose), [])
    return {g.removeprefix("~"): MASKED if g.startswith("~") else FULL for g in cell}


@cache
def categories_of(department: Department) -> tuple[str, ...]:
    """The key-care categories open to a department."""
    if department == Department.SERVICE:
        return ()
    return tuple(c for c, who in matrix()["categories"].items() if str(department) in who)


@cache
def compartments_of(department: Department) -> tuple[str, ...]:
    """The compartments on whose sharing lists a department may be, at some place."""
    return tuple(name for name, who in matrix()["compartments"].items() if str(department) in who)


@cache
def purposes_in(compartment: str, department: Department) -> frozenset[str]:
    """For what a department that is on a compartment's sharing list reads it; empty where it can be on none."""
    return frozenset(matrix()["compartments"].get(compartment, {}).get(str(department), ()))
