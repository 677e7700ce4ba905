"""Strangers: children whom PostgreSQL makes itself, to fill a registry up to a size at which a sweep is measured.

Each has a row in every table that a sweep looks into, with all indexes over them, and a day that has not come.  What is sealed
in them is 300 bytes of nothing, a fifth of a real child's, so that a million of them is made in minutes: whoever opened
one would fail.
"""

from typing import Any

from services.registry.tables import METADATA

_SEALED = "decode(repeat('ab', 300), 'hex')"
#: Running numbers: as large and as deep in an index as random ones, and a tenth of the time to insert.
_ID = "lpad(to_hex(n), 32, '0')::uuid"
_PLACE = {
    "residence_code": "500101000000 + (n % 38) * 1000000",
    "hukou_code": "371702000000 + (n % 29) * 1000000",
    "residence_stated_by": "'{civil_affairs}'",
    "hukou_stated_by": "'{police}'",
}
_DAY = "'2026-03-01'::date"
_LATER = f"{_DAY} + 3000 + n % 3000"

#: By table, what each column of stranger n is.
_ROWS: dict[str, dict[str, str]] = {
    "children": {
        **_PLACE,
        "id": _ID,
        "child_seq": "1",
        "birth_on": f"{_DAY} - n % 5000",
        "sex": "'male'",
        "status": "'migrant'",
        "decision": '\'{"status": "migrant", "reasons": []}\'',
        "next_change_on": _LATER,
        "shielded": "false",
        "entries": "1",
        "digest": "decode(md5(n::text), 'hex')",
        "told": "decode(md5(n::text), 'hex')",
        "sealed": _SEALED,
        "gist": _SEALED,
        "folded_on": _DAY,
        "registered_at": "now()",
        "changed_at": "now()",
    },
    "child_lookups": {"hash": "decode(lpad(to_hex(n), 32, '0'), 'hex')", "child_id": _ID},
    "links": {
        "entry_id": _ID,
        "person": _ID,
        "grade": "'certain'",
        "weight": "30",
        "rule_version": "'x'",
        "link_seq": "1000000000 + n",
    },
    "duties": {
        **_PLACE,
        "id": _ID,
        "child_id": _ID,
        "duty": "'survey'",
        "department": "'civil_affairs'",
        "population": "'migrant'",
        "state": "'pending'",
        "step": "'village'",
        "begun_on": _DAY,
        "due_on": _LATER,
        "done_on": "'{}'",
        "detail": '\'{"clause": "", "wording": ""}\'',
    },
    "alerts": {
        **_PLACE,
        "id": _ID,
        "child_id": _ID,
        "kind": "'silence'",
        "cause": "''",
        "department": "'civil_affairs'",
        "category": "''",
        "state": "'open'",
        "raised_on": _DAY,
        "detail": "'{}'",
    },
    "vault.data_keys": {"id": _ID, "master": "1", "wrapped": "decode(repeat('ab', 60), 'hex')"},
}
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i WHERE i.indrelid = $1::regclass
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


async def fill(owner: Any, first: int, last: int) -> None:
    """Add strangers number ``first`` to ``last``; indexes are made anew at the end, which takes a fraction of the time."""
    await owner.execute("SET synchronous_commit = off")
    await owner.execute("SET maintenance_work_mem = '256MB'")
    for table, row in _ROWS.items():
        made_anew = await owner.fetch(_INDEXES, table) if last - first > 50_000 else []
        for index in made_anew:
            await owner.execute(f"DROP INDEX {index['name']}")
        await owner.execute(
            f"INSERT INTO {table} ({', '.join(row)}) SELECT {', '.join(row.values())}"
            f" FROM generate_series({first}, {last}) AS n"
        )
        for index in made_anew:
            await owner.execute(index["definition"])
        await owner.execute(f"VACUUM ANALYZE {table}")


def columns_of(table: str) -> str:
    """All that can be written: a generated column follows the others by itself."""
    return ", ".join(c.name for c in METADATA.tables[table].columns if c.computed is None)
