"""`hutong profile`: the rules of a place, printed."""

from pathlib import Path

import pytest

from services.registry.profiles import SHIPPED, Profiles, open_points
from tests.commands.conftest import Done, Shell


async def test_the_rules_of_a_place_are_shown_with_clauses_and_open_points(done: Done) -> None:
    said = await done("profile", "show", "500103", "--on", "2026-03-01")
    profile = Profiles.load(SHIPPED).by_id["chongqing"]
    assert profile.fingerprint in said
    assert "months = 6" in said and "渝民发〔2024〕13号 二(一)1" in said
    assert "assumed" in said and "not_configured" in said


async def test_rules_not_yet_in_force_are_not_shown(done: Done) -> None:
    before, after = [
        await done("profile", "show", "429006", "--on", on) for on in ("2025-07-29", "2025-07-30")
    ]
    assert "migrant_child" not in before
    assert "migrant_child" in after


async def test_a_place_without_a_profile_says_so(shell: Shell) -> None:
    result = await shell("profile", "show", "110101")
    assert (result.exit_code, result.output.strip()) == (1, "no profile covers 110101")


async def test_every_open_point_of_every_profile_is_listed(shell: Shell) -> None:
    profiles = Profiles.load(SHIPPED).by_id.values()
    points = [point for one in profiles for point in open_points(one)]
    needed = sum(point.needed for point in points)
    for options, status in (((), 1), (("--allow-gaps",), 0)):
        result = await shell("profile", "check", *options)
        assert result.exit_code == status
        assert f"{len(points)} points are open, {needed} of them needed" in result.output
        assert all(point.setting in result.output for point in points)
    assert 0 < needed < sum(point.kind == "not_configured" for point in points)


@pytest.mark.parametrize(
    ("place", "status", "said"),
    [
        ("429006", 1, "school_calendar"),
        ("3717", 1, "cadence.key_care_home_visit"),
        ("110101", 1, "no profile covers 110101"),
        ("nowhere", 2, ""),
    ],
)
async def test_one_place_is_checked_by_itself(
    shell: Shell, place: str, status: int, said: str
) -> None:
    result = await shell("profile", "check", place)
    assert (result.exit_code, said in result.output) == (status, True), result.output


async def test_a_profile_with_a_fault_fails_whatever_gaps_are_allowed(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = tmp_path / "profiles"
    faulty.mkdir()
    (faulty / "tianmen.toml").write_text(
        (SHIPPED / "tianmen.toml").read_text() + "\nsurprise = 1\n"
    )
    monkeypatch.setattr("services.registry.profiles.loading.SHIPPED", faulty)
    result = await shell("profile", "check", "--allow-gaps")
    assert result.exit_code == 1
    assert "tianmen.toml" in result.output and "surprise" in result.output
