"""From a sample of entries to a model and all that its report tells."""

import random
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any, Final

from services.matching.linkage import weights
from services.matching.linkage.comparison import COMPARISONS, MISSING, Levels
from services.matching.linkage.normalization import NORMALIZATION, Standard
from services.matching.linkage.weights import Model, uncounted, weigh
from services.matching.training.engines import Api
from services.matching.training.estimating import Session, estimate
from services.matching.training.scoring import by_splink, by_us
from services.matching.training.vectors import (
    TRAINING_RULES,
    RuleCount,
    Vectors,
    blocked_pairs,
    chance_pairs,
    rule_counts,
)
from services.matching.training.writing import parameters_of, with_parameters, written

SEEN: Final = 20
"""How often a name must be seen for its frequency to be kept."""

_WEIGHED_BY_BOTH = 5000
_SHARES = (1e-8, 1e-6, 1e-4, 1e-2)
_IDENTIFIER = COMPARISONS.index("identifier")


class TooLittle(Exception):
    """The sample does not hold what training needs; says what."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``name`` is the new model's; pairs are drawn at most: chance pairs, and blocked pairs of each
    training rule. ``entries``: how many the hub will hold, where the sample is not drawn from it: the
    more there are, the less likely any two are of one child. ``iterations``: of EM, at most.
    """

    name: str
    seed: int = 1
    chance: int = 2_000_000
    blocked: int = 300_000
    entries: int | None = None
    iterations: int = 25


@dataclass(frozen=True, slots=True)
class Trained:
    """The model's file, and what the report tells. ``names`` are names with their counted shares,
    personal until they are hashed; ``disparity`` is how far Splink's weight and ours came apart, in
    bits, over pairs weighed by both.
    """

    text: str
    model: Model
    raw: Mapping[str, Any]
    entries: int
    chance: Vectors
    blocked: Vectors
    sessions: tuple[Session, ...]
    blocking: Sequence[RuleCount]
    names: Mapping[str, float]
    disparity: float


def learn(
    sample: Sequence[Standard], current: bytes, api: Callable[[], Api], asked: Asked
) -> Trained:
    """A model learnt from the sample; thresholds, blocking and shares of surnames stay the current
    model's. TooLittle where the sample holds no pair that Splink could learn from.
    """
    raw = tomllib.loads(current.decode())
    model = weights.parse(current)
    draw = random.Random(asked.seed)  # noqa: S311  (no secret)

    def is_match(levels: Levels) -> bool:
        return weigh(model, levels, None, uncounted).weight >= model.certain

    chance = chance_pairs(sample, asked.chance, is_match, draw)
    blocked = blocked_pairs(sample, asked.blocked, model.key_cap, draw)
    if not len(chance) or not len(blocked):
        raise TooLittle(f"{len(sample)} entries hold no pairs to learn from")
    estimates = estimate(api, chance, blocked, parameters_of(raw), asked.seed, asked.iterations)
    names = frequencies(sample)
    raw = with_parameters(raw, estimates.parameters) | {
        "name": asked.name,
        "normalization": NORMALIZATION,
    }
    prior = prior_of(weights.parse(written(raw, "").encode()), blocked, sample)
    if prior is not None:
        raw["prior"] = prior - (log2(asked.entries / len(sample)) if asked.entries else 0)
    if names:
        rarest = min(raw["shares"]["commonest"], SEEN / len(sample))
        raw["shares"] = {**raw["shares"], "commonest": rarest}
    text = written(
        raw,
        f"Trained by `hutong linkage train` on {len(sample)} entries: u from {len(chance)} chance"
        f" pairs, m from {len(blocked)} blocked pairs.",
    )
    model = weights.parse(text.encode())
    return Trained(
        text,
        model,
        raw,
        len(sample),
        chance,
        blocked,
        estimates.sessions,
        rule_counts(sample, model.blocking, model.key_cap),
        names,
        _disparity(api, raw, model, blocked, draw),
    )


def frequencies(sample: Sequence[Standard]) -> dict[str, float]:
    """The share of entries that bear each name seen ``SEEN`` times or more."""
    counted = Counter(entry.names[0].text for entry in sample if entry.names)
    named = counted.total()
    return {name: count / named for name, count in counted.items() if count >= SEEN}


def prior_of(model: Model, blocked: Vectors, sample: Sequence[Standard]) -> float | None:
    """The log2 odds that any two entries are of one child: pairs that papers and name prove, scaled
    up by how many of the pairs proven otherwise have such papers. None where too few are proven.
    """
    rules = list(TRAINING_RULES)
    otherwise = alike = 0
    for at in range(len(blocked)):
        if blocked.rules[at] != rules.index("sound_and_birth"):
            continue
        levels = blocked.levels(at)
        bare = (MISSING, *levels[1:])
        if levels[_IDENTIFIER] != "clash" and (
            weigh(model, bare, None, uncounted).weight >= model.certain
        ):
            otherwise += 1
            alike += levels[_IDENTIFIER] == "same"
    proven = _proven(sample)
    everything = len(sample) * (len(sample) - 1) / 2
    if not proven or alike < SEEN or otherwise < alike:
        return None
    odds = min(proven * otherwise / alike / everything, 0.5)
    return log2(odds / (1 - odds))


def _disparity(
    api: Callable[[], Api],
    raw: Mapping[str, Any],
    model: Model,
    blocked: Vectors,
    draw: random.Random,
) -> float:
    some = blocked.only(draw.sample(range(len(blocked)), min(len(blocked), _WEIGHED_BY_BOTH)))
    shares = [draw.choice(_SHARES) for _ in range(len(some))]
    theirs, ours = by_splink(api, raw, some, shares), by_us(model, some, shares)
    return max(abs(a - b) for a, b in zip(theirs, ours, strict=True))


def _proven(sample: Sequence[Standard]) -> int:
    """Pairs that share a valid number and a name."""
    counted = Counter(
        (entry.id_number, entry.names[0].text)
        for entry in sample
        if entry.id_number and entry.names
    )
    return sum(count * (count - 1) // 2 for count in counted.values())
