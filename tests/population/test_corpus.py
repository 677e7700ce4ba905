"""A written corpus: the same bytes for the same arguments, fit for intake, true to its world."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from services.evaluation.corpus import Corpus
from services.population import corpus
from services.population.generation import lives

CHILDREN = 400


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    corpus.write(folder, CHILDREN, seed=5)
    return folder


def digest(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_arguments_write_the_same_bytes(written: Path, tmp_path: Path) -> None:
    for name, seed, dirt in (("same", 5, 1.0), ("seed", 6, 1.0), ("dirt", 5, 2.5)):
        corpus.write(tmp_path / name, CHILDREN, seed=seed, dirt=dirt)

    assert digest(tmp_path / "same") == digest(written)
    assert digest(tmp_path / "seed") != digest(written)
    assert digest(tmp_path / "dirt") != digest(written)


def test_how_many_lines_wait_in_memory_changes_nothing(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "_HELD_LINES", 7)
    corpus.write(tmp_path, CHILDREN, seed=5)

    assert digest(tmp_path) == digest(written)


def test_intake_would_take_every_line(written: Path) -> None:
    read = Corpus.open(written)
    records = list(read.read(read.lines()))

    assert not read.refused
    assert not read.unnamed_sources
    assert {record.feed for record in records} >= {"enrolments", "vaccinations", "surveys"}


def test_about_three_entries_a_child_from_many_departments(written: Path) -> None:
    truth = [json.loads(line) for line in (written / "truth.ndjson").open()]
    children = Counter(line["child"] for line in truth)

    assert 2.7 < len(truth) / len(children) < 3.5
    assert len(children) > 0.97 * CHILDREN
    assert len({line["source"].partition("-")[2] for line in truth}) >= 6
    assert len({(line["source"], line["source_id"]) for line in truth}) == len(truth)


def test_lines_come_in_the_order_of_days(written: Path) -> None:
    for path in written.glob("*s.ndjson"):
        days = [json.loads(line)["observed_on"] for line in path.open()]
        assert days == sorted(days), path.name


def test_a_corpus_tells_of_the_same_lives_as_a_population() -> None:
    thinned = list(lives(60, seed=3, kept=0.5))
    whole = list(lives(60, seed=3))

    assert [life.child for life in thinned] == [life.child for life in whole]
    assert all(
        bool(life.pushes) == bool(all_.pushes) for life, all_ in zip(thinned, whole, strict=True)
    )
    assert sum(len(life.pushes) for life in thinned) < sum(len(life.pushes) for life in whole)
