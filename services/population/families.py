"""Drawing families: who they are, how they are numbered, and what they live with.

Identity numbers are well formed, with a valid check character, so that only dirt makes them wrong;
phone numbers begin with 142, 143 or 154, which are assigned to nobody.
"""

from array import array
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from services.population import addresses, journeys, names
from services.population.journeys import Journey
from services.population.people import Child, Guardian, HukouSpell, Stay
from services.population.places import Place, Places
from shared import resident_id

TWIN_FAMILIES: Final = 0.02
"""Share of families with twins: about 2.5 % of children."""

TWINS_OF_ONE_SEX: Final = 0.55

OLDEST_DAYS: Final = int(16.8 * 365.25)
"""Some children have turned sixteen already."""

RENAMED: Final = 0.03
"""Share of children who bore another name earlier."""

RENAMED_BY_SURNAME: Final = 0.35
"""Of the renamed: the mother's or a stepfather's surname became another; else the given name."""

FORMER_NAME_TOLD, OWN_PHONE = 0.5, 0.25
"""Shares of renamed children whose household register names the former name; of children who have a
phone of their own from twelve on.
"""

LIKE_A_SIBLING: Final = 0.45
"""Share of later siblings whose name goes with the one before."""

ALONE: Final = 0.2
"""Share of the children of twelve and older, long away, who live without any guardian."""


@dataclass(slots=True)
class Register:
    """Running numbers, and identity numbers that no two people share.

    The numbers of one issuer, day and sex are given out in a row, as a police station does, so that
    uniqueness costs a counter a day and issuer, however many people there are.
    """

    given: dict[int, "array[int]"] = field(default_factory=dict)
    families: int = 0
    children: int = 0

    def number(self, place: Place, born: date, sex: str) -> str:
        """The next identity number; twins of one sex get neighbouring ones."""
        issuer, male = place.issuer_on(born), sex == "male"
        if issuer not in self.given:
            self.given[issuer] = array("H", bytes(4 * _DAYS))
        day = 2 * (born - _FIRST_DAY).days + male
        given = self.given[issuer][day]
        self.given[issuer][day] = given + 1
        start = (issuer * 31 + born.toordinal() * 17) % 499
        return resident_id.make(issuer, born, 2 * ((start + given) % 499) + (1 if male else 2))


_FIRST_DAY: Final = date(1930, 1, 1)
_DAYS: Final = 120 * 366


def draw(random: Random, places: Places, register: Register, on: date) -> list[Child]:
    """One family's children, as they are on the day `on`."""
    journey = journeys.draw(random, places, on)
    register.families += 1
    family = f"f{register.families:06d}"
    ethnicity = _ethnicity(random, journey.hukou)
    births = _births(random, on)
    company = _company(random, journey)
    guardians, surname = _guardians(random, register, journey, company, ethnicity, births[0][0], on)
    homes = {place.code: addresses.flat(random, place) for place, _ in journey.legs}
    village = addresses.village(random, journey.hukou)
    children: list[Child] = []
    for born, twin in births:
        beside = children[-1] if children else None
        second = twin and beside is not None and beside.twin
        sex = "male" if random.random() < 0.52 else "female"
        if second and beside and random.random() < 2 * TWINS_OF_ONE_SEX - 1:
            sex = beside.sex
        register.children += 1
        name = _name(random, surname, sex, ethnicity, children, twin=second)
        hukou = [HukouSpell(journey.hukou, born, village)]
        if journey.transferred_on and journey.transferred_on > born:
            there = journey.legs[-1][0]
            hukou.append(HukouSpell(there, journey.transferred_on, homes[there.code]))
        children.append(
            Child(
                id=f"c{register.children:06d}",
                family=family,
                name=name,
                former_name=_former(random, name, surname, sex, guardians),
                sex=sex,
                born=born,
                number=register.number(journey.hukou, born, sex),
                certificate=f"{random.choice('JMPQRST')}{int(random.random() * 1e9):09d}",
                ethnicity=ethnicity,
                guardians=guardians,
                hukou=tuple(hukou),
                stays=_stays(journey, born, company, homes),
                twin=twin,
                phone=_phone(random) if random.random() < OWN_PHONE else None,
                former_name_is_told=random.random() < FORMER_NAME_TOLD,
            )
        )
    return [_alone(random, child, journey, on) for child in children]


def _name(
    random: Random, surname: str, sex: str, ethnicity: str, siblings: list[Child], *, twin: bool
) -> str:
    """A full name that no sibling bears."""
    taken = {sibling.name for sibling in siblings}
    while True:
        own = names.minority_name(random, ethnicity, sex)
        name = own or surname + names.given_name(random, sex)
        if siblings and not own and (twin or random.random() < LIKE_A_SIBLING):
            name = names.beside_a_sibling(random, surname, siblings[-1].name, sex, twin=twin)
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
        drawn.append(
            Guardian(
                relation=relation,
                name=names.minority_name(random, ethnicity, sex)
                or names.grown_name(random, own, sex),
                number=register.number(journey.hukou, born, sex),
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
    for mark, groups, weights in _PEOPLES:
        if mark in hukou.name or hukou.text_on(date.max).startswith(mark):
            return random.choices(groups, weights=weights)[0]
    return random.choices(("汉族", "回族", "满族", "彝族", "壮族"), weights=(970, 14, 8, 5, 3))[0]


_PEOPLES: Final = (
    ("土家族", ("土家族", "苗族", "汉族"), (50, 25, 25)),
    ("4228", ("土家族", "苗族", "汉族"), (50, 25, 25)),
    ("65", ("维吾尔族", "哈萨克族", "汉族"), (80, 8, 12)),
    ("54", ("藏族", "汉族"), (90, 10)),
    ("5134", ("彝族", "汉族"), (75, 25)),
    ("15", ("蒙古族", "汉族"), (30, 70)),
    ("45", ("壮族", "汉族"), (50, 50)),
)
"""Who lives where: by a word in the county's name, or by the first digits of its code."""


def _former(
    random: Random, name: str, surname: str, sex: str, guardians: tuple[Guardian, ...]
) -> str | None:
    """The name that a renamed child bore before."""
    if random.random() >= RENAMED:
        return None
    if random.random() < RENAMED_BY_SURNAME and name.startswith(surname):
        other = guardians[1].name[0] if random.random() < 0.6 else names.surname(random)
        former = other + name.removeprefix(surname)
    else:
        former = surname + names.given_name(random, sex)
    return former if former != name else None


def _phone(random: Random) -> str:
    return f"{random.choice(('142', '143', '154'))}{int(random.random() * 1e8):08d}"
