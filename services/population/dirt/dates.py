"""Errors in the birth date and the sex."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from services.population.dirt.slips import Slips
from services.population.lunar import lunar
from services.population.people import Child


def soil_birth(
    slips: Slips, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
) -> str | None:
    """Change the birth date of ``card``; the error's label."""
    rates, random, born = slips.rates, slips.random, child.born
    label = slips.one_of(
        birth_missing=rates.birth_missing,
        birth_swapped=rates.birth_swapped if born.day <= 12 and born.day != born.month else 0,
        birth_off_by_one=rates.birth_off_by_one,
        birth_month=rates.birth_month,
        birth_year=rates.birth_year,
        birth_lunar=rates.birth_lunar,
        birth_filler=rates.birth_filler,
        birth_restyled=rates.birth_restyled,
    )
    match label:
        case "birth_missing":
            card["birth_date"] = random.choice((None, None, "", "不详"))
        case "birth_swapped":
            card["birth_date"] = date(born.year, born.day, born.month).isoformat()
        case "birth_off_by_one":
            card["birth_date"] = str(born + timedelta(days=random.choice((-1, 1))))
        case "birth_month":
            month = born.month % 12 + 1
            last = monthrange(born.year, month)[1]
            card["birth_date"] = str(date(born.year, month, min(born.day, last)))
        case "birth_year":
            card["birth_date"] = f"{born.year + random.choice((-1, -1, 1))}-{born:%m-%d}"
        case "birth_lunar":
            told = lunar(born)
            if told is None:
                return None
            card["birth_date"] = "{}-{:02}-{:02}".format(*told)
        case "birth_filler":
            card["birth_date"] = random.choice(
                (f"{born.year}-01-01", f"{born:%Y-%m}-01", "1900-01-01")
            )
        case "birth_restyled":
            card["birth_date"] = random.choice(
                (
                    f"{born:%Y%m%d}",
                    f"{born.year}/{born.month}/{born.day}",
                    f"{born.year}年{born.month}月{born.day}日",
                    f"{born.year}.{born:%m.%d}",
                    f"{born} 00:00:00",
                )
            )
    return label


def soil_sex(
    slips: Slips, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
) -> str | None:
    """Change the sex of ``card``; the error's label."""
    label = slips.one_of(sex_missing=slips.rates.sex_missing, sex_wrong=slips.rates.sex_wrong)
    if label == "sex_missing":
        card["sex"] = slips.random.choice((None, "unknown"))
    elif label == "sex_wrong":
        card["sex"] = "female" if child.sex == "male" else "male"
    return label
