"""Searching: whom partial evidence may describe, by matching's own weighing, as far as the caller may see.

Matching weighs the evidence against all children of the hub and tells the registry the likeliest; those out of reach
are left out before anything else is done with them.  A criterion counts only where its field is open to the caller, or
the answer would tell a hidden value by guessing it.  A shielded child is found by who it is, never by where: for it the
search is made a second time without any place.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.registry.searches.schemas import EvidenceIn
from shared import divisions
from shared.limits import MAX_FOUND_PERSONS
from shared.problems import Flaw, Invalid, Unavailable

#: Criterion → the field groups of the matrix that must be open.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "name": ("identity",),
    "former_name": ("identity",),
    "sex": ("identity",),
    "birth_date": ("birth",),
    "id_number": ("id_number",),
    "phone": ("contacts",),
    "guardians": ("guardians",),
    "hukou_division": ("hukou",),
    "residence_division": ("residence",),
    "residence_address": ("residence_address",),
    "school": ("school",),
}
_OF_GUARDIANS = {"name": "guardians", "id_number": "id_number", "phone": "contacts"}
#: Criteria that tell where a child is.
_PLACES = frozenset({"hukou_division", "residence_division", "residence_address", "school"})
#: One of these must be given: nobody is found by a birth date or a county alone.
_TELLING = frozenset({"name", "former_name", "id_number", "phone", "guardians"})


TOO_LITTLE = Flaw(
    "/body",
    "criteria",
    "Too little to look anyone up.  Give an ID number, a phone or a guardian's ID number; a name with a birth date,"
    " hukou division or guardian's name; a guardian's name with a birth date; a name or guardian with birth date and school,"
    " or with address and residence division.",
)


@dataclass(frozen=True, slots=True)
class Sought:
    """The evidence as matching takes it, and without any place."""

    features: dict[str, Any]

    @property
    def placeless(self) -> dict[str, Any]:
        return {name: value for name, value in self.features.items() if name not in _PLACES}


def sought(evidence: EvidenceIn, groups: Mapping[str, str]) -> Sought:
    """What is searched for; Invalid names each criterion that is not open, or says what is missing."""
    given = evidence.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    flaws = [
        Flaw(f"/body/{name}", "not_open", "Not open to your department for this purpose.")
        for name in given
        if not groups.keys() >= set(_NEEDS[name])
    ]
    for at, guardian in enumerate(given.get("guardians", ())):
        flaws += [
            Flaw(f"/body/guardians/{at}/{name}", "not_open", "Not open for this purpose.")
            for name in guardian
            if _OF_GUARDIANS[name] not in groups
        ]
    if not flaws and not any(given.get(name) for name in _TELLING):
        flaws = [TOO_LITTLE]
    if not flaws and "residence_address" in given and "residence_division" not in given:
        detail = "An address counts within its county: give residence_division as well."
        flaws = [Flaw("/body/residence_address", "criteria", detail)]
    for name in ("hukou_division", "residence_division"):
        if name in given:
            try:
                given[name] = divisions.text_of(divisions.widen(given[name]))
            except ValueError:
                flaws.append(Flaw(f"/body/{name}", "division", "No division can have this code."))
    if flaws:
        raise Invalid(flaws=flaws)
    guardians = [guardian for guardian in given.pop("guardians", ()) if guardian]
    return Sought({**given, **({"guardians": guardians} if guardians else {})})


async def likeliest(matching: httpx.AsyncClient, wanted: Sought) -> tuple[list[Any], list[Any]]:
    """Matching's answer, and its answer without any place; Unavailable when it does not answer.

    Invalid where nobody could be looked up by what is given: an empty answer would read as "not registered".
    """
    try:
        asked = [_ask(matching, wanted.features)]
        if wanted.placeless != wanted.features:
            asked.append(_ask(matching, wanted.placeless))
        told = await asyncio.gather(*asked)
    except httpx.HTTPError as error:
        raise Unavailable(headers={"Retry-After": "5"}) from error
    if not told[0]["keys"]:
        raise Invalid(flaws=[TOO_LITTLE])
    return told[0]["items"], told[-1]["items"]


async def _ask(matching: httpx.AsyncClient, features: Mapping[str, Any]) -> Any:
    body = {"features": features, "limit": MAX_FOUND_PERSONS}
    reply = await matching.post("/v1/searches", json=body)
    reply.raise_for_status()
    return orjson.loads(reply.content)


def choose(
    found: Sequence[Any], placeless: Sequence[Any], visible: Mapping[UUID, Any], limit: int
) -> list[tuple[Any, Any]]:
    """The visible children with matching's word on them, the likeliest first; those that nothing speaks for left out."""
    chosen = []
    for items, shielded in ((found, False), (placeless, True)):
        for item in items:
            child = visible.get(UUID(item["person"]))
            speaks = sum(one["weight"] for one in item["comparisons"]) > 0
            if child is not None and child["shielded"] == shielded and speaks:
                chosen.append((child, item))
    ranked = sorted(chosen, key=lambda pair: (-pair[1]["weight"], pair[1]["person"]))
    return ranked[:limit]
