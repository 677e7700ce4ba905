"""Registration: folding queued children and writing what came of it.

One transaction locks a batch of queued children, reads every record linked to them, folds, decides status and key care,
writes the rows that changed and appends their events.  The row locks are the lease: a worker that dies gives them
back, and nothing is half done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.children import events, state
from services.registry.children.folding import Fold, current, fold
from services.registry.key_care.settling import Decided, Holding, settle
from services.registry.profiles import Profile, Profiles
from services.registry.records.vault import SELECT, Opened, open_row
from services.registry.status.deciding import StatusDecision, decide
from services.registry.status.hardship import propose
from shared import divisions, outbox, telemetry
from shared.database import raw
from shared.hashes import keyed, lookup_hashes
from shared.keys import KeySet
from shared.sealing import Sealer, Unsealable, WrappedKey, binding, seal, unseal

log = structlog.get_logger()

#: So many entries waiting to be linked are a bulk load, during which a child is folded this many seconds late at most.
BULK_BACKLOG = 500
BULK_PATIENCE = 4.0
SHIELDING = ("shield", "unshield")


@dataclass(frozen=True, slots=True)
class Kit:
    """What folding needs besides the database."""

    sealer: Sealer
    entries: KeySet
    index: KeySet
    audit: KeySet
    profiles: Profiles


@dataclass(frozen=True, slots=True)
class KeyCareRow:
    id: UUID
    category: str
    state: str
    since: datetime
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folded:
    """Everything that a child's rows hold, before sealing."""

    id: UUID
    birth_on: date | None
    sex: str
    residence_code: int | None
    hukou_code: int | None
    residence_stated_by: tuple[str, ...]
    hukou_stated_by: tuple[str, ...]
    status: str
    decision: dict[str, Any]
    next_change_on: date | None
    shielded: bool
    entries: int
    payload: bytes
    lookups: tuple[bytes, ...]
    key_care: tuple[KeyCareRow, ...]

    def bound(self) -> bytes:
        return bound(self)

    def digest(self, key: bytes) -> bytes:
        """Equal exactly when nothing about the child has changed."""
        care = [(str(k.id), k.state, k.since.isoformat(), k.detail) for k in self.key_care]
        return keyed(
            key,
            "child",
            self.bound(),
            self.payload,
            orjson.dumps(self.decision, option=orjson.OPT_SORT_KEYS),
            b"".join(sorted(self.lookups)),
            orjson.dumps(care, option=orjson.OPT_SORT_KEYS),
        )


def bound(child: Any) -> bytes:
    """The plain columns bound to a child's sealed state; ``child`` is a ``Folded`` or a row."""

    def value(name: str) -> Any:
        return getattr(child, name) if isinstance(child, Folded) else child[name]

    birth, due = value("birth_on"), value("next_change_on")
    return binding(
        (
            value("id").bytes,
            birth.toordinal() if birth else None,
            value("sex"),
            value("residence_code"),
            value("hukou_code"),
            ",".join(value("residence_stated_by")),
            ",".join(value("hukou_stated_by")),
            value("status"),
            due.toordinal() if due else None,
            value("shielded"),
            value("entries"),
        )
    )


def open_state(sealer: Sealer, row: Any) -> dict[str, Any]:
    """The folded state of a ``children`` row joined with its data key."""
    data_key = sealer.unwrap(row["id"], row["master"], row["wrapped"])
    return state.read(unseal(data_key, row["sealed"], bound(row)))


def build(
    kit: Kit, child: UUID, records: Sequence[Opened], decisions: Sequence[Any], day: date
) -> Folded:
    """One child from its records and decisions, as of ``day``: pure, so that a rebuild can prove the registry."""
    folded = fold(records)
    here = folded.residing.now
    # The rules of the last home go on holding after its stay ended: nothing ends by itself.
    profile = kit.profiles.for_division(here.code, day) if here else None
    decision = decide(folded.facts(), profile, day)
    live = current(records)
    care = _key_care(kit, child, folded, live, decisions, profile, day)
    # The row says where the child lives even after the last stay ended, so that the place keeps sight of it.
    sex = folded.fields.get("sex")
    return Folded(
        id=child,
        birth_on=folded.birth_on,
        sex=sex.value if sex else "unknown",
        residence_code=here.code if here else None,
        hukou_code=folded.hukou_code,
        residence_stated_by=here.stated_by if here else (),
        hukou_stated_by=folded.hukou_stated_by,
        status=str(decision.status),
        decision=_decision(decision, here is not None and here.until is not None),
        next_change_on=_next_change(decision, folded, day),
        shielded=_shielded(decisions),
        entries=folded.entries,
        payload=state.write(state.state_of(folded)),
        lookups=tuple(_lookups(kit, folded)),
        key_care=care,
    )


