"""Guardianship (监护) in a dossier: what was assessed, where the child was placed, and what followed.

For exactly those to whom ``GET /v1/children/{id}/guardianship`` answers, and of what opens alone, as there.
"""

from typing import Any

from services.registry.assessments import queries, showing
from services.registry.assessments.homes import homes_of
from services.registry.dossiers.events import DossierEventKind, Event
from services.registry.dossiers.reader import Reader
from shared.sealing import Unsealable
from shared.vocabulary import Scope


async def assessed(reader: Reader) -> list[Event]:
    """Each assessment, on the day on which it was made."""
    if not reader.may(Scope.GUARDIANSHIP_READ, showing.sight):
        return []
    rows = await _noted(reader, "assessments")
    homes = await homes_of(reader.session, reader.kit, reader.caller, rows)
    found = []
    for row in rows:
        try:
            seen = showing.assessment(reader.kit, row, homes, reader.known_at)
        except Unsealable:  # named in the log
            continue
        detail = {
            "assessment": str(row["id"]),
            "kind": seen["kind"],
            "finding": seen["finding"],
            "case": seen.get("case"),
            "clause": seen.get("clause"),
            "actor": seen["actor"],
            "recorded_at": row["made_at"].isoformat(),
            "note": seen.get("note"),
        }
        kind = DossierEventKind.ASSESSMENT
        found.append(Event(row["id"], kind, row["assessed_on"], detail=detail))
    return found


async def placed(reader: Reader) -> list[Event]:
    """Each placement from the day on which it began, and every act that followed: reviewed, consent withdrawn, ended."""
    if not reader.may(Scope.GUARDIANSHIP_READ, showing.sight):
        return []
    rows = await _noted(reader, "placements")
    acts = await queries.acts_of(
        reader.session, reader.kit, reader.caller, [row["id"] for row in rows]
    )
    found: list[Event] = []
    for row in rows:
        done = [one for one in acts.get(row["id"], []) if one["made_at"] <= reader.known_at]
        try:
            seen = showing.placement(reader.kit, row, done, reader.child, reader.known_at)
        except Unsealable:  # named in the log
            continue
        detail = {
            "placement": str(row["id"]),
            "kind": seen["kind"],
            "performer": seen["performer"],
            "basis": seen["basis"],
            "clause": seen.get("clause"),
            "actor": row["actor"],
            "recorded_at": row["made_at"].isoformat(),
            "note": seen.get("note"),
        }
        found.append(Event(row["id"], DossierEventKind.PLACEMENT, row["since"], detail=detail))
        for act, told in zip(done, seen["acts"], strict=True):
            detail = {
                "placement": str(row["id"]),
                "act": told["act"],
                "actor": told["actor"],
                "recorded_at": act["made_at"].isoformat(),
                "note": told.get("note"),
            }
            kind = DossierEventKind.PLACEMENT_ACT
            found.append(Event(act["id"], kind, act["done_on"], detail=detail))
    return found


async def _noted(reader: Reader, table: str) -> list[Any]:
    """The child's rows: as whose they were held to be then, where the file is one of the past."""
    who = (reader.session, reader.kit, reader.caller, table)
    if reader.past:
        return await queries.of_past(*who, reader.past)
    return await queries.of_child(*who, reader.child)
