"""Caring: which key care (重点关爱) a child's records and people's decisions come to on a day; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.registry.children.folding import Fold
from services.registry.children.gist import Held
from services.registry.key_care.settling import Decided, Holding, settle
from services.registry.profiles import Profile
from services.registry.status.hardship import propose
from shared import divisions
from shared.hashes import keyed_id


@dataclass(frozen=True, slots=True)
class KeyCareRow:
    """One category of one child, before it is stored."""

    id: UUID
    category: str
    state: str
    since: datetime
    detail: dict[str, Any]


def care(
    key: bytes,
    child: UUID,
    folded: Fold,
    held: Sequence[Held],
    decisions: Sequence[Any],
    profile: Profile | None,
    day: date,
    cross: bool | None,
) -> tuple[KeyCareRow, ...]:
    """The child's key care by category, in order of category; ``key`` makes the ids of its entries,
    ``cross`` as ``cross_township`` has it.
    """
    decided: dict[str, list[Decided]] = {}
    for row in decisions:
        if row["category"]:
            decided.setdefault(row["category"], []).append(
                Decided(row["kind"], row["decided_at"], tuple(row["basis"]))
            )
    if not folded.evidence and not decided:
        return ()
    by_record = {one.id: one for one in held}
    proposals = {p.category: p for p in propose(folded.evidence, profile, day, cross)}
    entries = frozenset(one.entry_id for one in held)
    rows = []
    for category in sorted({*proposals, *decided}):
        proposal = proposals.get(category)
        holding = [
            Holding(record, by_record[record].entry_id, by_record[record].received_at)
            for record in (proposal.evidence if proposal else ())
        ]
        settled = settle(holding, decided.get(category, []), entries)
        if settled is None:
            continue
        rows.append(
            KeyCareRow(
                id=keyed_id(key, "key-care", child, category),
                category=category,
                state=settled.state,
                since=settled.since,
                detail={
                    "clause": proposal.clause if proposal else "",
                    "handling": str(proposal.handling) if proposal else "",
                    "unsure": list(proposal.unsure) if proposal else [],
                    "evidence": [
                        {"record": str(h.record), "feed": by_record[h.record].feed} for h in holding
                    ],
                },
            )
        )
    return tuple(rows)


def cross_township(residence: int | None, hukou: int | None) -> bool | None:
    """Whether the two lie in different townships (跨乡镇); None where only one county is known of both."""
    if residence is None or hukou is None:
        return None
    if divisions.county_of(residence) != divisions.county_of(hukou):
        return True
    if residence % 10**6 == 0 or hukou % 10**6 == 0:
        return None
    return residence // 1000 != hukou // 1000
