"""Strangers by the million: rows that PostgreSQL makes itself, so that plans can be asked for at size.

Each value follows from its column's type unless a table says otherwise, so a new column or table needs no word here.  Ids are
hashes of a running number, spread as real ones are; row n of one table belongs to row n of another.  What a service
reads row by row (the queues) stays as it is, and so does what an operator writes (clients, peers, areas).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table

_ID = "md5(n::text)::uuid"
#: Where the strangers live and belong, spread over the counties of the territory and of a peer's.
_RESIDENCE = "500101000000 + (n % 38) * 1000000"
_HUKOU = "371702000000 + (n % 29) * 1000000"
#: A receiver of the story.
_RECEIVER = "(SELECT id FROM receivers ORDER BY id LIMIT 1)"
_DAY = "'2026-03-01'::date"

_BY_TYPE: Mapping[type, str] = {
    UUID: _ID,
    int: "n",
    str: "'x'",
    bytes: "sha256(n::text::bytea)",
    bool: "false",
    float: "0",
    dt.date: _DAY,
    dt.datetime: f"{_DAY} + n * interval '1 second'",
    list: "'{}'",
    object: "'{}'",  # JSON
}

#: By table and column.  Numbers of a trail run backwards below those of the story, which stays the newest.
_OVERRIDES: Mapping[str, Mapping[str, str]] = {
    "children": {
        "residence_code": _RESIDENCE,
        "hukou_code": _HUKOU,
        "residence_stated_by": "'{civil_affairs}'",
        "hukou_stated_by": "'{police}'",
        "sex": "'male'",
        "status": "'migrant'",
        "next_change_on": f"{_DAY} + 400 + n % 3000",
        "entries": "1",
    },
    "key_care": {
        "category": "'vagrancy'",
        "state": "'proposed'",
        "residence_code": _RESIDENCE,
        "hukou_code": _HUKOU,
    },
    "duties": {
        "duty": "'survey'",
        "department": "'civil_affairs'",
        "population": "'migrant'",
        "state": "CASE WHEN n % 20 = 0 THEN 'overdue' ELSE 'pending' END",
        "step": "'village'",
        "due_on": f"{_DAY} + n % 300",
        "residence_code": _RESIDENCE,
        "hukou_code": _HUKOU,
        "residence_stated_by": "'{civil_affairs}'",
        "hukou_stated_by": "'{police}'",
    },
    "alerts": {
        "kind": "'silence'",
        "department": "'civil_affairs'",
        "category": "''",
        "state": "CASE WHEN n % 20 = 0 THEN 'open' ELSE 'handled' END",
        "due_on": f"{_DAY} + n % 300",
        "residence_code": _RESIDENCE,
        "hukou_code": _HUKOU,
        "residence_stated_by": "'{civil_affairs}'",
        "hukou_stated_by": "'{police}'",
    },
    "handovers": {
        "state": "'passed'",
        "giving": _RESIDENCE,
        "taking": _HUKOU,
        "side": "'giving'",
    },
    "handover_acts": {"number": "1", "kind": "'propose'", "side": "'giving'"},
    "records": {
        "version": "1",
        "kind": "0",
        "feed": "'enrolments'",
        "department": "'education'",
        "division": _RESIDENCE,
        "residence_code": _RESIDENCE,
        "hukou_code": _HUKOU,
    },
    "audit_entries": {"seq": "-n", "subjects": f"ARRAY[{_ID}]"},
    "outbox": {"seq": "-n"},
    "links": {"person": _ID},
    "data_keys": {"master": "1"},
    "events": {"sender": "'registry'", "seq": "-n", "dispatched_at": "now()"},
    "announcements": {
        "position": "1000000 + n",
        "county": _RESIDENCE,
        "child": _ID,
        "place": "0",
    },
    "compartment_entries": {
        "compartment": "'severe_mental_disorder'",
        "place": _RESIDENCE,
        "state": "'open'",
        "version": "1",
    },
    "cases": {"residence": _RESIDENCE, "hukou": _HUKOU},
    "notices": {
        "kind": "'arrived'",
        "direction": "'local'",
        "toward": "'hukou'",
        "state": "'answered'",
        "origin_county": _RESIDENCE,
        "target_county": _HUKOU,
        "child": _ID,
        "outcome": "'confirmed'",
        "issued_at": "now()",
        "receiver_name": "'x'",
        "pushed": "'done'",
        "facts": "'no'",
    },
    "entries": {"person": _ID, "link_seq": "-n", "crowded": "0"},
    "persons": {"sealed": _BY_TYPE[bytes], "keying": "1"},
    "link_changes": {"link_seq": "-n", "person": _ID},
    "reviews": {"review_seq": "-n", "closed_at": "now()"},
    "lanes": {"receiver": _RECEIVER},
    "deliveries": {
        "receiver": _RECEIVER,
        "state": "'delivered'",
    },
    "attempts": {"status": "200", "milliseconds": "1", "fence": "1"},
}


async def fill(connection: Any, tables: Iterable[Table], rows: int) -> None:
    """Add ``rows`` strangers to each table and gather statistics; ``connection`` is a superuser's.

    Indexes are made anew over the whole at the end, which takes a fraction of the time.
    """
    await connection.execute("SET session_replication_role = replica")  # foreign keys aside
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for table in tables:
        made_anew = await connection.fetch(_INDEXES, table.fullname)
        for index in made_anew:
            await connection.execute(f"DROP INDEX {index['name']}")
        columns = [c for c in table.columns if c.computed is None]
        names = ", ".join(c.name for c in columns)
        values = ", ".join(_value(table.name, c) for c in columns)
        await connection.execute(
            f"INSERT INTO {table.fullname} ({names})"
            f" SELECT {values} FROM generate_series(1, {rows}) AS n"
        )
        for index in made_anew:
            await connection.execute(index["definition"])
        await connection.execute(f"VACUUM ANALYZE {table.fullname}")


_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i WHERE i.indrelid = $1::regclass
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


def _value(table: str, column: Any) -> str:
    own = _OVERRIDES.get(table, {}).get(column.name)
    if own is not None:
        return own
    return "NULL" if column.nullable else _BY_TYPE[column.type.python_type]
