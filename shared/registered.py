"""Registered rows: a table that operators' commands alone write decides whom this hub trusts.

Each such row carries a MAC under the audit key, which lies outside the database (ADR 0016).  It also counts its changes
(``generation``, which a trigger lets only grow), and each change is told to the audit trail: so nobody who can write to the
database alone makes a row, changes one, or puts an older one back.
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
class Register:
    """A registered table.  ``kind`` is that of its MACs, ``operations`` that of its acts; ``naming`` the name's name there."""

    kind: str
    operations: str
    naming: str = "name"

    async def faults(
        self, session: AsyncSession, keys: KeySet, rows: Iterable["Registered"]
    ) -> list[str]:
        """What is wrong with the table, of which these are all rows."""
        told = await self._told(session)
        found = []
        seen = set()
        for row in rows:
            seen.add(row.name)
            last = told.get(row.name)
            if not row.authentic(keys):
                found.append(f"{self.kind} {row.name} was forged or changed")
            elif last is None:
                found.append(f"{self.kind} {row.name} is not told of by the audit trail")
            elif last["mac"] != (row.mac or b"").hex():
                found.append(f"{self.kind} {row.name} is not as it was last written")
        return found + [f"{self.kind} {name} was removed" for name in sorted(set(told) - seen)]

    async def _told(self, session: AsyncSession) -> dict[str, Mapping[str, Any]]:
        """The newest act on each row that the audit trail knows of."""
        connection = await raw(session)
        rows = await connection.fetch(
            "SELECT detail FROM audit_entries WHERE client = 'hutong' AND operation LIKE $1",
            f"{self.operations}.%",
        )
        in_order = sorted((row["detail"] for row in rows), key=lambda d: int(d["generation"]))
        return {detail[self.naming]: detail for detail in in_order}


@dataclass(frozen=True, slots=True)
class Registered:
    """A row of a register, as far as its authenticity goes; ``values`` hold its generation too."""

    register: Register
    name: str
    generation: int
    values: Sequence[object]
    mac: bytes | None

    def authentic(self, keys: KeySet) -> bool:
        return authenticity.authentic(keys, self.register.kind, self.values, self.mac)

    def state(self, keys: KeySet) -> str:
        """Whether it is trusted, as an operator reads it."""
        if self.authentic(keys):
            return "live"
        return "not adopted" if self.mac is None else "FORGED"

    def made(self, keys: KeySet) -> bytes:
        """The MAC that it should carry."""
        return authenticity.mac(keys, self.register.kind, self.values)

    def act(self, operation: str, actor: str) -> audit.Act:
        """What an operator did, as the audit trail keeps it: enough to tell the newest row from an older one."""
        detail = {
            self.register.naming: self.name,
            "generation": self.generation,
            "mac": (self.mac or b"").hex(),
        }
        name = f"{self.register.operations}.{operation}"
        return audit.Act("hutong", "operator", actor, "", name, (), detail)
