"""Queues by length and age, as figures to raise an alarm on.

Each API process counts its service's queues, so that a worker that does not run is told of as well.  A queue is counted to
``COUNTED`` by an index of what waits, so that counting costs as little whatever was done before.
"""

from collections.abc import Mapping

from fastapi import APIRouter
from prometheus_client import Gauge

from shared import application
from shared.database import SYSTEM, Database, raw

LENGTH = Gauge("hutong_queue_length", "What waits to be done, up to 100000", ["service", "queue"])
OLDEST = Gauge(
    "hutong_queue_oldest_seconds", "How long the oldest of it has waited", ["service", "queue"]
)
COUNTED = 100_000
EVERY_SECONDS = 15.0
#: Queue → a query with one row: how many wait (at most ``$1``), and the instant since which the oldest does.
Queues = Mapping[str, str]


async def measure(database: Database, service: str, queues: Queues) -> None:
    """Set the figures to what the database holds now."""
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        now = await connection.fetchval("SELECT clock_timestamp()")
        for queue, query in queues.items():
            length, since = await connection.fetchrow(query, COUNTED)
            LENGTH.labels(service, queue).set(length)
            waited = max(0.0, (now - since).total_seconds()) if since else 0.0
            OLDEST.labels(service, queue).set(waited)


def watch(service: str, queues: Queues) -> APIRouter:
    """What an application includes to keep the figures true while it lives."""

    async def step(database: Database) -> None:
        await measure(database, service, queues)

    return application.beside(service, "backlog", step, EVERY_SECONDS)


def waiting(table: str, since: str, where: str = "true", order: str = "") -> str:
    """The query of a table whose rows, as far as ``where`` goes, wait since the instant in ``since``.

    ``order`` is an index's that begins with the oldest, where there is one.
    """
    ordered = f" ORDER BY {order}" if order else ""
    return (
        f"SELECT count(*), min({since}) FROM"
        f" (SELECT {since} FROM {table} WHERE {where}{ordered} LIMIT $1) AS waiting"
    )