def _decision(decision: StatusDecision, gone: bool) -> dict[str, Any]:
    return {
        "status": str(decision.status),
        "reasons": [
            {"code": r.code, "clause": r.clause, "detail": dict(r.detail)} for r in decision.reasons
        ],
        "missing": list(decision.missing),
        "profile": decision.profile,
        "next_change_on": decision.next_change_on.isoformat() if decision.next_change_on else None,
        "moved_out": gone,
    }


def _next_change(decision: StatusDecision, folded: Fold, day: date) -> date | None:
    """The first later day on which status or the evidence for key care changes by itself."""
    days = [decision.next_change_on] if decision.next_change_on else []
    for one in folded.evidence:
        days += [d for d in (one.since, one.until + timedelta(days=1) if one.until else None) if d]
    return min((d for d in days if d > day), default=None)


def _shielded(decisions: Sequence[Any]) -> bool:
    acts = [d["kind"] for d in decisions if d["kind"] in SHIELDING]
    return bool(acts) and acts[-1] == "shield"


def _lookups(kit: Kit, folded: Fold) -> list[bytes]:
    """Hashes by which the child may be found: ID number; name with birth date; guardian's ID number (siblings)."""
    found: list[bytes] = []
    if number := folded.fields.get("id_number"):
        found += lookup_hashes(kit.index, "id_number", number.value)
    name, born = folded.fields.get("name"), folded.birth_on
    if name and born:
        found += lookup_hashes(kit.index, "name_birth", name.value, born)
    for guardian in folded.guardians:
        if guardian.id_number:
            found += lookup_hashes(kit.index, "guardian", guardian.id_number.upper())
    return list(dict.fromkeys(found))


def _key_care(
    kit: Kit,
    child: UUID,
    folded: Fold,
    live: Sequence[Opened],
    decisions: Sequence[Any],
    profile: Profile | None,
    day: date,
) -> tuple[KeyCareRow, ...]:
    by_record = {r.plain.id: r.plain for r in live}
    here = folded.residing.now
    cross = _cross_township(here.code if here else None, folded.hukou_code)
    proposals = {p.category: p for p in propose(folded.evidence, profile, day, cross)}
    decided: dict[str, list[Decided]] = {}
    for row in decisions:
        if row["category"]:
            decided.setdefault(row["category"], []).append(
                Decided(row["kind"], row["decided_at"], tuple(row["basis"]))
            )
    entries = frozenset(r.plain.entry_id for r in live)
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
                id=_key_care_id(kit, child, category),
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


def _key_care_id(kit: Kit, child: UUID, category: str) -> UUID:
    return UUID(bytes=keyed(kit.entries.key, "key-care", child, category)[:16], version=4)


def _cross_township(residence: int | None, hukou: int | None) -> bool | None:
    """Whether the two lie in different townships; None where only one county is known of both."""
    if residence is None or hukou is None:
        return None
    if divisions.county_of(residence) != divisions.county_of(hukou):
        return True
    towns = residence // 1000, hukou // 1000
    if residence % 10**6 == 0 or hukou % 10**6 == 0:
        return None
    return towns[0] != towns[1]


async def fold_batch(session: AsyncSession, kit: Kit, limit: int, day: date, now: datetime) -> int:
    """Fold up to ``limit`` queued children in this transaction; how many were folded.

    While many entries still wait to be linked, a child waits up to ``BULK_PATIENCE`` for the rest of its records: under a
    bulk load it is then folded, and announced, once for them all.
    """
    connection = await raw(session)
    waiting = await connection.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM resolution_queue LIMIT $1) AS q", BULK_BACKLOG
    )
    queued = await connection.fetch(
        "SELECT child_id FROM fold_queue WHERE (not_before IS NULL OR not_before < clock_timestamp())"
        " AND queued_at <= clock_timestamp() - make_interval(secs => $2)"
        " ORDER BY queued_at LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
        BULK_PATIENCE if waiting == BULK_BACKLOG else 0.0,
    )
    children = [row["child_id"] for row in queued]
    if not children:
        return 0
    parked = await refold(session, kit, children, day, now)
    await connection.execute(
        "UPDATE fold_queue SET failures = failures + 1,"
        " not_before = clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(failures, 12)))"
        " WHERE child_id = ANY($1)",
        parked,
    )
    done = [child for child in children if child not in parked]
    await connection.execute("DELETE FROM fold_queue WHERE child_id = ANY($1)", done)
    return len(done)


