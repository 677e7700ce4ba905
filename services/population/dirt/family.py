"""Errors in the guardians, their numbers and their phones."""

from typing import Any

from services.population import names
from services.population.dirt import writing
from services.population.dirt.slips import Slips
from services.population.people import Child, Guardian


def soil(slips: Slips, item: dict[str, Any], child: Child) -> list[str]:
    """Change the guardians of ``item``; the errors' labels."""
    if not item["guardians"]:
        return []
    if slips.happens(slips.rates.guardians_missing):
        item["guardians"] = []
        return ["guardians_missing"]
    labels: list[str] = []
    relations = {stated["relation"] for stated in item["guardians"]}
    unstated = [one for one in child.guardians if one.relation not in relations]
    for stated in item["guardians"]:
        labels += _one(slips, stated, item["division"], child, unstated)
    return labels


def _one(
    slips: Slips,
    stated: dict[str, Any],
    division: str,
    child: Child,
    unstated: list[Guardian],
) -> list[str]:
    rates, random = slips.rates, slips.random
    guardian = next(one for one in child.guardians if one.relation == stated["relation"])
    other = slips.one_of(
        guardian_other=rates.guardian_other if unstated else 0,
        guardian_stranger=rates.guardian_stranger,
    )
    if other == "guardian_other":
        guardian = unstated.pop()
        stated |= {"name": guardian.name, "relation": guardian.relation, "phone": guardian.phone}
        if "id_number" in stated:
            stated["id_number"] = guardian.number
    elif other == "guardian_stranger":
        sex = random.choice(("male", "female"))
        stated |= {
            "name": names.grown_name(random, names.surname(random), sex),
            "relation": random.choice(("other_relative", "other", "grandfather")),
            "phone": f"142{int(random.random() * 1e8):08d}",
        }
        stated.pop("id_number", None)
    number = _number(slips, stated)
    phone = slips.one_of(
        phone_missing=rates.phone_missing,
        phone_digit=rates.phone_digit,
        phone_earlier=rates.phone_earlier,
        phone_shared=rates.phone_shared,
    )
    match phone:
        case "phone_missing":
            stated["phone"] = random.choice((None, "", "无"))
        case "phone_digit":
            stated["phone"] = slips.another_digit(stated["phone"])
        case "phone_earlier":
            stated["phone"] = guardian.earlier_phone
        case "phone_shared":
            stated["phone"] = f"154{division[:6]}{random.randrange(20):02d}"
    written = slips.one_of(
        guardian_homophone=rates.guardian_homophone, guardian_title=rates.guardian_title
    )
    if written == "guardian_homophone":
        stated["name"] = writing.heard(slips, stated["name"])
    elif written == "guardian_title":
        father = stated["relation"] in ("father", "grandfather", "other")
        stated["name"] = stated["name"][0] + random.choice(
            ("先生", "某") if father else ("女士", "某某")
        )
    return [made for made in (other, number, phone, written) if made]


def _number(slips: Slips, stated: dict[str, Any]) -> str | None:
    number = stated.get("id_number")
    if number is None:
        return None
    rates = slips.rates
    label = slips.one_of(
        guardian_id_missing=rates.guardian_id_missing,
        guardian_id_fifteen=rates.guardian_id_fifteen if number[6:8] == "19" else 0,
        guardian_id_digit=rates.guardian_id_digit,
    )
    match label:
        case "guardian_id_missing":
            stated["id_number"] = None
        case "guardian_id_fifteen":
            stated["id_number"] = number[:6] + number[8:17]
        case "guardian_id_digit":
            stated["id_number"] = slips.another_digit(number)
    return label
