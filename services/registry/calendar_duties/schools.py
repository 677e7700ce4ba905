"""Which schools of a place owe a calendar duty: the schools known from enrolments, each with what was reported of it.

A school is the name by which sources call it, in the county where its migrant pupils live, as in ``duties.schools``; no plain
column tells it, so each child's state is opened, page by page.  A shielded child's school would tell where it is: no school is
known by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.calendar_duties.tasking import Task
from services.registry.children import state
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.past.residing import Residents
from services.registry.status.deciding import Status
from shared.auth import Caller
from shared.database import raw
from shared.problems import TooLarge

PAGE: Final = 500
MOST_CHILDREN: Final = 20_000
_AT_SCHOOL = ("enrolled", "transferred_in")
_CHILDREN = (
    "SELECT c.id, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.residence_stated_by, c.hukou_stated_by,"
    " c.status, c.next_change_on, c.shielded, c.entries, c.sealed, v.master, v.wrapped FROM children c"
    " CROSS JOIN LATERAL (SELECT master, wrapped FROM vault.data_keys WHERE id = c.id OFFSET 0) v"
    " WHERE c.residence_code BETWEEN $1 AND $2 AND c.status = $3 AND NOT c.shielded"
    f" AND (c.residence_code, c.id) > ($4, $5) ORDER BY c.residence_code, c.id LIMIT {PAGE}"
)

#: A county (six digits), and the school's name.
School = tuple[int, str]
#: The schools of a place, each with the stages of the pupils known there.
Schools = Mapping[School, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the schools of a place stand with one task; ``owing`` maps each that owes to how often it reported."""

    known: int
    owing: Mapping[School, int]
    #: Activities whose report names none of the known schools: they end no school's duty.
    unknown: int

    @property
    def fulfilled(self) -> int:
        return self.known - len(self.owing)

    @property
    def done(self) -> bool:
        """Where no school is known, nobody can say that all have done it."""
        return self.known > 0 and not self.owing


def name_of(text: str) -> str:
    """A school's name without the spaces in which sources differ."""
    return "".join(text.split())


def stand(task: Task, schools: Schools, told: Iterable[tuple[School, int]]) -> Standing:
    """From the schools of a place, and how often which school ``told`` of the task within its span; pure."""
    wanted = set(task.rule.stages)
    bound = {one for one, stages in schools.items() if not wanted or wanted & stages}
    times = dict.fromkeys(bound, 0)
    unknown = 0
    for school, count in told:
        if school in times:
            times[school] += count
        elif school not in schools:
            unknown += count
    owing = {one: done for one, done in sorted(times.items()) if done < task.times}
    return Standing(len(bound), owing, unknown)


async def known(
    session: AsyncSession, kit: Kit, caller: Caller, area: tuple[int, int]
) -> tuple[Schools, list[UUID]]:
    """The schools, and the children that were read; TooLarge above ``MOST_CHILDREN``."""
    low, high = max(caller.grant.low, area[0]), min(caller.grant.high, area[1])
    connection = await raw(session)
    found: dict[School, set[str]] = {}
    read: list[UUID] = []
    after: tuple[int, UUID] = (-1, UUID(int=0))
    while True:
        rows = await connection.fetch(_CHILDREN, low, high, Status.MIGRANT, *after)
        for row in rows:
            read.append(row["id"])
            if pupil := _pupil(kit, row):
                name, stage = pupil
                found.setdefault((row["residence_code"] // 10**6, name), set()).add(stage)
        if len(read) > MOST_CHILDREN:
            raise TooLarge(f"More than {MOST_CHILDREN} children: name a smaller place.")
        if len(rows) < PAGE:
            return {school: frozenset(stages) for school, stages in found.items()}, read
        after = rows[-1]["residence_code"], rows[-1]["id"]


def known_then(lived: Residents, caller: Caller) -> tuple[Schools, list[UUID]]:
    """As ``known`` has it, by who lived in the area: none that is known of a child whom anybody has shielded since."""
    found: dict[School, set[str]] = {}
    read: list[UUID] = []
    for child in lived.seen_by(caller):
        if child.row.status != Status.MIGRANT or child.shielded:
            continue
        read += [child.row.id, *sorted(child.others)]
        if pupil := _at_school(state.read(child.row.payload)):
            name, stage = pupil
            found.setdefault((child.home // 10**6, name), set()).add(stage)
    return {school: frozenset(stages) for school, stages in found.items()}, read


def _pupil(kit: Kit, row: Any) -> tuple[str, str] | None:
    return _at_school(open_state(kit.sealer, row))


def _at_school(held_state: Mapping[str, Any]) -> tuple[str, str] | None:
    """School and stage of a child that is at one."""
    fields = {name: str(held["value"]) for name, held in held_state["fields"].items()}
    name = name_of(fields.get("school", ""))
    if not name or fields.get("schooling") not in _AT_SCHOOL:
        return None
    return name, fields.get("stage", "")
