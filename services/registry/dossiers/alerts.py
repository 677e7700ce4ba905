"""Alerts (预警) in a dossier: raised, acted upon by people, closed by what was reported since.

For exactly those to whom ``GET /v1/alerts/{id}`` answers, and in the form in which it shows them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from services.registry.access.sight import as_system
from services.registry.alerts import looking_back, queries, showing
from services.registry.alerts.queries import Question
from services.registry.alerts.terms import AlertState
from services.registry.dossiers.events import DossierEventKind, Event, at, made_id
from services.registry.dossiers.reader import Reader
from shared.sealing import Unsealable
from shared.vocabulary import Scope

log = structlog.get_logger()


async def alerted(reader: Reader) -> list[Event]:
    """Each alert on the day on which it was raised, what people did about it, and when its ground was gone."""
    if not reader.may(Scope.ALERTS_READ, showing.sight):
        return []
    rows: Sequence[Any]
    if reader.past:
        rows = sorted(
            looking_back.page(
                reader.past,
                reader.caller,
                Question(),
                queries.START,
                len(reader.past.stood.row.alerts),
            ),
            key=lambda one: (one["raised_on"], one["alert_id"]),
        )
    else:
        rows = await queries.of_child(reader.session, reader.caller, reader.child)
    shown = await showing.shown(
        reader.session, reader.kit, reader.caller, rows, showing.sight(reader.caller)
    )
    acts = [await _acts_of(reader, row) for row in rows]
    found: list[Event] = []
    for row, seen, done in zip(rows, shown, acts, strict=True):
        found += _raised(reader, row, seen)
        found += _acts(reader, row, done)
    return found


async def _acts_of(reader: Reader, row: Any) -> Sequence[Any]:
    if reader.past:
        return await looking_back.acts_of(reader.session, reader.caller, reader.past, row)
    async with as_system(reader.session, reader.caller):
        return await queries.acts_of(reader.session, row)


def _raised(reader: Reader, row: Any, seen: dict[str, Any]) -> Iterator[Event]:
    detail = {name: seen.get(name) for name in ("state", "owner", "clause", "about", "missing")}
    detail |= {
        "alert": str(row["alert_id"]),
        "kind": seen["kind"],
        "due_on": row["due_on"].isoformat() if row["due_on"] else None,
    }
    yield Event(row["alert_id"], DossierEventKind.ALERT_RAISED, row["raised_on"], detail=detail)
    if row["state"] == AlertState.CLOSED_BY_EVIDENCE and row["closed_on"] is not None:
        made = made_id(reader.kit.entries.key, row["alert_id"], "closed")
        detail = {"alert": str(row["alert_id"])}
        yield Event(made, DossierEventKind.ALERT_CLOSED, row["closed_on"], detail=detail)


def _acts(reader: Reader, row: Any, acts: Sequence[Any]) -> Iterator[Event]:
    for act in acts:
        try:
            seen = showing.act_of(reader.kit, act, reader.caller)
        except Unsealable:  # changed past the hub
            log.error("dossier.unsealable", row=str(act["id"]))
            continue
        detail = {
            name: seen.get(name) for name in ("act", "outcome", "department", "actor", "note")
        }
        detail["alert"] = str(row["alert_id"])
        yield at(act["id"], DossierEventKind.ALERT_ACT, act["acted_at"], **detail)
