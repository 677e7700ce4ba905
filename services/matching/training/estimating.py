"""What Splink estimates: u from chance pairs by random sampling, m from blocked pairs by EM.

Splink takes records and finds levels in SQL; ours are found already. So each *pair* is given to it as
one record, in two equal tables that are linked pair by pair, and the SQL of a level asks only whether
the pair's rank is that level's. What Splink then samples, counts and iterates is its own: for u the
second table holds one record, so that the product of both is the chance pairs; for m each of
`TRAINING_RULES` is an EM session whose blocking rule names the comparisons that it decides, and Splink
leaves those out of it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.matching.linkage.comparison import COMPARISONS, LEVELS
from services.matching.training.engines import Api
from services.matching.training.vectors import TRAINING_RULES, Vectors

Parameters = Mapping[str, Mapping[str, tuple[float, float]]]
"""Comparison → level → m and u."""

SEEN_ENOUGH: Final = 5
"""Chance pairs that must show a level before its u is believed."""

KNOWN: Final = 0.05
"""How much the model that training starts from counts beside what the sample shows of m."""

_LEAST = 1e-5
_PRIOR = 1e-4


@dataclass(frozen=True, slots=True)
class Session:
    """One run of EM: among the pairs of ``rule``, the share of matches it settled on."""

    rule: str
    pairs: int
    matches: float


@dataclass(frozen=True, slots=True)
class Estimates:
    parameters: Parameters
    sessions: tuple[Session, ...]


def estimate(
    api: Callable[[], Api],
    chance: Vectors,
    blocked: Vectors,
    start: Parameters,
    seed: int,
    iterations: int,
) -> Estimates:
    """Learn u, then m. ``start`` is where EM begins, and what stands for a level that too few pairs
    show.
    """
    from splink import Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    database = api()
    linker = Linker(
        [_registered(database, chance, "chance"), _registered(database, _one(), "one")],
        settings(_without_u(start)),
        log_level=None,
    )
    linker.training.estimate_u_using_random_sampling(
        max_pairs=2 * len(chance), seed=seed, min_count_per_level=None, num_chunks=1
    )
    u = _trained(linker, "u_probability")
    believed = _with_u(start, u, chance)

    database = api()
    linker = Linker(
        [_registered(database, blocked, "one"), _registered(database, blocked, "other")],
        settings(believed) | {"max_iterations": iterations},
        log_level=None,
    )
    sessions = []
    for number, (rule, decided) in enumerate(TRAINING_RULES.items()):
        pairs = blocked.rules.count(number)
        if not pairs:
            continue
        conditions = ["l.pair = r.pair", f"l.rule = {number}"]
        conditions += [f"l.level_{name} = r.level_{name}" for name in decided]
        trained = linker.training.estimate_parameters_using_expectation_maximisation(
            " AND ".join(conditions), estimate_without_term_frequencies=True
        )
        matches = trained.core_model_settings.probability_two_random_records_match
        sessions.append(Session(rule, pairs, float(matches)))
    m = _seen(_trained(linker, "m_probability"), blocked) if sessions else {}
    return Estimates(_with_m(start, believed, m), tuple(sessions))


def settings(
    parameters: Mapping[str, Mapping[str, tuple[float, float | None]]],
    prior: float = _PRIOR,
    name_frequency: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Splink's settings for pairs given as vectors. ``name_frequency`` (``minimum_u``, ``weight``)
    adjusts exactly agreeing names by the column ``name``.
    """
    comparisons = []
    for comparison in COMPARISONS:
        column = f"level_{comparison}_l"
        levels: list[dict[str, Any]] = [
            {
                "sql_condition": f"{column} = -1",
                "label_for_charts": "missing",
                "is_null_level": True,
            }
        ]
        for rank, level in enumerate(LEVELS[comparison]):
            m, u = parameters[comparison][level]
            levels.append(
                {
                    "sql_condition": f"{column} = {rank}",
                    "label_for_charts": level,
                    "m_probability": m,
                    **({} if u is None else {"u_probability": u}),
                }
            )
        if name_frequency and comparison == "name":
            levels[1] |= {
                "tf_adjustment_column": "name",
                "tf_adjustment_weight": name_frequency["weight"],
                "tf_minimum_u_value": name_frequency["minimum_u"],
                "disable_tf_exact_match_detection": True,
            }
        levels[-1]["sql_condition"] = "ELSE"
        comparisons.append({"output_column_name": comparison, "comparison_levels": levels})
    return {
        "link_type": "link_only",
        "unique_id_column_name": "pair",
        "probability_two_random_records_match": prior,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": ["l.pair = r.pair"],
    }


