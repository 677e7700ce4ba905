"""The linkage model: what each comparison level weighs, in bits.

A level's weight is log2(m/u): m is how often a true pair shows it, u how often a chance pair does.
An agreeing name weighs by how rare that name is (term frequency), taken from counted frequencies
where the caller has them and from the model's shares of surnames otherwise. A model is immutable:
its rule version carries a digest of its text.
"""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
class Model:
    rule_version: str
    prior: float
    certain: float
    possible: float
    margin: float
    family_cap: float
    blocking: tuple[str, ...]
    candidates: int
    key_cap: int
    weights: tuple[Mapping[str, float], ...]
    is_family: tuple[bool, ...]
    name_m: float
    shares: Shares


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


def parse(text: bytes) -> Model:
    """Read a model; BadModel names the part that is missing or out of range."""
    try:
        raw = tomllib.loads(text.decode())
        if raw["normalization"] != NORMALIZATION:
            raise BadModel("the model was made for another normalisation version")
        if unknown := set(raw["blocking"]) - set(RULES):
            raise BadModel(f"no such blocking rules: {sorted(unknown)}")
        shares = raw["shares"]
        return Model(
            rule_version=f"{raw['name']}+{hashlib.sha256(text).hexdigest()[:12]}",
            prior=float(raw["prior"]),
            certain=float(raw["certain"]),
            possible=float(raw["possible"]),
            margin=float(raw["margin"]),
            family_cap=float(raw["family_cap"]),
            blocking=tuple(raw["blocking"]),
            candidates=int(raw["candidates"]),
            key_cap=int(raw["key_cap"]),
            weights=tuple(_level_weights(name, raw["comparisons"][name]) for name in COMPARISONS),
            is_family=tuple(name in raw["family"] for name in COMPARISONS),
            name_m=float(raw["comparisons"]["name"]["exact"]["m"]),
            shares=Shares(**shares),
        )
    except (KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadModel(f"the model cannot be read: {type(error).__name__}") from error


def _level_weights(comparison: str, levels: Mapping[str, Any]) -> Mapping[str, float]:
    found = {MISSING: 0.0}
    for level in LEVELS[comparison]:
        m, u = float(levels[level]["m"]), float(levels[level]["u"])
        if not (0 < m <= 1 and 0 < u <= 1):
            raise BadModel(f"{comparison}.{level}: m and u are shares above 0")
        found[level] = log2(m / u)
    return found


def uncounted(_name: Name) -> float | None:
    """No counted frequencies: the model's shares hold."""
    return None


def weigh(model: Model, levels: Levels, agreeing: Name | None, frequency: Frequency) -> Evidence:
    """Add the levels up. ``agreeing`` is the name that agrees exactly, if one does; family
    evidence is capped.
    """
    weights = [table[level] for table, level in zip(model.weights, levels, strict=True)]
    if agreeing is not None:
        weights[_NAME] = log2(model.name_m / (frequency(agreeing) or model.shares.of(agreeing)))
    own = sum(w for w, family in zip(weights, model.is_family, strict=True) if not family)
    shared = sum(w for w, family in zip(weights, model.is_family, strict=True) if family)
    return Evidence(levels, tuple(weights), model.prior + own + min(shared, model.family_cap))


_NAME = COMPARISONS.index("name")
