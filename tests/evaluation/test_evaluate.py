"""`hutong linkage evaluate` from end to end, on the frozen corpus: the present linker's floors.

The corpus was written once (`hutong synth --children 260 --seed 20261101 --dirt 2.5`) and never
changes, so a figure that moves is the linker's doing.
"""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.commands.linkage import linkage
from services.matching.models import shipped

FROZEN = Path(__file__).parent / "corpus"
DIGEST = "e7459720c5658446377e20fdee62e0c7178581a91f6b896bf7c45e78320c582e"
RECORDS, ENTRIES, CHILDREN = 844, 810, 258


def evaluate(*options: str) -> dict[str, Any]:
    """In a process of its own: what this one holds of other tests, and gives back meanwhile, is not the linker's."""
    command = [sys.executable, "-m", "services.cli", "linkage", "evaluate", str(FROZEN), "--json"]
    told = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    figures: dict[str, Any] = json.loads(told.stdout)
    return figures


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return evaluate("--reviews-answered", "--singles", "40", "--batch", "100", "--delta", "150")


def test_the_corpus_is_the_frozen_one() -> None:
    digest = sha256()
    for path in sorted(FROZEN.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())

    assert digest.hexdigest() == DIGEST


def test_every_record_is_resolved_and_every_entry_counts_once(figures: dict[str, Any]) -> None:
    assert figures["records"] == RECORDS
    assert figures["entries"] == ENTRIES
    assert figures["children"] == CHILDREN
    assert figures["untold"] == 0
    assert figures["refused"] == {}


def test_the_model_is_made_for_as_many_children_as_there_may_be(figures: dict[str, Any]) -> None:
    assert figures["made_for"] == RECORDS // 3
    assert figures["rule_version"] == shipped.model(RECORDS // 3).rule_version
    in_a_city = evaluate("--children", "1000000", "--singles", "0", "--searches", "0")
    assert in_a_city["rule_version"] == shipped.model().rule_version
    assert in_a_city["recall"] < figures["recall"]


def test_links_are_as_good_as_they_were(figures: dict[str, Any]) -> None:
    assert figures["precision"] >= 0.995
    assert figures["recall"] >= 0.92
    assert figures["bcubed_f1"] >= 0.965
    assert figures["review_share"] <= 0.07
    assert sum(figures["wrongly_merged"].values()) <= 4


def test_right_answers_to_reviews_help(figures: dict[str, Any]) -> None:
    answered = figures["reviews_answered"]

    assert answered["answered"] >= 8
    assert answered["recall"] > figures["recall"]
    assert answered["f1"] >= 0.98
    assert answered["reviews"] == 0


def test_speed_and_memory_are_told(figures: dict[str, Any]) -> None:
    assert figures["latency_samples"] == 40
    assert 0 < figures["latency_p50_ms"] <= figures["latency_p99_ms"]
    assert 0 < figures["search_p50_ms"] <= figures["search_p99_ms"]
    assert figures["search_at_once_p99_ms"] > 0
    assert figures["records_per_second"] > 0
    assert figures["delta_records"] == 150
    assert figures["delta_seconds"] > 0
    assert 20 < figures["postgres_memory_mb"] < 1000
    assert 100 < figures["peak_memory_mb"] < 1500


def test_the_order_of_arrival_hardly_matters(figures: dict[str, Any]) -> None:
    shuffled = evaluate("--order", "shuffled", "--seed", "7", "--singles", "0", "--searches", "0")

    assert shuffled["latency_p50_ms"] is shuffled["search_p50_ms"] is None
    assert shuffled["f1"] == pytest.approx(figures["f1"], abs=0.01)


def test_faults_are_told_by_cause_without_a_value() -> None:
    said = CliRunner().invoke(linkage, ["evaluate", str(FROZEN), "--misses", "5"]).stdout
    values = {
        line["child"]["name"]
        for path in FROZEN.glob("*s.ndjson")
        for line in map(json.loads, path.open(encoding="utf-8"))
        if len(line["child"].get("name") or "") > 1
    }

    assert "id_missing" in said
    assert "missed" in said
    assert "birth=exact" in said
    assert not [value for value in values if value in said]


def test_a_directory_that_is_no_corpus_is_said_to_be_none(tmp_path: Path) -> None:
    told = CliRunner().invoke(linkage, ["evaluate", str(tmp_path)])

    assert told.exit_code == 1
    assert "truth.ndjson" in told.output