async def refold(
    session: AsyncSession, kit: Kit, children: Sequence[UUID], day: date, now: datetime
) -> list[UUID]:
    """Fold these children from their records and write what changed; those that cannot be folded."""
    connection = await raw(session)
    broken: set[UUID] = set()
    records = await records_of(connection, kit.sealer, children, broken)
    decisions = await decisions_of(connection, children)
    before = await _rows(connection, children)
    announced: list[outbox.Event] = []
    changed: list[tuple[Folded, bytes, Any]] = []
    gone: list[UUID] = []
    parked: list[UUID] = []
    for child in children:
        if child in broken:
            parked.append(child)
            continue
        old = before.get(child)
        if not (held := records.get(child)):
            if old is not None:
                gone.append(child)
                announced.append(events.withdrawn(old))
            continue
        try:
            new = build(kit, child, held, decisions.get(child, []), day)
        except Exception as error:  # noqa: BLE001  (whatever it is, it must hold up no other child)
            log.error(
                "fold.parked",
                child=str(child),
                error=type(error).__name__,
                where=telemetry.where(error),
            )
            parked.append(child)
            continue
        digest = new.digest(kit.entries.key)[:16]
        if old is not None and old["digest"] == digest:
            continue
        changed.append((new, digest, old))
        announced += events.announce(old, new)
    await _write(connection, kit, changed, day, now)
    if gone:
        for table, column in (
            ("key_care", "child_id"),
            ("child_lookups", "child_id"),
            ("children", "id"),
            ("vault.data_keys", "id"),
        ):
            await connection.execute(f"DELETE FROM {table} WHERE {column} = ANY($1)", gone)
    await outbox.append(session, kit.audit, now, announced)
    return parked


async def records_of(
    connection: "asyncpg.Connection[Any]",
    sealer: Sealer,
    children: Sequence[UUID],
    broken: set[UUID] | None = None,
) -> dict[UUID, list[Opened]]:
    """Every record linked to these children whose key was not destroyed.

    A child of whom a record was tampered with goes into ``broken``; without that set ``Unsealable`` is raised.
    """
    found: dict[UUID, list[Opened]] = {}
    for row in await connection.fetch(
        SELECT.replace("SELECT ", "SELECT l.person, ", 1)
        + " JOIN links l ON l.entry_id = r.entry_id WHERE l.person = ANY($1)",
        list(children),
    ):
        try:
            opened = open_row(sealer, row)
        except Unsealable:
            if broken is None:
                raise
            log.error("record.unsealable", record=str(row["id"]))
            broken.add(row["person"])
            continue
        if opened is not None:
            found.setdefault(row["person"], []).append(opened)
    return found


async def decisions_of(
    connection: "asyncpg.Connection[Any]", children: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """Decisions by child: where their anchor is linked now, else where they were made.

    A shield holds for both: an entry that is led astray must not carry the shield off with it.  A decision whose key was
    destroyed was erased and speaks no more.
    """
    wanted = set(children)
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        "SELECT l.person, d.child_id, d.kind, d.category, d.basis, d.decided_at"
        " FROM decisions d JOIN vault.data_keys k ON k.id = d.id LEFT JOIN links l ON l.entry_id = d.anchor"
        " WHERE l.person = ANY($1) OR d.child_id = ANY($1) ORDER BY d.decided_at, d.id",
        list(children),
    ):
        of = {row["person"] or row["child_id"]}
        if row["kind"] in SHIELDING:
            of.add(row["child_id"])
        for child in of & wanted:
            found.setdefault(child, []).append(row)
    return found


