"""Which comparisons of a match weight a caller may know; by a table."""

import pytest

from services.registry.links.steps import steps_of, waterfall

STEPS = [
    {"comparison": "name", "level": "exact", "weight": 10.0},
    {"comparison": "residence", "level": "same_street", "weight": 4.0},
    {"comparison": "novelty", "level": "same", "weight": 1.0},
]


@pytest.mark.parametrize(
    ("groups", "shielded", "shown"),
    [
        ({"identity": "full", "residence": "full"}, False, ["name", "residence"]),
        ({"identity": "full", "residence": "full"}, True, ["name"]),
        ({"identity": "masked"}, False, ["name"]),
        ({}, False, []),
    ],
)
def test_a_comparison_is_shown_to_who_sees_its_field(
    groups: dict[str, str], shielded: bool, shown: list[str]
) -> None:
    """One that nobody has named is shown to nobody, and with it goes the sum."""
    assert [one["comparison"] for one in steps_of(STEPS, groups, shielded).shown] == shown
    told = waterfall(STEPS, -3.0, groups, shielded)
    assert not told["whole"] and "weight" not in told and "prior" not in told
    whole = waterfall(STEPS[:2], -4.0, {"identity": "full", "residence": "full"}, False)
    assert (whole["prior"], whole["weight"]) == (-18.0, -4.0)
