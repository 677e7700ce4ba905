"""Drawing families: who they are, how they are numbered, and what they live with.

Identity numbers are well formed, with a valid check character, so that only dirt makes them wrong;
phone numbers begin with 142, 143 or 154, which are assigned to nobody.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from services.population import journeys, names
from services.population.journeys import Journey
from services.population.people import Child, Guardian, HukouSpell, Stay
from services.population.places import Place, Places
from shared import resident_id

TWIN_FAMILIES: Final = 0.016
"""Share of families with twins: about 2 % of children."""

OLDEST_DAYS: Final = int(16.8 * 365.25)
"""Some children have turned sixteen already."""

RENAMED: Final = 0.012
"""Share of children who bore another name earlier."""

LIKE_A_SIBLING: Final = 0.3
"""Share of later siblings whose name differs from the one before in the last character only."""

ALONE: Final = 0.2
"""Share of the children of twelve and older, long away, who live without any guardian."""

ROADS: Final = (
    "人民路", "解放路", "建设路", "和平路", "新华街", "文化路",
    "长江路", "黄河路", "中兴街", "滨河路", "朝阳街", "育才路",
)  # fmt: skip
TOWNS: Final = (
    "白杨", "青石", "柳林", "河湾", "石桥", "双龙",
    "龙泉", "太平", "大坪", "黄泥", "金竹", "高庙",
)  # fmt: skip


@dataclass(slots=True)
class Register:
    """What must be unique in one population: identity numbers, and running numbers."""

    numbers: set[str] = field(default_factory=set)
    families: int = 0
    children: int = 0

    def number(self, random: Random, place: Place, born: date, sex: str, near: str | None) -> str:
        """A new identity number; `near` is a twin's, whose sequence it follows."""
        odd = sex == "male"
        sequence = int(near[14:17]) + 1 if near else random.randint(1, 990)
        while True:
            sequence = sequence % 998 + 1 if sequence % 2 != odd else sequence
            number = resident_id.make(place.issuer_on(born), born, sequence)
            if number not in self.numbers:
                self.numbers.add(number)
                return number
            sequence = random.randint(1, 990)


def draw(random: Random, places: Places, register: Register, on: date) -> list[Child]:
    """One family's children, as they are on the day `on`."""
    journey = journeys.draw(random, places, on)
    register.families += 1
    family = f"f{register.families:06d}"
    ethnicity = _ethnicity(random, journey.hukou)
    births = _births(random, on)
    company = _company(random, journey)
    guardians, surname = _guardians(random, register, journey, company, ethnicity, births[0][0], on)
    homes = {place.code: _address(random, place) for place, _ in journey.legs}
    village = _village(random, journey.hukou)
    children: list[Child] = []
    for born, twin in births:
        sex = "male" if random.random() < 0.52 else "female"
        register.children += 1
        near = children[-1].number if twin and children and children[-1].born == born else None
        name = _name(random, surname, sex, ethnicity, children)
        hukou = [HukouSpell(journey.hukou, born, village)]
        if journey.transferred_on and journey.transferred_on > born:
            there = journey.legs[-1][0]
            hukou.append(HukouSpell(there, journey.transferred_on, homes[there.code]))
        children.append(
            Child(
                id=f"c{register.children:06d}",
                family=family,
                name=name,
                former_name=_former(random, surname, sex),
                sex=sex,
                born=born,
                number=register.number(random, journey.hukou, born, sex, near),
                certificate=f"{random.choice('JMPQRST')}{random.randrange(10**9):09d}",
                ethnicity=ethnicity,
                guardians=guardians,
                hukou=tuple(hukou),
                stays=_stays(journey, born, company, homes),
                twin=twin,
            )
        )
    return [_alone(random, child, journey, on) for child in children]


def _name(random: Random, surname: str, sex: str, ethnicity: str, siblings: list[Child]) -> str:
    """A full name that no sibling bears."""
    taken = {sibling.name for sibling in siblings}
    while True:
        dotted = names.minority_name(random, ethnicity)
        name = dotted or surname + names.given_name(random, sex)
        if siblings and not dotted and random.random() < LIKE_A_SIBLING:
            name = siblings[-1].name[:-1] + names.given_name(random, sex)[-1]
        if name not in taken:
            return name


