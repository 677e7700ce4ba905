"""Errors in the hukou, the home and the school."""

from datetime import date
from typing import Any

from services.population import addresses
from services.population.dirt.slips import Slips
from services.population.people import Child


def soil(slips: Slips, item: dict[str, Any], child: Child, day: date) -> list[str]:
    """Change hukou, residence and school of ``item``; the errors' labels."""
    labels: list[str | None] = []
    if item.get("hukou"):
        labels.append(_hukou(slips, item, child, day))
    if item.get("residence") and "until" not in item["residence"]:
        labels.append(_residence(slips, item, child, day))
    for place in (item.get("hukou"), item.get("residence")):
        if place:
            labels.append(_address(slips, place))
    if item.get("school_name"):
        labels.append(_school(slips, item))
    return [label for label in labels if label]


def _hukou(slips: Slips, item: dict[str, Any], child: Child, day: date) -> str | None:
    rates, home = slips.rates, item.get("residence")
    former = child.hukou_on(day).place.former
    label = slips.one_of(
        hukou_missing=rates.hukou_missing,
        hukou_former=rates.hukou_former if former and day > former[1] else 0,
        hukou_is_residence=rates.hukou_is_residence if home else 0,
    )
    if label == "hukou_missing":
        item["hukou"] = None
    elif label == "hukou_former" and former:
        item["hukou"]["division"] = former[0]
    elif label == "hukou_is_residence" and home:
        item["hukou"] = {"division": home["division"], "address": home["address"]}
    return label


def _residence(slips: Slips, item: dict[str, Any], child: Child, day: date) -> str | None:
    rates = slips.rates
    stays = [stay for stay in child.stays if stay.since <= day]
    label = slips.one_of(
        residence_missing=rates.residence_missing,
        residence_earlier=rates.residence_earlier if len(stays) > 1 else 0,
    )
    if label == "residence_missing":
        item["residence"] = None
    elif label == "residence_earlier":
        item["residence"]["address"] = stays[-2].address
    return label


def _address(slips: Slips, place: dict[str, Any]) -> str | None:
    rates = slips.rates
    label = slips.one_of(
        address_missing=rates.address_missing,
        address_restyled=rates.address_restyled,
        address_shortened=rates.address_shortened,
        address_digit=rates.address_digit,
    )
    match label:
        case "address_missing":
            place["address"] = None
        case "address_restyled":
            place["address"] = addresses.restyled(slips.random, place["address"])
        case "address_shortened":
            place["address"] = addresses.shortened(slips.random, place["address"])
        case "address_digit":
            place["address"] = addresses.misnumbered(slips.random, place["address"])
    return label


def _school(slips: Slips, item: dict[str, Any]) -> str | None:
    label = slips.one_of(school_restyled=slips.rates.school_restyled)
    if label:
        name = item["school_name"]
        item["school_name"] = slips.random.choice(
            (
                name.replace("初级中学", "中学").replace("高级中学", "中学"),
                name.replace("幼儿园", "幼儿园（总园）").replace("小学", "小学校"),
                name[3:] if name[2] in "区县市" else name,
                f"{name}（{item['grade']}）",
            )
        )
    return label
