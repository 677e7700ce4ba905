"""Lateness (R11): which sources have been silent for longer than their feed's rhythm."""

from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.records.feeds import FEEDS
from services.registry.records.schemas import FeedOut, FeedsOut, SourceOut
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.database import raw


async def of(session: AsyncSession, caller: Caller, day: date) -> FeedsOut:
    connection = await raw(session)
    sources: dict[str, list[SourceOut]] = {}
    for row in await connection.fetch(
        "SELECT feed, source, county, received_at, observed_on, records FROM feed_arrivals"
        " WHERE county BETWEEN $1 AND $2 AND ($3::text IS NULL OR source = $3) ORDER BY feed, source, county LIMIT 10000",
        caller.grant.low,
        caller.grant.high,
        caller.client if caller.grant.contractor else None,
    ):
        every = FEEDS[row["feed"]].expected_every_days
        heard = row["received_at"].astimezone(SHANGHAI).date()
        sources.setdefault(row["feed"], []).append(
            SourceOut(
                source=row["source"],
                division=divisions.text_of(row["county"]),
                received_at=row["received_at"],
                observed_on=row["observed_on"],
                records=row["records"],
                late=every is not None and day > heard + timedelta(days=every),
            )
        )
    return FeedsOut(
        feeds=[
            FeedOut(
                feed=feed.name,
                title=feed.title_en,
                title_zh=feed.title_zh,
                departments=list(feed.departments),
                legal_basis=feed.legal_basis,
                expected_every_days=feed.expected_every_days,
                sources=sources.get(feed.name, []),
            )
            for feed in FEEDS.values()
            if not feed.internal
        ]
    )
