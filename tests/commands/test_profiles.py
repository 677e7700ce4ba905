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


async def test_what_differs_between_two_places_is_printed(done: Done) -> None:
    said = await done("profile", "diff", "15", "150203", "--on", "2026-03-01")
    lines = said.splitlines()
    assert any(line.startswith("+ cadence.psychological_screening: ") for line in lines)
    assert any(line.startswith("~ cadence.key_care_home_visit categories: ") for line in lines)
    assert lines[-1].endswith("inner_mongolia on 2026-03-01 and baotou on 2026-03-01")


async def test_what_differs_between_two_days_is_printed(done: Done) -> None:
    said = await done("profile", "diff", "429006", "--on", "2025-07-29", "--to", "2025-07-30")
    assert "+ migrant_child: " in said
    same = await done("profile", "diff", "429006", "--on", "2025-07-30", "--to", "2025-07-31")
    assert same.startswith("0 differences")


async def test_the_hubs_own_profiles_are_read_with_the_shipped(
    shell: Shell, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "office.toml").write_text(
        """
id = "office"
amends = "tianmen"
[documents.main]
name = "纪要"
valid_from = 2026-01-01
[[rules.application_place]]
item = "rehabilitation"
clause = "一"
wording = "居住地"
place = "residence"
"""
    )
    alone = await shell("profile", "check", "429006")
    both = await shell("profile", "check", "429006", HUTONG_PROFILES=str(own))
    for result, listed in ((alone, True), (both, False)):
        assert result.exit_code == 1
        assert ("contradiction: application_place.rehabilitation" in result.output) is listed
    lost = await shell("profile", "check", HUTONG_PROFILES=str(own / "lost"))
    assert lost.exit_code == 1 and "is not there" in lost.output
