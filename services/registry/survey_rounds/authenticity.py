"""Authenticity of survey rounds: each row carries a MAC over all of it, under the audit key, which lies outside the database.

So whoever can write to the database alone can neither open a round, nor withdraw or move one.
"""

from shared.authenticity import Attested

ROUNDS = Attested(
    kind="survey round",
    table="survey_rounds",
    event="survey_round.forged",
    columns=(
        "id",
        "division",
        "low",
        "high",
        "opens_on",
        "closes_on",
        "client",
        "actor",
        "opened_at",
        "withdrawn_at",
    ),
)
