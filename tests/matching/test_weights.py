"""The model: parsed whole or refused, and weighed as Fellegi and Sunter say."""

import tomllib
from importlib.resources import files
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching import linkage
from services.matching.linkage import names, weights
from services.matching.linkage.comparison import COMPARISONS, LEVELS, MISSING
from services.matching.linkage.weights import (
    BadModel,
    Model,
    TermFrequency,
    parse,
    uncounted,
    weigh,
)

TEXT = (files(linkage) / "model.toml").read_bytes()
MODEL = parse(TEXT)
NOTHING = (MISSING,) * len(COMPARISONS)


def with_levels(**levels: str) -> tuple[str, ...]:
    return tuple(levels.get(name, MISSING) for name in COMPARISONS)


def test_no_evidence_weighs_as_the_prior() -> None:
    assert weigh(MODEL, NOTHING, None, uncounted).weight == MODEL.prior


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_better_levels_weigh_more_than_the_worst(comparison: str) -> None:
    table = MODEL.weights[COMPARISONS.index(comparison)]
    best, *_, worst = LEVELS[comparison]

    assert table[best] > 0 > table[worst]
    assert table[MISSING] == 0


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    common, rare = names.read("王芳"), names.read("逄韫芷")
    assert common is not None
    assert rare is not None
    levels = with_levels(name="exact")

    def weight(name: names.Name) -> float:
        return weigh(MODEL, levels, name, uncounted).weight

    assert weight(rare) > weight(common) + 5
    m = tomllib.loads(TEXT.decode())["comparisons"]["name"]["exact"]["m"]
    assert weigh(MODEL, levels, rare, lambda _: 0.01).weight == pytest.approx(
        MODEL.prior + log2(m / 0.01)
    )


@given(st.lists(st.sampled_from(COMPARISONS)), st.data())
def test_the_match_weight_is_the_plain_sum(chosen: list[str], data: st.DataObject) -> None:
    levels = with_levels(
        **{name: data.draw(st.sampled_from(LEVELS[name])) for name in dict.fromkeys(chosen)}
    )

    evidence = weigh(MODEL, levels, None, uncounted)

    assert evidence.levels == levels
    assert evidence.weight == pytest.approx(MODEL.prior + sum(evidence.weights))
    assert evidence.weights == tuple(
        table[level] for table, level in zip(MODEL.weights, levels, strict=True)
    )


@pytest.mark.parametrize(
    ("minimum_u", "weight", "frequency", "bits"),
    [
        (0.0, 1.0, 2**-12, 2.0),
        (0.0, 0.5, 2**-12, 1.0),
        (2**-11, 1.0, 2**-12, 1.0),
        (0.0, 1.0, 2**-9, -1.0),
        (0.0, 0.0, 2**-12, 0.0),
    ],
)
def test_a_names_frequency_stands_for_u(
    minimum_u: float, weight: float, frequency: float, bits: float
) -> None:
    assert TermFrequency(2**-10, minimum_u, weight).adjustment(frequency) == bits


def test_the_rule_version_changes_with_any_byte() -> None:
    assert parse(TEXT).rule_version == MODEL.rule_version
    assert parse(TEXT + b"\n").rule_version != MODEL.rule_version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"normalization = 1", b"normalization = 99"),
        (b'"sound_and_birth"', b'"no_such_rule"'),
        (b"[comparisons.sex]", b"[comparisons.gender]"),
        (b"swapped = { m = 0.008", b"swapped = { m = 0.0"),
        (b"prior = ", b"prior "),
        (
            b"[comparisons.sex]",
            b"[comparisons.shoe]\nsame = { m = 0.5, u = 0.5 }\n[comparisons.sex]",
        ),
        (b"swapped = {", b"swopped = { m = 0.5, u = 0.5 }\nswapped = {"),
        (b"weight = 1.0", b"weight = 1.5"),
        (b"prior = -18.0", b'prior = "eighteen"'),
    ],
)
def test_a_model_that_lacks_something_is_refused(old: bytes, new: bytes) -> None:
    assert old in TEXT
    with pytest.raises(BadModel):
        parse(TEXT.replace(old, new))


def test_a_model_is_immutable() -> None:
    assert weights.Model is Model
    with pytest.raises(AttributeError):
        MODEL.prior = 0.0  # type: ignore[misc]
