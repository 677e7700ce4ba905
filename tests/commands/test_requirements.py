"""`hutong requirements`: every requirement once, and the tests that hold it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app_for
from services.commands.requirements import ROOT, listed


def test_every_requirement_is_listed_with_its_tests() -> None:
    result = CliRunner().invoke(app_for("requirements"), ["requirements", "--json"])
    assert result.exit_code == 0
    rows = {row["id"]: row for row in json.loads(result.output)}
    assert list(rows) == [f"R{number}" for number in range(1, 66)]
    assert "tests/registry/test_profiles.py::test_r2_central_districts" in rows["R2"]["tests"]
    for row in rows.values():
        assert row["title_en"] and row["title_zh"]
        assert row["open"] is (not row["tests"] or bool(row["left"]))
        for test in row["tests"]:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_list_for_people_says_what_is_open() -> None:
    result = CliRunner().invoke(app_for("requirements"), ["requirements"])
    assert result.exit_code == 0
    waiting = sum(one.open for one in listed(ROOT))
    assert result.output.endswith(f"65 requirements, {waiting} of them open in whole or in part\n")


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("test_r18_a_visit", ["R18"]),
        ("test_r18_r19_visits", ["R18", "R19"]),
        ("test_read_r18", []),
        ("test_r1", []),
    ],
)
def test_a_name_says_what_it_holds(tmp_path: Path, name: str, held: list[str]) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(f"async def {name}():\n    pass\n")
    found = {one.id: one.tests for one in listed(tmp_path)}
    assert [identity for identity, tests in found.items() if tests] == held


def test_a_test_of_no_requirement_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text("def test_r66_more():\n    pass\n")
    with pytest.raises(ValueError, match="R66"):
        listed(tmp_path)


def test_away_from_a_checkout_nothing_is_claimed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        listed(tmp_path)
