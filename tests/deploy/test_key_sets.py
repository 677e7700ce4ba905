"""Key sets of backups end with their time: an erased child's keys are then gone from backups too."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.local import backup as keeping


@given(
    st.lists(st.integers(0, 60), max_size=8, unique=True), st.integers(1, keeping.KEYS_KEPT_DAYS)
)
def test_a_backup_leaves_no_key_set_that_has_had_its_time(ages: list[int], days: int) -> None:
    now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder)
        names = {age: (now - timedelta(days=age)).strftime(keeping.STAMP) for age in ages}
        for name in names.values():
            (keys / name).mkdir()
            (keys / name / "manifest.json").write_text("{}")
            (keys / name / "registry-vault.dump").write_text("wrapped")

        gone = keeping.expire(keys, days, now)

        assert set(gone) == {names[age] for age in ages if age >= days}
        assert {p.name for p in keys.iterdir()} == {names[age] for age in ages if age < days}


def test_what_is_no_key_set_is_never_deleted(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    others = ["erasures.json", "photos", "20200101", "20200101T000000Z", "latest"]
    (tmp_path / "erasures.json").write_text("[]")
    for name in others[1:4]:  # the last of them has a set's name and no manifest
        (tmp_path / name).mkdir()
    elsewhere = tmp_path.parent / "20200101T000000Z-real"
    elsewhere.mkdir()
    (elsewhere / "manifest.json").write_text("{}")
    (tmp_path / "latest").symlink_to(elsewhere)
    (tmp_path / "20190101T000000Z").symlink_to(elsewhere)
    assert keeping.expire(tmp_path, 1, now) == []
    assert {p.name for p in tmp_path.iterdir()} == {*others, "20190101T000000Z"}
    assert keeping.expire(tmp_path / "nowhere", 1, now) == []


@pytest.mark.parametrize("days", [0, -1, 31, 3650])
def test_key_sets_are_never_kept_for_longer_than_the_law_of_this_house(
    tmp_path: Path, days: int
) -> None:
    with pytest.raises(ValueError, match="1 to 30"):
        keeping.expire(tmp_path, days, datetime(2026, 11, 20, tzinfo=UTC))
