"""The reviews that links leave open, looked up and written under the linker's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.matching.links.queries import Connection
from services.matching.links.round_trips import Rows, write

_REVIEW = (
    "review uuid, one uuid, other uuid, entry uuid, weight float8, rule_version text, levels text, weights float8[],"
    " review_seq bigint, opened_at timestamptz"
)


@dataclass(frozen=True, slots=True)
class NewReview:
    review: UUID
    one: UUID
    other: UUID
    entry: UUID
    weight: float
    rule_version: str
    levels: str
    weights: Sequence[float]
    review_seq: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenReview:
    review: UUID
    one: UUID
    other: UUID
    entry: UUID
    levels: str
    opened_at: datetime


async def last_seq(connection: Connection) -> int:
    """Right only under the linker's lock."""
    found = await connection.fetchval(
        "SELECT greatest((SELECT max(review_seq) FROM reviews), (SELECT review_seq FROM numbering))"
    )
    return int(found)


async def among(connection: Connection, persons: Sequence[UUID]) -> dict[UUID, OpenReview]:
    """Open reviews that concern any of the persons."""
    # Not one condition with OR: planned while there were few, it would look at every open review ever after.
    rows = await connection.fetch(
        "SELECT review, one, other, entry, levels, opened_at FROM reviews"
        " WHERE one = ANY($1::uuid[]) AND closed_at IS NULL UNION ALL"
        " SELECT review, one, other, entry, levels, opened_at FROM reviews"
        " WHERE other = ANY($1::uuid[]) AND closed_at IS NULL",
        persons,
    )
    return {row[0]: OpenReview(*row) for row in rows}


async def open_anew(connection: Connection, reviews: Sequence[NewReview]) -> None:
    """Open the reviews, or open them again with the evidence of today."""
    if reviews:
        await connection.execute(
            "DELETE FROM reviews WHERE review = ANY($1::uuid[])", [r.review for r in reviews]
        )
        await write(connection, [Rows.of("reviews", _REVIEW, reviews)])


async def close(connection: Connection, reviews: Sequence[UUID], first: int, now: datetime) -> None:
    """Close the reviews, numbering the changes from ``first``."""
    if reviews:
        await connection.execute(
            "UPDATE reviews r SET closed_at = $3, review_seq = n.seq"
            " FROM unnest($1::uuid[], $2::bigint[]) AS n (review, seq) WHERE r.review = n.review",
            reviews,
            list(range(first, first + len(reviews))),
            now,
        )
