"""Carrying over: what stands under an ended division's code goes on under its heir's, from the day on.

Children, and all that is folded with them, are carried by the daily clock (``children/turning.py``): the day stands in their
``next_change_on``.  Here are the rest: children whose division, or the county of whose file or alert, was known to end only
after they were judged, who are asked to be folded again; and what stands by itself and is still to be acted upon: cases, entries
of compartments, placements, reports about nobody yet, posts, running rounds, rosters that wait for answers, openings of the glass
that wait for review, erasures that wait for their second person.  What binds its place under a seal or a MAC is opened and sealed
again; what does not open is left where it is, for the verifier to name.

What is over stays under the code of its day.  What a split leaves in doubt stays where it was (``queries.py`` lists it).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Self

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.assessments import authenticity as guardianship
from services.registry.cases import authenticity as cases
from services.registry.children import queueing
from services.registry.children.kit import Kit
from services.registry.compartments import authenticity as compartments
from services.registry.erasures.authenticity import ERASURES
from services.registry.erasures.schemas import ErasureState
from services.registry.planning import by_index
from services.registry.posts import noting
from services.registry.posts.terms import PostChange
from services.registry.rosters.authenticity import ROSTERS
from services.registry.survey_rounds.authenticity import ROUNDS
from shared import audit, divisions
from shared.database import raw
from shared.sealing import Sealer, Unsealable, seal

log = structlog.get_logger()

#: So many rows of one kind in one transaction.
BATCH = 500
COUNTY = 10**6
Row = dict[str, Any]


class Areas(NamedTuple):
    """Where codes have ended: counties by their six digits, and the ranges of smaller places."""

    counties: Sequence[int]
    lows: Sequence[int]
    highs: Sequence[int]

    @classmethod
    def of(cls, areas: Sequence[tuple[int, int]]) -> Self:
        smaller = [(low, high) for low, high in areas if high - low < COUNTY - 1]
        return cls(
            [low // COUNTY for low, high in areas if high - low == COUNTY - 1],
            [low for low, _ in smaller],
            [high for _, high in smaller],
        )


class Sealed(NamedTuple):
    """A table whose rows bind their place under their own seal; ``reseal`` gives what is written anew."""

    table: str
    reseal: Callable[[Sealer, Row, int], Mapping[str, bytes]]


def _case(sealer: Sealer, row: Row, place: int) -> Mapping[str, bytes]:
    words = orjson.dumps(cases.words_of(sealer, row))
    key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return {"sealed": seal(key, words, cases.case_bound({**row, "place": place}))}


def _entry(sealer: Sealer, row: Row, place: int) -> Mapping[str, bytes]:
    level, words = compartments.level_of(sealer, row), compartments.words_of(sealer, row)
    key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    sealed_level, sealed = compartments.seal_parts(key, {**row, "place": place}, level, words)
    return {"sealed_level": sealed_level, "sealed": sealed}


def _placement(sealer: Sealer, row: Row, place: int) -> Mapping[str, bytes]:
    words = guardianship.words_of("placements", sealer, row)
    key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    bound = guardianship.bound("placements", {**row, "place": place})
    return {"sealed": seal(key, words.encode(), bound)}


SEALED = (
    Sealed("cases", _case),
    Sealed("compartment_entries", _entry),
    Sealed("placements", _placement),
)

_CHILDREN = (
    "SELECT DISTINCT c.id FROM unnest($1::bigint[], $2::bigint[]) AS e(low, high) CROSS JOIN LATERAL ("
    " (SELECT id FROM children WHERE residence_code BETWEEN e.low AND e.high"
    "  AND (next_change_on IS NULL OR next_change_on > $3) LIMIT $4)"
    " UNION (SELECT id FROM children WHERE hukou_code BETWEEN e.low AND e.high"
    "  AND (next_change_on IS NULL OR next_change_on > $3) LIMIT $4)"
    " UNION (SELECT child_id FROM alerts WHERE residence_code BETWEEN e.low AND e.high"
    "  AND EXISTS (SELECT 1 FROM children WHERE id = child_id) LIMIT $4)"
    " UNION (SELECT child_id FROM handovers WHERE giving BETWEEN e.low AND e.high LIMIT $4)"
    " UNION (SELECT child_id FROM handovers WHERE taking BETWEEN e.low AND e.high LIMIT $4)) c"
    " WHERE NOT EXISTS (SELECT 1 FROM fold_queue q WHERE q.child_id = c.id) LIMIT $4"
)
#: In a county that ended, or in a smaller place that passed to another county.
_ENDED = (
    "({column} / 1000000 = ANY($1::bigint[]) OR EXISTS (SELECT 1 FROM"
    " unnest($2::bigint[], $3::bigint[]) AS e(low, high) WHERE {column} BETWEEN e.low AND e.high))"
)
#: As ``_ENDED``, but of a county that ended only as a whole: by which codes its smaller places go today, nobody says.
_WHOLE = (
    "({column} % 1000000 = 0 AND {column} / 1000000 = ANY($1::bigint[]) OR EXISTS (SELECT 1 FROM"
    " unnest($2::bigint[], $3::bigint[]) AS e(low, high) WHERE {column} BETWEEN e.low AND e.high))"
)
#: Plain rows: table, column of the place, which of them are still to be acted upon.
_PLAIN = (
    ("alerts", "residence_code", "child_id IS NULL"),
    ("break_glass", "residence_code", "reviewed_at IS NULL"),
    ("break_glass", "hukou_code", "reviewed_at IS NULL"),
)


async def carry(session: AsyncSession, kit: Kit, day: date, now: datetime) -> int:
    """Carry over some of what is left under ended codes, in this transaction; how much.  As the service itself."""
    every = [area for area, heirs in kit.profiles.ended(day).items() if len(heirs) == 1]
    areas = Areas.of(every)
    lows, highs = [low for low, _ in every], [high for _, high in every]
    connection = await raw(session)
    await by_index(connection)
    moved: dict[str, int] = {}
    asked = [row["id"] for row in await connection.fetch(_CHILDREN, lows, highs, day, BATCH)]
    if asked:
        await queueing.queue(connection, asked)
    # Who approves an erasure holds its row first: so does this.
    moved["erasures"] = await _erasures(connection, kit, areas, day)
    for kind in SEALED:
        moved[kind.table] = await _resealed(connection, kit, kind, areas, day)
    for table, column, waiting in _PLAIN:
        moved[table] = moved.get(table, 0) + await _plainly(
            connection, kit, (table, column, waiting), areas, day
        )
    moved["posts"] = await _posts(connection, kit, areas, day, now)
    moved["survey_rounds"] = await _rounds(connection, kit, areas, day)
    moved["rosters"] = await _rosters(connection, kit, areas, day)
    if told := {table: count for table, count in moved.items() if count}:
        act = audit.Act("hutong", "system", "system:successions", "", "successions.carry", (), told)
        await audit.record(session, kit.audit, now, act)
    return len(asked) + sum(moved.values())


async def _resealed(
    connection: "asyncpg.Connection[Any]", kit: Kit, kind: Sealed, areas: Areas, day: date
) -> int:
    rows = await connection.fetch(
        f"SELECT t.*, k.master, k.wrapped FROM {kind.table} t LEFT JOIN vault.data_keys k ON k.id = t.id"
        f" WHERE {_ENDED.format(column='t.place')} ORDER BY t.id LIMIT {BATCH} FOR UPDATE OF t",
        *areas,
    )
    done = 0
    for row, place in _moving(rows, "place", kit, day):
        written: Mapping[str, bytes] = {}
        if row["wrapped"] is not None:
            try:
                written = kind.reseal(kit.sealer, row, place)
            except Unsealable:
                log.error("succession.unsealable", table=kind.table, id=str(row["id"]))
                continue
        sets = ", ".join(f"{column} = ${at}" for at, column in enumerate(written, 3))
        await connection.execute(
            f"UPDATE {kind.table} SET place = $2{', ' + sets if sets else ''} WHERE id = $1",
            row["id"],
            place,
            *written.values(),
        )
        done += 1
    return done


async def _erasures(
    connection: "asyncpg.Connection[Any]", kit: Kit, areas: Areas, day: date
) -> int:
    """Requests that nobody has approved; a tombstone stays as it was."""
    rows = await connection.fetch(
        f"SELECT {ERASURES.selected} FROM erasures WHERE state = '{ErasureState.REQUESTED}'"
        f" AND ({_ENDED.format(column='residence_code')} OR {_ENDED.format(column='hukou_code')})"
        f" ORDER BY id LIMIT {BATCH} FOR UPDATE",
        *areas,
    )
    done = 0
    for row in rows:
        places = {
            column: kit.profiles.code_on(row[column], day)
            for column in ("residence_code", "hukou_code")
            if row[column] is not None
        }
        if all(row[column] == place for column, place in places.items()):
            continue
        if not ERASURES.authentic(kit.audit, row):
            continue
        carried = {**row, **places}
        await connection.execute(
            "UPDATE erasures SET residence_code = $2, hukou_code = $3, mac = $4 WHERE id = $1",
            row["id"],
            carried["residence_code"],
            carried["hukou_code"],
            ERASURES.mac(kit.audit, carried),
        )
        done += 1
    return done


def _moving(rows: Sequence[Any], column: str, kit: Kit, day: date) -> Iterator[tuple[Row, int]]:
    for row in rows:
        if (place := kit.profiles.code_on(row[column], day)) != row[column]:
            yield dict(row), place


async def _plainly(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    what: tuple[str, str, str],
    areas: Areas,
    day: date,
) -> int:
    table, column, waiting = what
    rows = await connection.fetch(
        f"SELECT id, {column} FROM {table} WHERE {waiting} AND {_ENDED.format(column=column)}"
        f" ORDER BY id LIMIT {BATCH} FOR UPDATE",
        *areas,
    )
    moving = [(row["id"], place) for row, place in _moving(rows, column, kit, day)]
    if moving:
        await connection.executemany(f"UPDATE {table} SET {column} = $2 WHERE id = $1", moving)
    return len(moving)


async def _posts(
    connection: "asyncpg.Connection[Any]", kit: Kit, areas: Areas, day: date, now: datetime
) -> int:
    """Posts of places that have one code again of their own level; a seat that is taken there, or a post that was changed
    past the hub, is left for a person."""
    rows = await connection.fetch(
        "SELECT p.id, p.kind, p.division, p.seat, p.staff, p.since, p.version FROM posts p"
        " WHERE p.division = ANY($1::bigint[]) OR EXISTS (SELECT 1 FROM"
        "  unnest($2::bigint[], $3::bigint[]) AS e(low, high) WHERE p.division BETWEEN e.low AND e.high)"
        f" ORDER BY p.id LIMIT {BATCH} FOR UPDATE OF p",
        [county * COUNTY for county in areas.counties],
        areas.lows,
        areas.highs,
    )
    done = 0
    who = noting.Who("hutong", "system:successions", now)
    for row, division in _moving(rows, "division", kit, day):
        same_level = _width(division) == _width(row["division"])
        if not (same_level and await noting.stands(connection, kit.audit, row)):
            continue
        moved = await connection.execute(
            "UPDATE posts p SET division = $2, version = version + 1 WHERE id = $1 AND NOT EXISTS"
            " (SELECT 1 FROM posts o WHERE o.division = $2 AND o.kind = p.kind AND o.seat = p.seat)",
            row["id"],
            division,
        )
        if moved == "UPDATE 1":
            after = {**row, "division": division, "version": row["version"] + 1}
            await noting.begin(connection, kit.audit, who, row)
            await noting.note(connection, kit.audit, who, after, PostChange.MOVED, day)
            done += 1
    return done


def _width(code: int) -> int:
    low, high = divisions.area_of(code)
    return high - low


async def _rounds(connection: "asyncpg.Connection[Any]", kit: Kit, areas: Areas, day: date) -> int:
    """Rounds that run go on in the place that took over the whole of theirs; those that have closed stay as they were."""
    rows = await connection.fetch(
        f"SELECT * FROM survey_rounds WHERE {_WHOLE.format(column='division')}"
        f" AND withdrawn_at IS NULL AND closes_on >= $4 ORDER BY id LIMIT {BATCH} FOR UPDATE",
        *areas,
        day,
    )
    done = 0
    for row, division in _moving(rows, "division", kit, day):
        if _width(division) == _width(row["division"]) and ROUNDS.authentic(kit.audit, row):
            low, high = divisions.area_of(division)
            carried = {**row, "division": division, "low": low, "high": high}
            await connection.execute(
                "UPDATE survey_rounds SET division = $2, low = $3, high = $4, mac = $5 WHERE id = $1",
                row["id"],
                division,
                low,
                high,
                ROUNDS.mac(kit.audit, carried),
            )
            done += 1
    return done


async def _rosters(connection: "asyncpg.Connection[Any]", kit: Kit, areas: Areas, day: date) -> int:
    """Rosters with a row that nobody has answered go on in the place that took over the whole of theirs."""
    rows = await connection.fetch(
        f"SELECT {ROSTERS.selected} FROM rosters WHERE {_WHOLE.format(column='low')} AND EXISTS"
        " (SELECT 1 FROM roster_rows r WHERE r.roster_id = rosters.id AND r.verdict = '')"
        f" ORDER BY id LIMIT {BATCH} FOR UPDATE",
        *areas,
    )
    done = 0
    for row, place in _moving(rows, "low", kit, day):
        low, high = divisions.area_of(place)
        whole = divisions.area_of(row["low"]) == (row["low"], row["high"])
        if whole and high - low == row["high"] - row["low"] and ROSTERS.authentic(kit.audit, row):
            await connection.execute(
                "UPDATE rosters SET low = $2, high = $3, mac = $4 WHERE id = $1",
                row["id"],
                low,
                high,
                ROSTERS.mac(kit.audit, {**row, "low": low, "high": high}),
            )
            done += 1
    return done
