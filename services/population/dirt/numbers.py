"""Errors in the child's identity number."""

from datetime import date
from typing import Any

from services.population.dirt.slips import Slips
from services.population.people import Child


def soil(
    slips: Slips, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
) -> str | None:
    """Change the number of ``card``; the error's label."""
    rates, random, number = slips.rates, slips.random, child.number
    certified = feed in ("vaccinations", "health-checks") and child.age_on(day) < 6
    twins = [other for other in siblings if other.born == child.born]
    others = [other for other in siblings if other.born != child.born]
    label = slips.one_of(
        id_missing=rates.id_missing_by_feed.get(feed, rates.id_missing),
        id_birth_certificate=rates.id_birth_certificate if certified else 0,
        id_passport=rates.id_passport,
        id_digit=rates.id_digit,
        id_transposed=rates.id_transposed,
        id_truncated=rates.id_truncated,
        id_fifteen=rates.id_fifteen,
        id_rounded=rates.id_rounded,
        id_of_guardian=rates.id_of_guardian,
        id_of_sibling=rates.id_of_sibling if others else 0,
        id_of_twin=rates.id_of_twin if twins else 0,
        id_restyled=rates.id_restyled,
    )
    match label:
        case None:
            return None
        case "id_missing":
            card["id_number"] = random.choice((None, None, "", "无", "不详", "0"))
        case "id_birth_certificate":
            card |= {"id_number": child.certificate, "id_kind": "birth_certificate"}
        case "id_passport":
            passport = f"E{child.certificate[1:9]}"
            card |= {"id_number": passport, "id_kind": random.choice(("passport", "other"))}
        case "id_digit":
            card["id_number"] = slips.another_digit(number)
        case "id_transposed":
            card["id_number"] = slips.transposed(number)
        case "id_truncated":
            card["id_number"] = random.choice((number[:-1], number[:-2], number[1:]))
        case "id_fifteen":
            card["id_number"] = random.choice((number[:15], number[:6] + number[8:17]))
        case "id_rounded":
            card["id_number"] = random.choice(
                (number[:15] + "000", f"{int(number[:15]) / 1e14:.5f}E+17")
            )
        case "id_of_guardian":
            card["id_number"] = random.choice(child.guardians).number
        case "id_of_sibling":
            card["id_number"] = random.choice(others).number
        case "id_of_twin":
            card["id_number"] = random.choice(twins).number
        case "id_restyled":
            card["id_number"] = _restyled(slips, number)
    return label


def _restyled(slips: Slips, number: str) -> str:
    """Written otherwise, and still the same number."""
    match slips.random.randrange(5):
        case 0:
            return number.lower() if number.endswith("X") else f" {number}"
        case 1:
            return f"{number[:6]} {number[6:14]} {number[14:]}"
        case 2:
            return f"{number[:6]}-{number[6:14]}-{number[14:]}"
        case 3:
            return f"'{number}"
    return "".join(chr(ord(letter) + 0xFEE0) for letter in number)
