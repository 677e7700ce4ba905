"""Children for linkage tests: terse features, with families and numbers that hold together."""

from datetime import date
from uuid import UUID

from services.matching.application import the_model
from services.matching.linkage import blocking
from services.matching.linkage.decisions import Decision, NewEntry
from services.matching.linkage.normalization import Features, GuardianFeatures, standardise
from shared import resident_id

MODEL = the_model()

BORN = date(2015, 3, 7)
ID = resident_id.make(500103, BORN, 11)
TWIN_ID = resident_id.make(500103, BORN, 13)
FATHER_ID = resident_id.make(520502, date(1986, 11, 2), 31)
FATHER: GuardianFeatures = {
    "name": "张强",
    "relation": "father",
    "id_number": FATHER_ID,
    "phone": "13908123456",
}
FAMILY: Features = {
    "guardians": [FATHER],
    "phone": "13908123457",
    "hukou_division": "520502",
    "residence_division": "500103",
    "school": "渝中区人和街小学",
}


def entry(
    number: int, features: Features, version: int = 1, person: UUID | None = None
) -> NewEntry:
    standard = standardise(features)
    keys = blocking.keys(standard, MODEL.blocking)
    return NewEntry(UUID(int=number), version, standard, keys, person)


def together(decisions: tuple[Decision, ...]) -> list[set[int]]:
    """The entries' numbers by person, smallest first."""
    persons: dict[UUID, set[int]] = {}
    for decision in decisions:
        persons.setdefault(decision.person, set()).add(decision.entry.int)
    return sorted(persons.values(), key=min)
