"""Every alternative runs on a small corpus, joins most of it, and is told from the others."""

from pathlib import Path

import pytest

pytest.importorskip("splink", reason="tools/setup training installs what is compared")

from services.alternatives.measuring import ALTERNATIVES, Row, measure
from services.population import corpus


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    folder: Path = tmp_path_factory.mktemp("corpus")
    corpus.write(folder, children=600, seed=5)
    return {row.alternative: row for name in ALTERNATIVES for row in measure(name, folder)}


def test_numbers_alone_miss_much_and_rules_less(rows: dict[str, Row]) -> None:
    numbers, rules = rows["exact ID number"], rows["ID, or name + birth + sex"]

    assert 0.5 < numbers.recall < 0.85 < rules.recall
    assert numbers.precision > 0.98


def test_splink_finds_more_than_rules(rows: dict[str, Row]) -> None:
    connected, apart = rows["Splink, connected"], rows["Splink, cannot-link"]

    assert min(connected.recall, apart.recall) > rows["ID, or name + birth + sex"].recall
    assert apart.precision >= connected.precision
    assert apart.f1 > 0.97


def test_every_figure_is_told(rows: dict[str, Row]) -> None:
    for row in rows.values():
        assert 0 < row.bcubed_f1 <= 1
        assert row.seconds > 0
        assert row.records_per_second > 0
        assert 0 < row.peak_gb < 4
