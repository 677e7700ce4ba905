"""Proving: every sealed row of matching opens, and all that stands beside it in plain says the same.

An entry's version is bound to what is sealed, its link is that of its newest change, its place among a person's entries
stands sealed in the person's own row, and so do the keys under which that person is posted.  What was recalled or erased
has left nothing behind.  Not proven: the evidence kept to explain a link (``levels``, ``weights``, ``against``), and changes
that newer ones have overtaken.
"""

from collections.abc import AsyncIterator
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Strongroom
from services.matching.links.grades import Grade
from shared.database import raw
from shared.sealing import Unsealable

PAGE = 500
_LINK = ("person", "grade", "weight", "rule_version", "link_seq")
_ENTRIES = f"""
SELECT coalesce(e.entry, c.entry) AS entry, e.entry IS NOT NULL AS stored, e.version, e.sealed,
  {", ".join(f"e.{name}, c.{name} AS told_{name}" for name in _LINK)}
FROM entries e FULL JOIN
  (SELECT DISTINCT ON (entry) * FROM link_changes ORDER BY entry, link_seq DESC) c USING (entry)
"""
_PERSONS = """
SELECT person, p.sealed, p.doubtful, p.keying, m.entries, m.arrivals, k.keys,
  p.keying IN (SELECT keying FROM keyings WHERE retired_at IS NULL) AS is_live
FROM persons p
FULL JOIN (SELECT person, array_agg(entry) AS entries, array_agg(arrival) AS arrivals
  FROM entries WHERE person IS NOT NULL GROUP BY person) m USING (person)
FULL JOIN (SELECT person, array_agg(key) AS keys FROM blocking_keys GROUP BY person) k USING (person)
"""


async def faults_of(session: AsyncSession, strongroom: Strongroom) -> AsyncIterator[str]:
    """A line for each row that is not as it was written."""
    connection = await raw(session)
    async for row in connection.cursor(_ENTRIES, prefetch=PAGE):
        if (what := _entry_fault(strongroom, row)) is not None:
            yield f"entries {row['entry']}: {what}"
    async for row in connection.cursor(_PERSONS, prefetch=PAGE):
        if (what := _person_fault(strongroom, row)) is not None:
            yield f"persons {row['person']}: {what}"
    told, last = await connection.fetchrow(
        "SELECT count(*) + (SELECT skipped FROM numbering),"
        " greatest(max(link_seq), (SELECT link_seq FROM numbering)) FROM link_changes"
    )
    if told != last:
        yield f"link_changes: {last - told} of {last} are missing"


def _entry_fault(strongroom: Strongroom, row: Any) -> str | None:
    if not row["stored"]:
        return "was removed"
    if any(row[name] != row[f"told_{name}"] for name in _LINK):
        return "its link is not that of its newest change"
    is_linked = row["grade"] in (Grade.CERTAIN, Grade.POSSIBLE)
    if {row[name] is not None for name in ("person", "version", "sealed")} != {is_linked}:
        return "lacks a part" if is_linked else "has left something behind"
    return None if not is_linked or _opens(strongroom, row) else "was changed"


def _opens(strongroom: Strongroom, row: Any) -> bool:
    try:
        strongroom.open_entry(row["entry"], row["version"], row["sealed"])
    except (Unsealable, ValueError):
        return False
    return True


def _person_fault(strongroom: Strongroom, row: Any) -> str | None:
    if row["sealed"] is None:
        return "was removed" if row["entries"] or row["keys"] else None
    if not row["is_live"]:
        return "is of no keying that is in use"
    try:
        person = strongroom.open_person(row["person"], row["sealed"], doubtful=row["doubtful"])
    except (Unsealable, ValueError):
        return "was changed"
    linked = dict(zip(row["entries"] or (), row["arrivals"] or (), strict=True))
    if linked != {entry: sight.arrival for entry, sight in person.entries.items()}:
        return "the entries linked to it are not those that it holds"
    if set(row["keys"] or ()) != person.keys:
        return "it is not found under its own keys"
    return None
