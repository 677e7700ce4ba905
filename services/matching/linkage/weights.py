"""The linkage model: what each comparison level weighs, in bits.

A level's weight is log2(m/u): m is how often a true pair shows it, u how often a chance pair does.
The match weight is the prior and all levels' weights added up. Where a name agrees exactly, its own
frequency stands for u (Fellegi and Sunter's term frequency, as Splink applies it): the counted one
where the caller has it, what the model's shares of surnames expect otherwise. A model is immutable:
its rule version carries a digest of its text.
"""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log2
from typing import Any

from services.matching.linkage.blocking import RULES
from services.matching.linkage.comparison import COMPARISONS, LEVELS, MISSING, Levels
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import NORMALIZATION

Frequency = Callable[[Name], float | None]
"""The counted share of children who bear a name; None where it was not counted."""


class BadModel(ValueError):
    """The model's text lacks something that deciding needs."""


@dataclass(frozen=True, slots=True)
class Shares:
    surname: float
    given_one: float
    given_two: float
    other: float
    commonest: float
    surnames: Mapping[str, float]

    def of(self, name: Name) -> float:
        """The expected share of children who bear the name, never above the commonest name's."""
        if not name.surname:
            return self.other
        given = self.given_one if len(name.given) == 1 else self.given_two
        return min(self.commonest, self.surnames.get(name.surname, self.surname) * given)


@dataclass(frozen=True, slots=True)
class TermFrequency:
    """How an exactly agreeing name's frequency stands for u.

    ``minimum_u`` is the least frequency that counts, since a name seen once may be a slip of the
    pen; ``weight`` of 1 applies the adjustment whole, 0 not at all.
    """

    u: float
    minimum_u: float
    weight: float

    def adjustment(self, frequency: float) -> float:
        """Bits to add to the exact level's weight."""
        return log2(self.u / max(frequency, self.minimum_u)) * self.weight


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry beside one person: a level and its weight per comparison, and the match weight
    in bits.
    """

    levels: Levels
    weights: tuple[float, ...]
    weight: float

    def level(self, comparison: str) -> str:
        return self.levels[COMPARISONS.index(comparison)]


@dataclass(frozen=True, slots=True)
class Model:
    """``prior`` to ``margin`` are bits; ``weights`` holds each comparison's levels in the order of
    COMPARISONS; without ``alone``, whoever shares one key is compared, however many share it.
    ``faint`` and ``families`` are blocking rules, see ``blocking``: in a large hub alone.
    """

    rule_version: str
    prior: float
    certain: float
    possible: float
    margin: float
    blocking: tuple[str, ...]
    candidates: int
    key_cap: int
    alone: int | None
    faint: frozenset[str]
    families: frozenset[str]
    weights: tuple[Mapping[str, float], ...]
    name_frequency: TermFrequency
    shares: Shares
    weighed: dict[Levels, Evidence] = field(default_factory=dict, compare=False, repr=False)
    """Levels weighed before, apart from any name's frequency: few of them make up most pairs."""


def parse(text: bytes) -> Model:
    """Read a model; BadModel names the part that is missing or out of range."""
    try:
        raw = tomllib.loads(text.decode())
        if raw["normalization"] != NORMALIZATION:
            raise BadModel("the model was made for another normalisation version")
        faint, families = frozenset(raw.get("faint", ())), frozenset(raw.get("families", ()))
        if unknown := {*raw["blocking"], *faint, *families} - set(RULES):
            raise BadModel(f"no such blocking rules: {sorted(unknown)}")
        shares = raw["shares"]
        comparisons = raw["comparisons"]
        if unknown := set(comparisons) - set(COMPARISONS):
            raise BadModel(f"no such comparisons: {sorted(unknown)}")
        exact_u = float(comparisons["name"]["exact"]["u"])
        return Model(
            rule_version=f"{raw['name']}+{hashlib.sha256(text).hexdigest()[:12]}",
            prior=float(raw["prior"]),
            certain=float(raw["certain"]),
            possible=float(raw["possible"]),
            margin=float(raw["margin"]),
            blocking=tuple(raw["blocking"]),
            candidates=int(raw["candidates"]),
            key_cap=int(raw["key_cap"]),
            alone=int(raw["alone"]) if "alone" in raw else None,
            faint=faint,
            families=families,
            weights=tuple(_level_weights(name, comparisons[name]) for name in COMPARISONS),
            name_frequency=_term_frequency(exact_u, raw.get("name_frequency", {})),
            shares=Shares(**shares),
        )
    except BadModel:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadModel(f"the model cannot be read: {type(error).__name__}") from error


def _level_weights(comparison: str, levels: Mapping[str, Any]) -> Mapping[str, float]:
    if unknown := set(levels) - set(LEVELS[comparison]):
        raise BadModel(f"{comparison} has no such levels: {sorted(unknown)}")
    found = {MISSING: 0.0}
    for level in LEVELS[comparison]:
        m, u = float(levels[level]["m"]), float(levels[level]["u"])
        if not (0 < m <= 1 and 0 < u <= 1):
            raise BadModel(f"{comparison}.{level}: m and u are shares above 0")
        found[level] = log2(m / u)
    return found


def _term_frequency(u: float, stated: Mapping[str, Any]) -> TermFrequency:
    minimum_u, weight = float(stated.get("minimum_u", 0)), float(stated.get("weight", 1))
    if not (0 <= minimum_u <= 1 and 0 <= weight <= 1):
        raise BadModel("name_frequency: minimum_u and weight are shares")
    return TermFrequency(u, minimum_u, weight)


def uncounted(_name: Name) -> float | None:
    """No counted frequencies: the model's shares hold."""
    return None


def weigh(model: Model, levels: Levels, agreeing: Name | None, frequency: Frequency) -> Evidence:
    """Add the levels up. ``agreeing`` is the name that agrees exactly, if one does."""
    plain = model.weighed.get(levels)
    if plain is None:
        weights = tuple(table[level] for table, level in zip(model.weights, levels, strict=True))
        plain = Evidence(levels, weights, model.prior + sum(weights))
        if len(model.weighed) < _REMEMBERED:
            model.weighed[levels] = plain
    if agreeing is None:
        return plain
    bits = model.name_frequency.adjustment(frequency(agreeing) or model.shares.of(agreeing))
    weights = plain.weights
    adjusted = (*weights[:_NAME], weights[_NAME] + bits, *weights[_NAME + 1 :])
    return Evidence(levels, adjusted, plain.weight + bits)


_NAME = COMPARISONS.index("name")
_REMEMBERED = 1 << 16
