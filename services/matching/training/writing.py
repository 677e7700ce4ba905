"""A model as its file: TOML in a fixed order, every number with as many digits as it has."""

from collections.abc import Mapping
from typing import Any

from services.matching.linkage.comparison import COMPARISONS, LEVELS
from services.matching.training.estimating import Parameters

_NUMBERS = {
    "prior": "log2 odds that a candidate is the same child before anything is compared.",
    "certain": "At or above: linked. Between the two: a person of its own and a review.",
    "possible": "",
    "margin": "Two certain persons nearer than this, which may not be joined, are left to a person's decision.",
    "candidates": "Persons compared with one entry at most, those sharing most keys first.",
    "key_cap": "Entries looked at under one blocking key at most; a key that reaches it is counted and reported.",
    "alone": "Persons under one key above which it counts half: whoever shares no more than that is not compared.",
}
_RULES = {
    "faint": "Rules by which one key counts half however few share it.",
    "families": "Rules under which a child with a number of its own is not looked for.",
}


def written(raw: Mapping[str, Any], heading: str) -> str:
    """The text of a model, given its parts as TOML names them; ``heading`` says where it comes from."""
    lines = [f"# {line}" for line in heading.splitlines()]
    lines += [
        "# m: share of true pairs at this level; u: share of chance pairs at this level (both where the values are present).",
        "# The file's digest is part of the rule version, so any edit makes a new model.",
        "",
        f"name = {_text(raw['name'])}",
        f"normalization = {raw['normalization']}",
        "",
    ]
    for number, meaning in _NUMBERS.items():
        if number not in raw:
            continue  # a model made before it was thought of does without
        lines += [f"# {meaning}"] if meaning else []
        lines.append(f"{number} = {_number(raw[number])}")
    for rules, meaning in _RULES.items():
        if rules in raw:
            lines += [f"# {meaning}", f"{rules} = [{', '.join(map(_text, raw[rules]))}]"]
    lines += ["", "blocking = [", *(f"    {_text(rule)}," for rule in raw["blocking"]), "]"]
    for comparison in COMPARISONS:
        lines += ["", f"[comparisons.{comparison}]"]
        for level in LEVELS[comparison]:
            told = raw["comparisons"][comparison][level]
            lines.append(f"{level} = {{ m = {_number(told['m'])}, u = {_number(told['u'])} }}")
    lines += [
        "",
        "# An exactly agreeing name weighs by its own frequency in u's stead; a rarer one counts as if it were this common.",
    ]
    lines += _table("name_frequency", name_frequency_of(raw))
    lines += [
        "",
        "# How common a name is, where no counted frequency is known: the surname's share times the given name's.",
        "# Shares of the commonest surnames follow the public security ministry's yearly name reports, rounded.",
    ]
    shares = dict(raw["shares"])
    surnames = shares.pop("surnames")
    lines += _table("shares", shares)
    lines += ["", "[shares.surnames]"]
    lines += [f"{_text(surname)} = {_number(share)}" for surname, share in surnames.items()]
    return "\n".join(lines) + "\n"


def with_parameters(raw: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    comparisons = {
        comparison: {level: {"m": m, "u": u} for level, (m, u) in levels.items()}
        for comparison, levels in parameters.items()
    }
    return {**raw, "comparisons": comparisons}


def parameters_of(raw: Mapping[str, Any]) -> Parameters:
    return {
        comparison: {
            level: (
                float(raw["comparisons"][comparison][level]["m"]),
                float(raw["comparisons"][comparison][level]["u"]),
            )
            for level in LEVELS[comparison]
        }
        for comparison in COMPARISONS
    }


def name_frequency_of(raw: Mapping[str, Any]) -> dict[str, float]:
    told = raw.get("name_frequency", {})
    return {"minimum_u": told.get("minimum_u", 0.0), "weight": told.get("weight", 1.0)}


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    return [f"[{name}]", *(f"{key} = {_number(value)}" for key, value in values.items())]


def _number(value: float) -> str:
    """A float keeps all its digits, so that what is written weighs as what was trained."""
    return repr(value)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
