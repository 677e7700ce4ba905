"""Features: what matching is told of an entry, and no more.

Matching links records; of a feed's content it learns only what tells one child from another: who
the child and its guardians are, where it is registered and lives, and where it learns. It never
learns who sent the record, or why; that two stood in one register it can tell, not in which (listing.py).
"""

from collections.abc import Iterator
from typing import Any

from services.registry.records.feeds import (
    DisabilityCertificate,
    Enrolment,
    HouseholdRegistration,
    HukouAnswer,
    Item,
    ResidencePermit,
    Survey,
)
from services.registry.records.feeds.enrolments import SchoolStage
from services.registry.records.listing import marks
from shared import divisions, resident_id

_MOST_GUARDIANS = 8
_ID_LENGTH = 18
_STAGES = {
    SchoolStage.KINDERGARTEN: "幼儿园",
    SchoolStage.PRIMARY: "小学",
    SchoolStage.JUNIOR: "初中",
    SchoolStage.SENIOR: "高中",
    SchoolStage.VOCATIONAL: "中职",
}


def told_of(key: bytes, source: str, feed: str, item: Item) -> dict[str, Any]:
    """All that matching is told of an item: its features, and the marks of the register that ``source`` keeps as ``feed``."""
    features = features_of(item)
    if listed := marks(key, source, feed, item):
        features["listed"] = listed
    return features


def features_of(item: Item) -> dict[str, Any]:
    """What an item itself says, as ``POST /v1/resolutions`` takes it; absent values are left out."""
    child, hukou, residence = item.child, item.hukou, item.residence
    registered = hukou.division if hukou else None
    if registered is None and isinstance(item, HukouAnswer):
        registered = item.hukou_division
    given = {
        "name": child.name,
        "former_name": child.former_name,
        "id_number": child.id_number or _certified(item),
        "id_kind": child.id_kind,
        "birth_date": child.birth_date,
        "sex": child.sex,
        "phone": child.phone,
        "hukou_division": _division(registered),
        "hukou_address": hukou.address if hukou else None,
        "residence_division": _division(residence.division if residence else None),
        "residence_address": residence.address if residence else None,
        **(_schooling(item) if isinstance(item, Enrolment) else {}),
    }
    features: dict[str, Any] = {k: str(v) for k, v in given.items() if v}
    guardians = ({k: str(v) for k, v in g.items() if v} for g in _guardians(item))
    if told := [g for g in guardians if g.keys() - {"relation"}][:_MOST_GUARDIANS]:
        features["guardians"] = told
    return features


def _guardians(item: Item) -> Iterator[dict[str, Any]]:
    for g in item.guardians:
        yield {
            "name": g.name,
            "relation": g.relation,
            "id_number": g.id_number,
            "phone": g.phone,
        }
    if isinstance(item, ResidencePermit) and (h := item.holder):
        yield {
            "name": h.name,
            "relation": h.relation,
            "id_number": h.id_number,
            "phone": h.phone,
        }
    if isinstance(item, HouseholdRegistration) and (head := item.head) and head.relation:
        yield {"name": head.name, "relation": head.relation}
    if isinstance(item, Survey) and item.parents:
        for relation, p in (("father", item.parents.father), ("mother", item.parents.mother)):
            if p:
                yield {
                    "name": p.name,
                    "relation": relation,
                    "id_number": p.id_number,
                    "phone": p.phone,
                }


def _schooling(item: Enrolment) -> dict[str, Any]:
    """The school, and the grade on the day on which it held; the office tells a bare name's county."""
    stage = _STAGES.get(item.stage, "")
    return {
        "school": item.school_name or item.school_code,
        "school_division": _division(item.division),
        "grade": f"{stage}{item.grade}" if item.grade else None,
        "observed_on": item.on.isoformat(),
    }


def _certified(item: Item) -> str | None:
    """The identity number with which a disability certificate's number begins."""
    if not isinstance(item, DisabilityCertificate) or not item.certificate_number:
        return None
    number = resident_id.normalized(item.certificate_number)[:_ID_LENGTH]
    return number if resident_id.checksum_ok(number) else None


def _division(text: str | None) -> str | None:
    return divisions.text_of(divisions.widen(text)) if text else None
