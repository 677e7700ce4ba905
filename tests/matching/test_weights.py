"""The model: parsed whole or refused, and weighed as Fellegi and Sunter say."""

from math import log2

import pytest

from services.matching import linkage
from services.matching.application import the_model
from services.matching.linkage import names, weights
from services.matching.linkage.comparison import COMPARISONS, LEVELS, MISSING
from services.matching.linkage.weights import BadModel, Model, parse, uncounted, weigh

TEXT = (__import__("importlib.resources").resources.files(linkage) / "model.toml").read_bytes()
MODEL = the_model()
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
    assert weigh(MODEL, levels, rare, lambda _: 0.01).weight == pytest.approx(
        MODEL.prior + log2(MODEL.name_m / 0.01)
    )


def test_family_evidence_is_capped() -> None:
    family = with_levels(
        guardian="same_id",
        phone="same",
        hukou="same_township",
        residence="same_township",
        school="same",
    )

    evidence = weigh(MODEL, family, None, uncounted)

    assert sum(evidence.weights) > MODEL.family_cap
    assert evidence.weight == MODEL.prior + MODEL.family_cap


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
