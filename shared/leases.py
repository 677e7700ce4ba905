"""Leases: only one worker does a thing at a time, and a worker that slept through its lease is refused.

A lease has a holder, a deadline on the *database's* clock and a fence that grows with every change of holder.  Work
done under a lease checks its fence in the transaction that stores the effect.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, Uuid, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.limits import LEASE_SECONDS


class LeaseLost(Exception):
    """Another worker holds the lease now; nothing of this transaction may be kept."""


def table(metadata: MetaData) -> Table:
    return Table(
        "leases",
        metadata,
        Column("name", Text, primary_key=True),
        Column("holder", Uuid, nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
    )


@dataclass(frozen=True, slots=True)
class Lease:
    name: str
    holder: UUID
    fence: int


_TAKE = text(
    "INSERT INTO leases AS l (name, holder, fence, until)"
    " VALUES (:name, :holder, 1, clock_timestamp() + make_interval(secs => :seconds))"
    " ON CONFLICT (name) DO UPDATE SET"
    "  fence = l.fence + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END,"
    "  holder = excluded.holder, until = excluded.until"
    " WHERE l.holder = excluded.holder OR l.until < clock_timestamp()"
    " RETURNING fence"
)
_CHECK = text(
    "SELECT 1 FROM leases WHERE name = :name AND holder = :holder AND fence = :fence"
    " AND until > clock_timestamp() FOR UPDATE"
)

_GIVE_BACK = text(
    "UPDATE leases SET until = clock_timestamp() WHERE name = :name AND holder = :holder"
    " AND until > clock_timestamp()"
)


async def take(
    session: AsyncSession, name: str, holder: UUID, seconds: int = LEASE_SECONDS
) -> Lease | None:
    """Take or renew; None while another holds it."""
    connection = await session.connection()
    row = await connection.execute(_TAKE, {"name": name, "holder": holder, "seconds": seconds})
    fence = row.scalar_one_or_none()
    return None if fence is None else Lease(name, holder, fence)


async def give_back(session: AsyncSession, name: str, holder: UUID) -> None:
    """End a lease before its time: another worker may take it at once.  Harmless where it is not held."""
    connection = await session.connection()
    await connection.execute(_GIVE_BACK, {"name": name, "holder": holder})


async def check(session: AsyncSession, lease: Lease) -> None:
    """Refuse to go on unless the lease is still held; the row stays locked until commit."""
    connection = await session.connection()
    found = await connection.execute(
        _CHECK, {"name": lease.name, "holder": lease.holder, "fence": lease.fence}
    )
    if found.scalar_one_or_none() is None:
        raise LeaseLost(lease.name)
