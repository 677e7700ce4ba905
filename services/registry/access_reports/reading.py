"""Reading the audit trail, from its first entry to its last, for a year's report."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access_reports.reporting import AccessReport, Counting
from shared import audit
from shared.database import raw


async def report_of(session: AsyncSession, year: int) -> AccessReport:
    """The report of a year in Asia/Shanghai; in a snapshot, so that the trail stands still meanwhile."""
    counting = Counting(year)
    async for entry in audit.entries_in_order(session):
        counting.add([entry])
    connection = await raw(session)
    waiting = await connection.fetchval("SELECT count(*) FROM audit_entries WHERE seq IS NULL")
    return counting.report(waiting)
