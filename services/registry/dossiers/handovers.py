"""Handovers (移交) in a dossier: due, proposed, answered, passed.

For those to whom ``GET /v1/handovers/{id}`` answers, civil affairs of the two counties, where their purpose opens who the
child is.  What a handover says is what its acts say, so that it stands there by them; one that is due has none yet.
"""

from collections.abc import Sequence
from typing import Any

from services.registry.access.sight import as_system
from services.registry.access.subjects import only_civil_affairs
from services.registry.dossiers.events import DossierEventKind, Event, at, made_id
from services.registry.dossiers.reader import Reader
from services.registry.handovers import looking_back, queries, showing
from services.registry.handovers.authenticity import stands_for
from services.registry.handovers.terms import HandoverState
from shared.vocabulary import Purpose, Scope


async def _of_child(reader: Reader) -> list[tuple[Any, Sequence[Any]]]:
    """The handovers that are authentic, each with its acts."""
    if reader.past:
        return looking_back.handovers(reader.past, reader.caller)
    found: list[tuple[Any, Sequence[Any]]] = []
    for row in await queries.of_child(reader.session, reader.caller, reader.child):
        async with as_system(reader.session, reader.caller):
            acts = await queries.acts_of(reader.session, row["id"])
        if stands_for(reader.kit, row, acts, reader.day):
            found.append((row, acts))
    return found


async def handed(reader: Reader) -> list[Event]:
    """Every act of two counties about the child's file, that one is due, and the day on which one passed."""
    if not (reader.may(Scope.HANDOVERS_READ, only_civil_affairs) and reader.has("identity")):
        return []
    found: list[Event] = []
    for row, acts in await _of_child(reader):
        whole = showing.whole(reader.kit, row, acts)
        of = {"handover": str(row["id"]), "giving": whole["giving"], "taking": whole["taking"]}
        if row["state"] == HandoverState.DUE:
            kind = DossierEventKind.HANDOVER_DUE
            found.append(Event(row["id"], kind, row["begun_on"], detail=of))
        for act, seen in zip(acts, whole["acts"], strict=True):
            told = {name: seen.get(name) for name in ("side", "reason", "department", "actor")}
            if reader.caller.purpose == Purpose.KEY_CARE:
                told["note"] = seen.get("note")
            since = act["effective_on"].isoformat() if act["effective_on"] else None
            told |= {"act": seen["act"], "effective_on": since}
            found.append(
                at(act["id"], DossierEventKind.HANDOVER_ACT, act["acted_at"], **of, **told)
            )
        if row["state"] == HandoverState.PASSED and row["effective_on"] is not None:
            made = made_id(reader.kit.entries.key, row["id"], "passed")
            kind = DossierEventKind.HANDOVER_PASSED
            found.append(Event(made, kind, row["effective_on"], detail=of))
    return found
