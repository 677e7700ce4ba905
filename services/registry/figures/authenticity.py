"""Authenticity of figures: each row carries a MAC over all of it, made anew when it is counted, under the audit key.

That key lies outside the database: whoever can write to the database alone can neither publish a figure nor change one.
"""

from shared.authenticity import Attested

FIGURES = Attested(
    kind="figure",
    table="figures",
    event="figure.forged",
    columns=(
        "id",
        "revises",
        "division",
        "low",
        "high",
        "valid_on",
        "known_at",
        "pilot",
        "rulebook",
        "method",
        "smallest",
        "configured",
        "client",
        "department",
        "actor",
        "requested_at",
        "computed_at",
        "counts",
    ),
)
