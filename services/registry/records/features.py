"""Features: what matching is told of an entry, and no more.

Matching links records; it never learns a feed's content, an address, or who sent the record.
"""

from typing import Any

from services.registry.records.feeds import Enrolment, Item, ResidencePermit, Survey
from shared import divisions


def features_of(item: Item) -> dict[str, Any]:
    """The features of one item as ``POST /v1/resolutions`` takes them; absent values are left out."""
    child = item.child
    guardians = [
        {"name": g.name, "relation": g.relation, "id_number": g.id_number, "phone": g.phone}
        for g in item.guardians
    ]
    if isinstance(item, ResidencePermit) and item.holder:
        h = item.holder
        guardians.append(
            {"name": h.name, "relation": h.relation, "id_number": h.id_number, "phone": h.phone}
        )
    if isinstance(item, Survey) and item.parents:
        for relation, p in (("father", item.parents.father), ("mother", item.parents.mother)):
            if p:
                guardians.append(
                    {
                        "name": p.name,
                        "relation": relation,
                        "id_number": p.id_number,
                        "phone": p.phone,
                    }
                )
    given = {
        "name": child.name,
        "former_name": child.former_name,
        "id_number": child.id_number,
        "id_kind": child.id_kind,
        "birth_date": child.birth_date,
        "sex": child.sex,
        "phone": child.phone,
        "hukou_division": _division(item.hukou.division if item.hukou else None),
        "residence_division": _division(item.residence.division if item.residence else None),
        "school": item.school_name if isinstance(item, Enrolment) else None,
    }
    features: dict[str, Any] = {k: str(v) for k, v in given.items() if v}
    named = [{k: str(v) for k, v in g.items() if v} for g in guardians]
    if named := [g for g in named if g][:8]:
        features["guardians"] = named
    return features


def _division(text: str | None) -> str | None:
    return divisions.text_of(divisions.widen(text)) if text else None