async def _rows(connection: "asyncpg.Connection[Any]", children: Sequence[UUID]) -> dict[UUID, Any]:
    rows = await connection.fetch(
        "SELECT c.id, c.child_seq, c.birth_on, c.sex, c.residence_code, c.hukou_code, c.status, c.decision,"
        " c.shielded, c.digest, c.registered_at, k.master, k.wrapped,"
        " (SELECT coalesce(jsonb_object_agg(kc.category, kc.state), '{}'::jsonb) FROM key_care kc"
        "   WHERE kc.child_id = c.id) AS care"
        " FROM children c LEFT JOIN vault.data_keys k ON k.id = c.id WHERE c.id = ANY($1)",
        list(children),
    )
    return {row["id"]: row for row in rows}


async def _write(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    changed: Sequence[tuple[Folded, bytes, Any]],
    day: date,
    now: datetime,
) -> None:
    if not changed:
        return
    keys: list[WrappedKey] = []
    rows = []
    for new, digest, old in changed:
        if old is not None and old["wrapped"] is not None:
            data_key = kit.sealer.unwrap(new.id, old["master"], old["wrapped"])
        else:
            data_key, wrapped = kit.sealer.new_key(new.id)
            keys.append(wrapped)
        rows.append(
            (
                new.id,
                (old["child_seq"] if old else 0) + 1,
                new.birth_on,
                new.sex,
                new.residence_code,
                new.hukou_code,
                list(new.residence_stated_by),
                list(new.hukou_stated_by),
                new.status,
                orjson.dumps(new.decision).decode(),
                new.next_change_on,
                new.shielded,
                new.entries,
                digest,
                seal(data_key, new.payload, new.bound()),
                day,
                old["registered_at"] if old else now,
                now,
            )
        )
    await connection.executemany(
        "INSERT INTO vault.data_keys (id, master, wrapped) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET master = excluded.master, wrapped = excluded.wrapped",
        [(k.id, k.master, k.wrapped) for k in keys],
    )
    await connection.executemany(_UPSERT, rows)
    ids = [new.id for new, _, _ in changed]
    await connection.execute("DELETE FROM child_lookups WHERE child_id = ANY($1)", ids)
    await connection.copy_records_to_table(
        "child_lookups",
        records=[(h, new.id) for new, _, _ in changed for h in new.lookups],
        columns=["hash", "child_id"],
    )
    await connection.execute("DELETE FROM key_care WHERE child_id = ANY($1)", ids)
    await connection.executemany(
        "INSERT INTO key_care (id, child_id, category, state, residence_code, hukou_code,"
        " residence_stated_by, hukou_stated_by, detail, since)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (
                care.id,
                new.id,
                care.category,
                care.state,
                new.residence_code,
                new.hukou_code,
                list(new.residence_stated_by),
                list(new.hukou_stated_by),
                orjson.dumps(care.detail).decode(),
                care.since,
            )
            for new, _, _ in changed
            for care in new.key_care
        ],
    )


_CHILD_COLUMNS = [
    "id",
    "child_seq",
    "birth_on",
    "sex",
    "residence_code",
    "hukou_code",
    "residence_stated_by",
    "hukou_stated_by",
    "status",
    "decision",
    "next_change_on",
    "shielded",
    "entries",
    "digest",
    "sealed",
    "folded_on",
    "registered_at",
    "changed_at",
]
_UPSERT = (
    f"INSERT INTO children ({', '.join(_CHILD_COLUMNS)}) VALUES ("
    + ", ".join(f"${i + 1}" for i in range(len(_CHILD_COLUMNS)))
    + ") ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{c} = excluded.{c}" for c in _CHILD_COLUMNS if c not in ("id", "registered_at"))
)


async def queue(connection: "asyncpg.Connection[Any]", children: set[UUID]) -> None:
    """Ask for children to be folded (again)."""
    await connection.execute(
        "INSERT INTO fold_queue AS q (child_id, wanted) SELECT unnest($1::uuid[]), 1 ORDER BY 1"
        " ON CONFLICT (child_id) DO UPDATE SET wanted = q.wanted + 1, not_before = NULL",
        sorted(children),
    )


async def queue_due(session: AsyncSession, day: date, limit: int = 2000) -> int:
    """The daily clock: queue the children whose day has come; how many."""
    connection = await raw(session)
    due = await connection.fetch(
        "SELECT id FROM children WHERE next_change_on <= $1 AND folded_on < $1"
        " AND NOT EXISTS (SELECT 1 FROM fold_queue q WHERE q.child_id = children.id)"
        " ORDER BY next_change_on LIMIT $2",
        day,
        limit,
    )
    if due:
        await queue(connection, {row["id"] for row in due})
    return len(due)
