"""Errors in the child's name, and in any name that is heard or copied by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from pypinyin import lazy_pinyin

from services.population import glyphs, minorities
from services.population.dirt.slips import Slips
from services.population.people import Child

NEWBORN_DAYS: Final = 90
_CRADLE_FEEDS: Final = ("vaccinations", "health-checks", "insurance-enrolments")
"""What begins before a child has a name; the police register no child without one."""

_DOTS: Final = "•．.。・-‧∙ "
_LOST: Final = ("?", "*", "？", "□", "\ue863", "")


def soil(
    slips: Slips, feed: str, card: dict[str, Any], child: Child, siblings: list[Child], day: date
) -> str | None:
    """Change the name of ``card``; the error's label."""
    rates, name = slips.rates, child.name
    newborn = feed in _CRADLE_FEEDS and (day - child.born).days < NEWBORN_DAYS
    spelled = minorities.respelled(slips.random, name)
    label = slips.one_of(
        name_former=rates.name_former if child.former_name else 0,
        name_placeholder=rates.name_placeholder if newborn else 0,
        name_dot=rates.name_dot if "·" in name else 0,
        name_respelled=rates.name_respelled if spelled != name else 0,
        name_rare_lost=rates.name_rare_lost if glyphs.rare_in(name) else 0,
        name_missing=rates.name_missing,
        name_homophone=rates.name_homophone,
        name_fuzzy=rates.name_fuzzy,
        name_look_alike=rates.name_look_alike,
        name_dropped=rates.name_dropped if len(name) > 2 else 0,
        name_older_form=rates.name_older_form,
        name_pinyin=rates.name_pinyin,
        name_turned=rates.name_turned,
        name_annotated=rates.name_annotated,
        name_of_guardian=rates.name_of_guardian,
        name_spaced=rates.name_spaced,
    )
    if label:
        card["name"] = _made(slips, label, child, spelled)
    return label if card["name"] != name else None


def _made(slips: Slips, label: str, child: Child, spelled: str) -> str | None:
    name, random = child.name, slips.random
    match label:
        case "name_former":
            return child.former_name
        case "name_placeholder":
            return _placeholder(slips, child)
        case "name_dot":
            return _dotted(slips, name)
        case "name_respelled":
            return spelled
        case "name_rare_lost":
            return _rare_lost(slips, name)
        case "name_homophone":
            return heard(slips, name)
        case "name_fuzzy":
            return _exchanged(slips, name, glyphs.nearly_homophones)
        case "name_look_alike":
            return _exchanged(slips, name, glyphs.look_alikes)
        case "name_dropped":
            at = 2 if "·" not in name and random.random() < 0.6 else len(name) - 1
            return name[: at - 1] + name[at:] if random.random() < 0.5 else name[:at]
        case "name_older_form":
            return glyphs.older_form(name)
        case "name_pinyin":
            return _latin(slips, name)
        case "name_turned":
            return f"{name[1:]}{name[0]}" if "·" not in name else "·".join(name.split("·")[::-1])
        case "name_annotated":
            return name + random.choice(
                ("(男)", "(女)", "（大）", "（二）", "小朋友", "(曾用名略)", "1")
            )
        case "name_of_guardian":
            return random.choice(child.guardians).name
        case "name_spaced":
            return random.choice((f"{name[0]} {name[1:]}", " ".join(name), f"　{name}", f"{name} "))
    return None


def heard(slips: Slips, name: str) -> str:
    """The name with one glyph written as another that sounds alike."""
    return _exchanged(slips, name, glyphs.homophones)


def _exchanged(slips: Slips, name: str, others: Callable[[str], str]) -> str:
    """One glyph exchanged; the surname's seldom, because people know how theirs is written."""
    first = 0 if slips.random.random() < 0.15 else 1
    possible = [at for at in range(first, len(name)) if others(name[at])]
    if not possible:
        return name
    at = slips.random.choice(possible)
    return name[:at] + slips.random.choice(others(name[at])) + name[at + 1 :]


def _placeholder(slips: Slips, child: Child) -> str:
    """What stands for a newborn's name: a parent's, an order of birth, or nothing said."""
    father, mother = child.guardians[:2]
    son = "子" if child.sex == "male" else "女"
    return slips.random.choice(
        (
            f"{mother.name}之{son}", f"{father.name}之{son}", f"{mother.name}{son}", f"{child.name[0]}宝宝",
            f"{child.name[0]}某某", "宝宝", "新生儿", "未取名", "待定", f"{child.name[0]}大宝", f"{child.name[0]}婴",
        )
    )  # fmt: skip


def _dotted(slips: Slips, name: str) -> str:
    draw = slips.random.random()
    if draw < 0.35:
        return name.replace("·", "")
    return name.split("·")[0] if draw < 0.5 else name.replace("·", slips.random.choice(_DOTS))


def _rare_lost(slips: Slips, name: str) -> str:
    lost = slips.random.choice(_LOST)
    plain = slips.random.random() < 0.35
    for glyph in glyphs.rare_in(name):
        other = glyphs.plain_for(glyph) if plain else lost
        name = name.replace(glyph, glyphs.sound(glyph).upper() if other == "*" else other)
    return name


def _latin(slips: Slips, name: str) -> str:
    words = lazy_pinyin(name.replace("·", ""))
    match slips.random.randrange(5):
        case 0:
            return " ".join(words)
        case 1:
            return " ".join(words).upper()
        case 2:
            return f"{words[0]} {''.join(words[1:])}".title()
        case 3:
            return f"{''.join(words[1:])} {words[0]}".title()
    return "".join(words)
