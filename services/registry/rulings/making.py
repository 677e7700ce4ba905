"""Making a ruling: a decision is appended, and what it asks of matching queued, in one transaction.

Where key care hangs on it, the first person only proposes: nothing follows until a second one agrees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children.kit import Kit
from services.registry.key_care import deciding
from services.registry.key_care.deciding import Author, Word
from services.registry.rulings.constraints import Constraint, Group
from services.registry.rulings.terms import RulingGround, RulingKind, RulingState, Second
from shared.database import raw
from shared.limits import MAX_BULK_ITEMS
from shared.problems import Conflict


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to rule; ``binds`` makes its constraints, given its id."""

    kind: RulingKind
    one: UUID
    other: UUID
    entries: Group
    ground: RulingGround
    note: str
    binds: Callable[[UUID], Sequence[Constraint]] | None = None
    review: UUID | None = None
    target: UUID | None = None


_INSERT = (
    "INSERT INTO rulings (id, kind, state, review, target, one, other, entries, made_at, problem, turn,"
    " one_residence_code, one_hukou_code, other_residence_code, other_hukou_code)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, '', CASE WHEN $3 = 'pending' THEN nextval('ruling_turns') END,"
    " a.residence_code, a.hukou_code, b.residence_code, b.hukou_code"
    " FROM (SELECT) AS one LEFT JOIN children a ON a.id = $6 LEFT JOIN children b ON b.id = $7"
)


async def make(
    session: AsyncSession, kit: Kit, author: Author, draft: Draft, state: RulingState, now: datetime
) -> UUID:
    """Append the ruling, as the service itself; its id.  Conflict when it names more entries than can be held."""
    entries = sorted(draft.entries)
    if not 0 < len(entries) <= MAX_BULK_ITEMS:
        raise Conflict("There are no records, or too many, to rule on.")
    kind = decision_kind(draft.kind, proposed=state is RulingState.PROPOSED)
    word = Word(kind, "", draft.ground, draft.note)
    made = await deciding.append(session, kit, author, draft.one, word, entries[0], entries, now)
    connection = await raw(session)
    await connection.execute(
        _INSERT,
        made,
        str(draft.kind),
        str(state),
        draft.review,
        draft.target,
        draft.one,
        draft.other,
        entries,
        now,
    )
    await bind(connection, made, draft.binds(made) if draft.binds else ())
    return made


async def bind(
    connection: "asyncpg.Connection[Any]", ruling: UUID, constraints: Sequence[Constraint]
) -> None:
    """Keep what a ruling asks of matching, after what it asked before."""
    await connection.executemany(
        "INSERT INTO ruling_constraints (id, ruling, place, same, one, other, held, ended)"
        " SELECT $1, $2, (SELECT count(*) FROM ruling_constraints WHERE ruling = $2), $3, $4, $5, false, false"
        " ON CONFLICT (id) DO NOTHING",
        [(one.id, ruling, one.same, sorted(one.one), sorted(one.other)) for one in constraints],
    )


async def second(
    session: AsyncSession,
    kit: Kit,
    author: Author,
    row: Any,
    answer: Second,
    ground: RulingGround,
    note: str,
    now: datetime,
) -> None:
    """Append what the second person says of a proposal, as the service itself, and let it go or end it."""
    word = Word(decision_kind(answer), "", ground, note)
    said = await deciding.append(
        session, kit, author, row["one"], word, row["entries"][0], row["entries"], now
    )
    agreed = answer is Second.AGREE
    connection = await raw(session)
    await connection.execute(
        "UPDATE rulings SET state = $2, second = $3, settled_at = $4, problem = $5,"
        " turn = CASE WHEN $2 = 'pending' THEN nextval('ruling_turns') END WHERE id = $1",
        row["id"],
        str(RulingState.PENDING if agreed else RulingState.REFUSED),
        said,
        None if agreed else now,
        "" if agreed else "refused",
    )


_PROPOSAL = "proposal_"


def decision_kind(what: RulingKind | Second | str, *, proposed: bool = False) -> str:
    """What a ruling is called among a child's decisions; sealed with it, whether a second person is needed."""
    return f"{_PROPOSAL if proposed else 'ruling_'}{what}"


def is_proposal(kind: str) -> bool:
    """Whether a decision of this kind takes no effect without a second person."""
    return kind.startswith(_PROPOSAL)
