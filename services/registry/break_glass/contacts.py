"""Duty contacts: the office that answers for a county at any hour, kept by county."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared import divisions


async def put(connection: "asyncpg.Connection[Any]", county: int, office: str, phone: str) -> None:
    """Set the duty contact of a county; ValueError when the code is no county's."""
    if divisions.county_of(county) != county or county % 10**8 == 0:
        raise ValueError("a duty contact belongs to a county-level division")
    await connection.execute(
        "INSERT INTO duty_contacts (division, office, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (division) DO UPDATE SET office = excluded.office, phone = excluded.phone",
        county,
        office,
        phone,
    )


async def of(
    connection: "asyncpg.Connection[Any]", counties: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Office and phone by county, for those that are configured.  A neighbour's or a city's never stands in."""
    rows = await connection.fetch(
        "SELECT division, office, phone FROM duty_contacts WHERE division = ANY($1)", list(counties)
    )
    return {row["division"]: (row["office"], row["phone"]) for row in rows}
