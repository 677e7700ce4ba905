"""Authenticity of what decides whom this hub trusts: peer hubs, authorities, answers, and what is signed for a peer.

Each such row carries a MAC under the audit key, which lies outside the database (ADR 0016): who can write to the database
alone can neither make one nor change one.  Peers and authorities are *registered*: their rows also count their changes
(``generation``), a trigger lets them only grow, and each change is told to the audit trail, so that no older row is put back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import audit, authenticity
from shared.database import raw
from shared.keys import KeySet

#: Who acts where nobody is named: the operator's shell.
OPERATOR = "system:operator"


@dataclass(frozen=True, slots=True)
class Registered:
    """A row of a registered table, as far as its authenticity goes; ``kind`` is peers or authorities."""

    kind: str
    name: str
    generation: int
    values: Sequence[object]
    mac: bytes | None

    def authentic(self, keys: KeySet) -> bool:
        return authenticity.authentic(keys, self.kind, [*self.values, self.generation], self.mac)

    def state(self, keys: KeySet) -> str:
        """Whether it is trusted, as an operator reads it."""
        if self.authentic(keys):
            return "live"
        return "not adopted" if self.mac is None else "FORGED"

    def made(self, keys: KeySet) -> bytes:
        """The MAC that it should carry."""
        return authenticity.mac(keys, self.kind, [*self.values, self.generation])


def act(row: Registered, operation: str, actor: str) -> audit.Act:
    """What an operator did, as the audit trail keeps it: enough to tell the newest row from an older one."""
    detail = {"name": row.name, "generation": row.generation, "mac": (row.mac or b"").hex()}
    return audit.Act("hutong", "operator", actor, "", f"{row.kind}.{operation}", (), detail)


def faults(
    keys: KeySet, kind: str, rows: Iterable[Registered], told: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the registered rows of a kind; ``told`` is the newest act on each that the audit trail knows of."""
    found = []
    seen = set()
    for row in rows:
        seen.add(row.name)
        last = told.get(row.name)
        if not row.authentic(keys):
            found.append(f"{kind} {row.name} was forged or changed")
        elif last is None:
            found.append(f"{kind} {row.name} is not told of by the audit trail")
        elif last["mac"] != (row.mac or b"").hex():
            found.append(f"{kind} {row.name} is not as it was last written")
    return found + [f"{kind} {name} was removed" for name in sorted(set(told) - seen)]


async def told_of(session: AsyncSession, kind: str) -> dict[str, Mapping[str, Any]]:
    """The newest act on each row of a kind."""
    connection = await raw(session)
    rows = await connection.fetch(
        "SELECT detail FROM audit_entries WHERE client = 'hutong' AND operation LIKE $1",
        f"{kind}.%",
    )
    in_order = sorted((row["detail"] for row in rows), key=lambda d: int(d["generation"]))
    return {detail["name"]: detail for detail in in_order}
