"""Learning from invented families, on every engine: what is known of them is found again."""

import random
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from services.evaluation.corpus import Corpus
from services.matching.linkage.comparison import COMPARISONS, LEVELS, MISSING, Levels
from services.matching.linkage.normalization import Standard, standardise
from services.matching.models import shipped
from services.matching.training.engines import duckdb_engine
from services.matching.training.learning import SEEN, Asked, TooLittle, Trained, learn
from services.matching.training.report import report
from services.matching.training.vectors import TRAINING_RULES, Vectors, blocked_pairs, chance_pairs
from services.population import corpus


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Standard]:
    folder = tmp_path_factory.mktemp("corpus")
    corpus.write(folder, children=700, seed=3)
    records = Corpus.open(folder)
    return [standardise(record.features) for record in records.read(records.lines())]


@pytest.fixture(scope="module")
def trained(engine: Callable[[], Any], sample: list[Standard]) -> Trained:
    asked = Asked("under-test", seed=1, chance=40_000, blocked=20_000, iterations=4)
    return learn(sample, shipped.text(), engine, asked)


def test_training_learns_what_names_and_births_are_worth(trained: Trained) -> None:
    weights = dict(zip(COMPARISONS, trained.model.weights, strict=True))

    assert weights["name"]["exact"] > 8
    assert weights["name"]["different"] < -3
    assert weights["birth"]["exact"] > 8
    assert weights["identifier"]["same"] > 8 > 0 > weights["identifier"]["clash"]
    assert 0.4 < trained.raw["comparisons"]["sex"]["same"]["u"] < 0.6
    assert -16 < trained.model.prior < -5
    assert {session.rule for session in trained.sessions} == set(TRAINING_RULES)


def test_splink_weighs_the_trained_model_as_we_do(trained: Trained) -> None:
    assert trained.disparity < 1e-6


def test_the_report_stands_alone_and_names_nobody(trained: Trained, sample: list[Standard]) -> None:
    page = report(trained)

    assert trained.model.rule_version in page
    assert page.count("<svg") == 1
    for outside in ("http:", "https:", "src=", "href=", "url(", "@import", "<script"):
        assert outside not in page
    personal = {e.id_number for e in sample if e.id_number} | {p for e in sample for p in e.phones}
    personal |= {name.text for entry in sample for name in entry.names}
    said = page + trained.text.partition("[shares.surnames]")[0]
    assert not [value for value in personal if len(value) > 1 and value in said]


def test_one_entry_is_too_little(sample: list[Standard]) -> None:
    def no_engine() -> Any:
        raise AssertionError("nothing is computed")

    with pytest.raises(TooLittle):
        learn(sample[:1], shipped.text(), no_engine, Asked("under-test"))


def test_rare_names_are_not_counted(trained: Trained, sample: list[Standard]) -> None:
    named = sum(bool(entry.names) for entry in sample)

    assert all(share * named >= SEEN - 1e-9 for share in trained.names.values())


@pytest.mark.skipif(not find_spec("splink"), reason="tools/setup training installs Splink")
def test_in_a_larger_hub_any_two_entries_are_less_likely_one_child(sample: list[Standard]) -> None:
    with duckdb_engine() as api:
        few, many = (
            learn(
                sample,
                shipped.text(),
                api,
                Asked("t", chance=9000, blocked=9000, entries=entries, iterations=2),
            )
            for entries in (len(sample), 8 * len(sample))
        )

    assert few.model.prior - many.model.prior == pytest.approx(3)


def test_vectors_keep_levels() -> None:
    draw, vectors = random.Random(1), Vectors()
    every: list[Levels] = [
        tuple(draw.choice((*LEVELS[name], MISSING)) for name in COMPARISONS) for _ in range(200)
    ]
    for levels in every:
        vectors.add(levels)

    assert [vectors.levels(at) for at in range(200)] == every
    assert sum(vectors.counts("birth")) == sum(levels[2] != MISSING for levels in every)


def test_each_comparison_is_learnt_from_some_rule() -> None:
    for comparison in COMPARISONS:
        assert any(comparison not in decided for decided in TRAINING_RULES.values())


def test_chance_pairs_leave_known_matches_out(sample: list[Standard]) -> None:
    everything = chance_pairs(sample, 5000, lambda _: False, random.Random(1))
    fewer = chance_pairs(sample, 5000, lambda levels: levels[0] == "same", random.Random(1))

    assert everything.counts("identifier")[0] > fewer.counts("identifier")[0] == 0


def test_blocked_pairs_stay_within_their_number(sample: list[Standard]) -> None:
    found = blocked_pairs(sample, 100, 100, random.Random(1))

    for rule in range(len(TRAINING_RULES)):
        assert 100 <= found.rules.count(rule) < 100 + 100 * 99 // 2
