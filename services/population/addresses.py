"""Addresses, and how two offices write the same one.

Flats stand in streets that many families share, so that a road and a house prove nothing alone.
"""

import re
from random import Random
from typing import Final

from services.population.places import Place

ROADS: Final = (
    "人民路", "解放路", "建设路", "和平路", "新华街", "文化路",
    "长江路", "黄河路", "中兴街", "滨河路", "朝阳街", "育才路",
)  # fmt: skip
TOWNS: Final = (
    "白杨", "青石", "柳林", "河湾", "石桥", "双龙",
    "龙泉", "太平", "大坪", "黄泥", "金竹", "高庙",
)  # fmt: skip
ESTATES: Final = (
    "幸福家园", "阳光花园", "锦绣城", "康居苑", "绿洲小区", "金色家园", "滨江花园", "翠湖苑",
)  # fmt: skip

_NUMERALS: Final = "〇一二三四五六七八九"
_WIDE: Final = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"}


def flat(random: Random, place: Place) -> str:
    """A rented or owned flat in town."""
    road, house = random.choice(ROADS), random.randint(1, 399)
    estate = random.choice(ESTATES) if random.random() < 0.5 else ""
    unit = f"{random.randint(1, 4)}单元" if random.random() < 0.6 else ""
    door = f"{random.randint(1, 18)}-{random.randint(1, 8)}"
    return (
        f"{place.province}{place.name}{road}{house}号{estate}{random.randint(1, 20)}栋{unit}{door}"
    )


def village(random: Random, place: Place) -> str:
    """A house in a village, or only its group."""
    town, group = random.choice(TOWNS), random.randint(1, 12)
    house = f"{random.randint(1, 120)}号" if random.random() < 0.6 else ""
    return f"{place.province}{place.name}{town}镇{random.choice(TOWNS)}村{group}组{house}"


def town_code(address: str) -> str:
    """Three digits of the township that an address lies in: streets below 100, towns above."""
    for number, town in enumerate(TOWNS):
        if f"{town}镇" in address:
            return f"{100 + number}"
    return next((f"{1 + n:03}" for n, road in enumerate(ROADS) if road in address), "000")


def restyled(random: Random, address: str) -> str:
    """The same address as another office writes it; nothing is lost but what goes without saying."""
    for before, after, share in _STYLES:
        if before in address and random.random() < share:
            address = address.replace(before, after)
    match random.randrange(5):
        case 0:
            address = re.sub(r"^.{2,8}?(?:自治区|省|市)(?:.{2,4}市)?", "", address, count=1)
        case 1:
            address = address.translate(_WIDE)
        case 2:
            address = re.sub(r"\d+(?=组|单元|栋|幢)", _spelled, address)
        case 3:
            address = address.replace("-", " - ").replace("号", "号 ")
    return address


_STYLES: Final = (
    ("栋", "幢", 0.3), ("栋", "号楼", 0.4), ("单元", "-", 0.3), ("号", "#", 0.15),
    ("组", "社", 0.2), ("镇", "", 0.15), ("村", "村委会", 0.15), ("路", "大道", 0.05),
)  # fmt: skip


def shortened(random: Random, address: str) -> str:
    """Without the end: the flat, the house or the group is left out."""
    cut = [found.start() for found in re.finditer(r"\d+", address)]
    return address[: random.choice(cut)] if cut else address


def misnumbered(random: Random, address: str) -> str:
    """One of its numbers is another."""
    found = list(re.finditer(r"\d+", address))
    if not found:
        return address
    one = random.choice(found)
    other = int(one.group()) + random.choice((-2, -1, 1, 2, 10))
    return f"{address[: one.start()]}{abs(other)}{address[one.end() :]}"


def _spelled(found: "re.Match[str]") -> str:
    number = int(found.group())
    if number < 10:
        return _NUMERALS[number]
    tens, ones = divmod(number, 10)
    return (_NUMERALS[tens] if tens > 1 else "") + "十" + (_NUMERALS[ones] if ones else "")
