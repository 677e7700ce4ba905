"""Registering: the records of invented lives as intake stores them and matching links them, in this process.

What the sweep's figures need is real rows of real children, and neither sockets nor linkage; everything that a fold reads
is sealed as in production.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID, uuid5

from pydantic import TypeAdapter

from services.population.generation import Push
from services.registry.children.kit import Kit
from services.registry.children.registration import fold_batch
from services.registry.records.feeds import FEEDS
from services.registry.records.inserting import insert
from services.registry.records.models import FACT
from services.registry.records.resolving import take
from services.registry.records.vault import Plain
from shared import divisions
from shared.database import SYSTEM, Database, raw
from shared.hashes import entry_id
from shared.ids import uuid7

BATCH = 500
_CHILDREN = UUID("6f0f7d5e-7f0b-4f7e-8f0e-8a9d6f1c2b3a")


async def register(database: Database, kit: Kit, pushes: Sequence[Push], day: date) -> int:
    """Store, link and fold what was pushed, as of ``day``; how many children came of it."""
    seq = 0
    for (feed, department), members in _groups(pushes).items():
        for at in range(0, len(members), BATCH):
            part = members[at : at + BATCH]
            async with database.transaction(SYSTEM) as session:
                connection = await raw(session)
                rows = [stored(kit, feed, department, push, noon(day)) for push in part]
                await insert(connection, kit.sealer, rows)
                await take(
                    connection,
                    [
                        _link(p, r[0], seq + n)
                        for n, (p, r) in enumerate(zip(part, rows, strict=True))
                    ],
                    kit.audit,
                )
            seq += len(part)
    folded = 0
    while True:
        async with database.transaction(SYSTEM) as session:
            done = await fold_batch(session, kit, BATCH, day, noon(day))
        if not done:
            return folded
        folded += done


def noon(day: date) -> datetime:
    return datetime.combine(day, time(4), UTC)


def _groups(pushes: Sequence[Push]) -> dict[tuple[str, str], list[Push]]:
    found: dict[tuple[str, str], list[Push]] = {}
    for push in pushes:
        found.setdefault((push.feed, push.department), []).append(push)
    return found


def stored(
    kit: Kit, feed: str, department: str, push: Push, received: datetime
) -> tuple[Plain, bytes]:
    model = FEEDS[feed].model
    item = model.model_validate(push.item)
    home, hukou = item.residence, item.hukou
    plain = Plain(
        id=uuid7(),
        entry_id=entry_id(kit.entries, push.source, feed, item.source_id),
        version=item.version,
        kind=FACT,
        feed=feed,
        source=push.source,
        department=department,
        client=push.source,
        division=divisions.widen(item.division),
        observed_on=item.observed_on,
        received_at=received,
        birth_on=None,
        residence_code=divisions.widen(home.division) if home and home.division else None,
        hukou_code=divisions.widen(hukou.division) if hukou and hukou.division else None,
        findings=(),
        content_mac=b"x" * 16,
    )
    payload = TypeAdapter(model).dump_json(item, exclude_none=True, exclude_defaults=True)
    return plain, payload


def _link(push: Push, plain: Plain, seq: int) -> dict[str, object]:
    return {
        "entry": str(plain.entry_id),
        "person": str(uuid5(_CHILDREN, push.truth_child)),
        "grade": "certain",
        "weight": 30.0,
        "rule_version": "bench",
        "link_seq": seq + 1,
    }
