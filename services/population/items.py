"""Turning a report into the item its department pushes, while nobody has erred yet."""

from typing import Any, Final, Literal, NamedTuple

from services.population import addresses
from services.population.people import Child, Guardian
from services.population.places import Place
from services.population.reports import Report


class Knowledge(NamedTuple):
    """Which of the common fields a feed's system holds at all."""

    guardians: Literal["none", "one", "mother", "parents", "all"]
    hukou: bool
    residence: bool
    guardian_numbers: bool = False
    towns: bool = False
    """Divisions to the township, not only to the county."""
    former_name: bool = False
    own_phone: bool = False


KNOWN: Final = {
    "enrolments": Knowledge("one", hukou=True, residence=True, own_phone=True),
    "residence-permits": Knowledge(
        "one", hukou=True, residence=True, guardian_numbers=True, towns=True
    ),
    "household-registrations": Knowledge(
        "parents",
        hukou=True,
        residence=False,
        guardian_numbers=True,
        towns=True,
        former_name=True,
    ),
    "health-checks": Knowledge("mother", hukou=False, residence=True),
    "vaccinations": Knowledge("mother", hukou=False, residence=True),
    "insurance-enrolments": Knowledge("none", hukou=True, residence=False),
    "medical-cost-alerts": Knowledge("one", hukou=True, residence=True),
    "disability-certificates": Knowledge("one", hukou=True, residence=True, guardian_numbers=True),
    "rehabilitations": Knowledge("one", hukou=True, residence=True),
    "assistance": Knowledge("parents", hukou=True, residence=True, guardian_numbers=True),
    "surveys": Knowledge("all", hukou=True, residence=True, towns=True, own_phone=True),
}


OWN_PHONE_FROM: Final = 12
"""Age from which some children have a phone of their own."""


def build(child: Child, report: Report, source_id: str) -> dict[str, Any]:
    """The flawless item of `report`; every call returns fresh objects."""
    known = KNOWN[report.feed]
    item: dict[str, Any] = {
        "source_id": source_id,
        "version": 1,
        "observed_on": report.day.isoformat(),
        "division": report.place.text_on(report.day),
        "child": {
            "name": child.name,
            "id_number": child.number,
            "sex": child.sex,
            "birth_date": child.born.isoformat(),
            "ethnicity": child.ethnicity,
        },
        "guardians": [
            _guardian(guardian, report, numbered=known.guardian_numbers)
            for guardian in _shown(child, report, known)
        ],
    }
    if known.former_name and child.former_name and child.former_name_is_told:
        item["child"]["former_name"] = child.former_name
    if known.own_phone and child.phone and child.age_on(report.day) >= OWN_PHONE_FROM:
        item["child"]["phone"] = child.phone
    if known.hukou:
        spell = child.hukou_on(report.day)
        item["hukou"] = _place(spell.place, spell.address, report, towns=known.towns)
    if known.residence:
        item["residence"] = _residence(child, report, towns=known.towns)
    return {**item, **report.own}


def _shown(child: Child, report: Report, known: Knowledge) -> tuple[Guardian, ...]:
    match known.guardians:
        case "none":
            return ()
        case "one":
            return (child.guardian_in(child.stay_on(report.day)),)
        case "mother":
            return child.guardians[1:2]
        case "parents":
            return child.guardians[:2]
        case "all":
            return child.guardians


def _guardian(guardian: Guardian, report: Report, *, numbered: bool) -> dict[str, Any]:
    shown = {
        "name": guardian.name,
        "relation": guardian.relation,
        "phone": guardian.phone_on(report.day),
    }
    return {**shown, "id_number": guardian.number} if numbered else shown


def _place(place: Place, address: str, report: Report, *, towns: bool) -> dict[str, Any]:
    division = place.text_on(report.day)
    if towns:
        division = division[:6] + addresses.town_code(address) + "000"
    return {"division": division, "address": address}


def _residence(child: Child, report: Report, *, towns: bool) -> dict[str, Any] | None:
    """Where the child lived when the report was made; a departure names the home it left."""
    leaving = report.own.get("event") in ("transferred_out", "cancelled")
    stays = [stay for stay in child.stays if stay.since <= report.day]
    if leaving:
        stays = [stay for stay in stays if stay.place == report.place and stay.until]
    if not stays:
        return None
    stay = stays[-1]
    home = _place(stay.place, stay.address, report, towns=towns)
    home["since"] = stay.since.isoformat()
    if leaving and stay.until is not None and stay.until <= report.day:
        home["until"] = stay.until.isoformat()
    return home
