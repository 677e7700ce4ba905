"""A model weighs alike in Splink and in our linker, whatever the levels and however common the name."""

import random
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from services.matching.linkage import weights
from services.matching.linkage.comparison import COMPARISONS, LEVELS, MISSING
from services.matching.models import shipped
from services.matching.training.scoring import by_splink, by_us
from services.matching.training.vectors import Vectors
from services.matching.training.writing import parameters_of, written


def every_level_and_many_mixes(draw: random.Random, mixes: int) -> Vectors:
    vectors = Vectors()
    for at, name in enumerate(COMPARISONS):
        for level in (*LEVELS[name], MISSING):
            levels = [MISSING] * len(COMPARISONS)
            levels[at] = level
            vectors.add(tuple(levels))
    for _ in range(mixes):
        vectors.add(tuple(draw.choice((*LEVELS[name], MISSING)) for name in COMPARISONS))
    return vectors


@pytest.mark.parametrize(
    "name_frequency", [{"minimum_u": 1e-7, "weight": 1.0}, {"minimum_u": 3e-5, "weight": 0.6}]
)
def test_our_weight_is_splinks(engine: Callable[[], Any], name_frequency: dict[str, float]) -> None:
    draw = random.Random(5)
    vectors = every_level_and_many_mixes(draw, 3000)
    shares = [draw.choice((1e-8, 1e-6, 3.7e-5, 2e-4, 0.013)) for _ in range(len(vectors))]
    raw = tomllib.loads(shipped.text().decode()) | {"name_frequency": name_frequency}
    model = weights.parse(written(raw, "under test").encode())

    theirs, ours = by_splink(engine, raw, vectors, shares), by_us(model, vectors, shares)

    assert max(abs(a - b) for a, b in zip(theirs, ours, strict=True)) < 1e-6
    assert len({round(weight, 6) for weight in ours}) > 2000


def test_a_written_model_is_the_one_read() -> None:
    raw = tomllib.loads(shipped.text().decode())
    again = tomllib.loads(written(raw, "of two\nlines"))

    assert parameters_of(again) == parameters_of(raw)
    assert {**again, "name_frequency": {}} == {**raw, "name_frequency": {}}
