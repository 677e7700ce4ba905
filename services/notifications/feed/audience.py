"""Which departments are told that something about a child concerns a county.  Pure.

A department that alone places a child in a county is not told of the child there: else whoever pushes a guess
would learn from what follows whether the child exists elsewhere.  Civil affairs is told in any case.

Guaranteed: what the feed shows (``condition``) is what subscribers get (``told``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from services.notifications.notices.issuing import ANYONE, Happening
from shared.vocabulary import Department


def audience(what: Happening) -> Mapping[int, str | None]:
    """The counties concerned and for each its ``sole``: where the child is and belongs, then where it was and belonged."""
    said: dict[int, list[str | None]] = defaultdict(list)
    for county, sole in _places(what):
        if county is not None:
            said[county].append(sole)
    return {county: _together(soles) for county, soles in said.items()}


def told(sole: str | None, department: str) -> bool:
    return (
        sole is None or department == Department.CIVIL_AFFAIRS or sole not in {department, ANYONE}
    )


def condition(department: str) -> str:
    """``told`` in SQL, over a row's ``sole``; ``department`` is an SQL expression."""
    return (
        f"(sole IS NULL OR {department} = '{Department.CIVIL_AFFAIRS}'"
        f" OR sole NOT IN ({department}, '{ANYONE}'))"
    )


def addressed(department: str) -> str:
    """Of what is told to one department alone: that it is this one; ``department`` is an SQL expression."""
    return f"(department IS NULL OR department = {department})"


def _places(what: Happening) -> Iterator[tuple[int | None, str | None]]:
    yield what.residence, what.residence_sole
    yield what.hukou, what.hukou_sole
    # Who said so before is not known any more.
    yield what.previous_residence, what.residence_sole and ANYONE
    yield what.previous_hukou, what.hukou_sole and ANYONE


def _together(soles: list[str | None]) -> str | None:
    """One reason to be told suffices: two departments that each said one thing are told by the other's."""
    named = set(soles) - {ANYONE}
    if None in named or len(named) > 1:
        return None
    return named.pop() if named else ANYONE
