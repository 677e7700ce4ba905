"""The same vectors weighed by Splink and by us: a model means the same to both."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.matching.linkage import names
from services.matching.linkage.comparison import COMPARISONS, LEVELS
from services.matching.linkage.weights import Model, weigh
from services.matching.training.engines import Api
from services.matching.training.estimating import settings, table
from services.matching.training.vectors import Vectors
from services.matching.training.writing import name_frequency_of, parameters_of

_ANY_NAME = names.read("张三")
_EXACT = LEVELS["name"].index("exact")


def by_splink(
    api: Callable[[], Api], raw: Mapping[str, Any], vectors: Vectors, shares: Sequence[float]
) -> list[float]:
    """Splink's match weight of each pair. A pair whose name agrees exactly bears a name of the share
    given for it.
    """
    import pyarrow
    from splink import Linker

    column = vectors.columns[COMPARISONS.index("name")]
    tokens = [
        repr(share) if rank == _EXACT else None for rank, share in zip(column, shares, strict=True)
    ]
    database = api()
    linker = Linker(
        [
            database.register(table(vectors, tokens), dataset_display_name=called)
            for called in ("one", "other")
        ],
        settings(parameters_of(raw), share_of(raw["prior"]), name_frequency_of(raw)),
        log_level=None,
    )
    distinct = sorted({token for token in tokens if token})
    lookup = pyarrow.table({"name": distinct or ["0"], "tf_name": [*map(float, distinct)] or [1.0]})
    linker.table_management.register_term_frequency_lookup(database.register(lookup), "name")
    scored = linker.inference.predict().as_record_list()
    weights = [0.0] * len(vectors)
    for row in scored:
        weights[row["pair_l"]] = row["match_weight"]
    return weights


def by_us(model: Model, vectors: Vectors, shares: Sequence[float]) -> list[float]:
    """Our match weight of each pair, as the linker finds it."""
    column = vectors.columns[COMPARISONS.index("name")]
    return [
        weigh(
            model,
            vectors.levels(at),
            _ANY_NAME if column[at] == _EXACT else None,
            lambda _, share=share: share,  # type: ignore[misc]
        ).weight
        for at, share in enumerate(shares)
    ]


def share_of(bits: float) -> float:
    """The probability that log2 odds state."""
    return 1 / (1 + 2**-bits)
