"""A child's folded state as JSON: what is sealed in its row and shown, field by field, to who may see it."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from services.registry.children.claims import Source
from services.registry.children.folding import Fold
from services.registry.status.facts import ChildFacts, Episode, HukouSpell
from shared import divisions


class _Sources:
    """Sources as they are shown: a record is the source of many values, and is written down once."""

    def __init__(self) -> None:
        self._shown: dict[UUID, dict[str, str]] = {}

    def __getitem__(self, source: Source) -> dict[str, str]:
        shown = self._shown.get(source.record)
        if shown is None:
            shown = self._shown[source.record] = {
                "record": str(source.record),
                "feed": source.feed,
                "department": source.department,
                "observed_on": source.observed_on.isoformat(),
            }
        return shown


def state_of(fold: Fold) -> dict[str, Any]:
    """The whole state, with the source of every value; keys are stable and sorted when written."""
    sources = _Sources()
    return {
        "fields": {
            name: {
                "value": v.value,
                "stated": v.stated,
                "differing": v.differing,
                **sources[v.source],
            }
            for name, v in fold.fields.items()
        },
        "hukou": [
            {
                "division": divisions.text_of(h.code),
                "since": h.since.isoformat() if h.since else None,
                "address": h.address,
                **sources[h.source],
            }
            for h in fold.belonging.spells
        ],
        "hukou_unconfirmed": [
            {"division": divisions.text_of(h.code), **sources[h.source]}
            for h in fold.belonging.unconfirmed
        ],
        "episodes": [
            {
                "division": divisions.text_of(e.code),
                "since": e.since.isoformat(),
                "until": e.until.isoformat() if e.until else None,
                "accompanied": e.accompanied,
                "confirmed": e.confirmed,
                "address": e.address,
                "stated_by": list(e.stated_by),
                "records": sorted(str(c.source.record) for c in e.claims),
            }
            for e in fold.residing.episodes
        ],
        "unconfirmed": [
            {
                "division": divisions.text_of(s.code),
                "since": s.since.isoformat(),
                **sources[s.source],
            }
            for s in fold.residing.unconfirmed
        ],
        "guardians": [
            {
                "name": g.name,
                "relation": g.relation,
                "id_number": g.id_number,
                "phone": g.phone,
                **sources[g.source],
            }
            for g in fold.guardians
        ],
        "visits": [
            {
                "kind": v.kind,
                "on": v.on.isoformat(),
                "channel": v.channel,
                "outcome": v.outcome,
                "visitor": v.visitor,
                "staff": v.staff,
                "helps": list(v.helps),
                **sources[v.source],
            }
            for v in fold.visits
        ],
    }


def write(state: dict[str, Any]) -> bytes:
    return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)


def read(payload: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(payload)
    return loaded


def facts_of(state: Mapping[str, Any]) -> ChildFacts:
    """What a status is decided from, out of the folded state."""

    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    born = state["fields"].get("birth_on")
    return ChildFacts(
        birth_on=day(born["value"]) if born else None,
        hukou=tuple(HukouSpell(int(h["division"]), day(h["since"])) for h in state["hukou"]),
        episodes=tuple(
            Episode(
                int(e["division"]),
                date.fromisoformat(e["since"]),
                day(e["until"]),
                e["accompanied"],
                e["confirmed"],
            )
            for e in state["episodes"]
        ),
    )


def with_file(payload: bytes, file: list[dict[str, Any]]) -> bytes:
    """The state as it is, with who has the child's file when."""
    return write({**read(payload), "file": file})