def table(vectors: Vectors, names: list[str | None] | None = None) -> Any:
    """An Arrow table: a pair a row. ``names`` are what stands for the name that agrees, if any."""
    import pyarrow

    columns = {
        f"level_{name}": pyarrow.array(column, pyarrow.int8())
        for name, column in zip(COMPARISONS, vectors.columns, strict=True)
    }
    columns["pair"] = pyarrow.array(range(len(vectors)), pyarrow.int64())
    columns["rule"] = pyarrow.array(vectors.rules, pyarrow.int8())
    if names is not None:
        columns["name"] = pyarrow.array(names, pyarrow.string())
    return pyarrow.table(columns)


def _registered(database: Api, vectors: Vectors, called: str) -> Any:
    return database.register(table(vectors), dataset_display_name=called)


def _one() -> Vectors:
    """The one record that every chance pair is put beside; what it holds is never looked at."""
    one = Vectors()
    one.rules.append(-1)
    for column in one.columns:
        column.append(-1)
    return one


def _trained(linker: Any, probability: str) -> Mapping[str, Mapping[str, float]]:
    """What Splink holds as trained, by comparison and level; levels it never saw are absent."""
    model = linker.misc.save_model_to_json()
    return {
        comparison["output_column_name"]: {
            level["label_for_charts"]: float(level[probability])
            for level in comparison["comparison_levels"]
            if probability in level
        }
        for comparison in model["comparisons"]
    }


def _seen(
    m: Mapping[str, Mapping[str, float]], blocked: Vectors
) -> Mapping[str, Mapping[str, float]]:
    """What was learnt from pairs, without what Splink was merely told to begin with."""
    return {
        comparison: {
            level: levels[level]
            for level, count in zip(LEVELS[comparison], blocked.counts(comparison), strict=True)
            if count and level in levels
        }
        for comparison, levels in m.items()
    }


def _without_u(start: Parameters) -> Mapping[str, Mapping[str, tuple[float, float | None]]]:
    return {
        comparison: {level: (m, None) for level, (m, _) in levels.items()}
        for comparison, levels in start.items()
    }


def _with_u(start: Parameters, u: Mapping[str, Mapping[str, float]], chance: Vectors) -> Parameters:
    """A level that hardly any chance pair shows keeps what it had, but never more than could have
    gone unseen.
    """
    learnt = {}
    for comparison, levels in start.items():
        counts = dict(zip(LEVELS[comparison], chance.counts(comparison), strict=True))
        compared = sum(counts.values())
        learnt[comparison] = {
            level: (
                m,
                u[comparison][level]
                if counts[level] >= SEEN_ENOUGH
                else min(before, SEEN_ENOUGH / max(compared, SEEN_ENOUGH)),
            )
            for level, (m, before) in levels.items()
        }
    return learnt


def _with_m(
    start: Parameters, before: Parameters, m: Mapping[str, Mapping[str, float]]
) -> Parameters:
    """``before`` with m learnt, in which what was known counts a little too: no sample shows every
    slip. A level that EM never saw keeps the weight it had in ``start``, its u having changed.
    """
    learnt: dict[str, dict[str, tuple[float, float]]] = {}
    for comparison, levels in before.items():
        seen = m.get(comparison, {})
        learnt[comparison] = {}
        for level, (_, u) in levels.items():
            old_m, old_u = start[comparison][level]
            learnt[comparison][level] = (
                max(_LEAST, (1 - KNOWN) * seen[level] + KNOWN * old_m)
                if level in seen
                else min(old_m, u * old_m / old_u),
                u,
            )
    return learnt