def _births(random: Random, on: date) -> list[tuple[date, bool]]:
    """Birth days of a family's children, eldest first, and whether each is a twin."""
    first = on - timedelta(days=random.randint(30, OLDEST_DAYS))
    born = [(first, False)]
    if random.random() < TWIN_FAMILIES:
        born = [(first, True), (first, True)]
    size = random.choices((1, 2, 3), weights=(50, 42, 8))[0]
    for _ in range(size - 1):
        following = born[-1][0] + timedelta(days=random.randint(480, 2300))
        if following < on - timedelta(days=20):
            born.append((following, False))
    return born


def _guardians(
    random: Random,
    register: Register,
    journey: Journey,
    company: str,
    ethnicity: str,
    eldest: date,
    on: date,
) -> tuple[tuple[Guardian, ...], str]:
    """The parents, and a grandmother where she cares for the child; and the children's surname."""
    surname = names.surname(random)
    drawn: list[Guardian] = []
    wanted = [("father", "male", 22, 38), ("mother", "female", 20, 35)]
    if company == "other_guardian":
        wanted.append(("grandmother", "female", 44, 60))
    for relation, sex, youngest, oldest in wanted:
        born = eldest - timedelta(days=random.randint(youngest * 365, oldest * 365))
        own = surname if relation == "father" else names.surname(random)
        number = register.number(random, journey.hukou, born, sex, None)
        drawn.append(
            Guardian(
                relation=relation,
                name=names.minority_name(random, ethnicity) or names.grown_name(random, own, sex),
                number=number,
                phone=_phone(random),
                earlier_phone=_phone(random),
                phone_since=on - timedelta(days=random.randint(-400, 4000)),
            )
        )
    return tuple(drawn), surname


def _company(random: Random, journey: Journey) -> str:
    if journey.kind == "left_behind":
        return "other_guardian"
    return random.choices(("both_parents", "one_parent", "other_guardian"), weights=(64, 26, 10))[0]


def _stays(journey: Journey, born: date, company: str, homes: dict[int, str]) -> tuple[Stay, ...]:
    ends = [since for _, since in journey.legs[1:]] + [None]
    return tuple(
        Stay(place, max(since, born), until, company, homes[place.code])
        for (place, since), until in zip(journey.legs, ends, strict=True)
        if until is None or until > born
    )


def _alone(random: Random, child: Child, journey: Journey, on: date) -> Child:
    """Some older children live away without any guardian (R1: they are not migrant children)."""
    if journey.kind != "away" or child.age_on(on) < 12 or random.random() >= ALONE:
        return child
    last = child.stays[-1]
    alone = Stay(last.place, last.since, last.until, "none", last.address)
    return replace(child, stays=(*child.stays[:-1], alone))


def _ethnicity(random: Random, hukou: Place) -> str:
    if "土家族" in hukou.name or "苗族" in hukou.name or hukou.code // 10**6 in (422801, 422802):
        return random.choices(("土家族", "苗族", "汉族"), weights=(50, 25, 25))[0]
    if hukou.code // 10**10 == 65:
        return "维吾尔族"
    if hukou.code // 10**6 == 513401:
        return random.choices(("彝族", "汉族"), weights=(70, 30))[0]
    return random.choices(("汉族", "回族", "满族", "彝族"), weights=(970, 14, 8, 8))[0]


def _former(random: Random, surname: str, sex: str) -> str | None:
    if random.random() >= RENAMED:
        return None
    return surname + names.given_name(random, sex)


def _phone(random: Random) -> str:
    return f"{random.choice(('142', '143', '154'))}{random.randrange(10**8):08d}"


def _address(random: Random, place: Place) -> str:
    road, house = random.choice(ROADS), random.randint(1, 399)
    flat = f"{random.randint(1, 18)}-{random.randint(1, 8)}"
    return f"{place.province}{place.name}{road}{house}号{random.randint(1, 20)}栋{flat}"


def _village(random: Random, place: Place) -> str:
    town, group = random.choice(TOWNS), random.randint(1, 12)
    return f"{place.province}{place.name}{town}镇{random.choice(TOWNS)}村{group}组"
