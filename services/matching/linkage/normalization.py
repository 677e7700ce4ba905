"""What a record says of a child, made comparable.

Guaranteed: never raises on any text; the same features give the same standard; nothing is guessed,
so what cannot be read is absent.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict

from services.matching.linkage import addresses, births, names, numbers, schooling
from services.matching.linkage.births import Birth
from services.matching.linkage.names import Name
from services.matching.linkage.phones import phones_in
from shared import divisions

#: Part of the rule version: raise it when a change of a table or rule of reading makes models that were learnt before it wrong.
NORMALIZATION = 1


class GuardianFeatures(TypedDict, total=False):
    name: str | None
    relation: str | None
    id_number: str | None
    phone: str | None


class Features(TypedDict, total=False):
    """What the registry sends; every field may be absent, empty or wrong."""

    name: str | None
    former_name: str | None
    id_number: str | None
    id_kind: str | None
    birth_date: str | None
    sex: str | None
    phone: str | None
    guardians: list[GuardianFeatures]
    hukou_division: str | None
    hukou_address: str | None
    residence_division: str | None
    residence_address: str | None
    school: str | None
    school_division: str | None
    grade: str | None
    observed_on: str | None
    listed: list[int]


class Standard(NamedTuple):
    """Standard features. ``births`` holds the stated birth date first, then the one inside the
    ID number. A number is *firm* unless the stated birth date or sex contradict it, as they do
    where a sibling's number was entered; only firm numbers clash. ``id_typed`` is a number that no
    checksum confirms. ``homes`` are lived in or registered at; a ``street`` and the registered
    ``village`` are wider. See ``schooling`` for the ``cohort``, and ``names.turn_in`` for the ``turn``, which is told of whoever
    has no name; a pet name is one, too.
    """

    names: tuple[Name, ...] = ()
    id_number: str | None = None
    number_is_firm: bool = False
    id_typed: str | None = None
    document: str | None = None
    stated_birth: Birth | None = None
    births: tuple[Birth, ...] = ()
    sex: str | None = None
    guardian_ids: frozenset[str] = frozenset()
    guardian_names: frozenset[Name] = frozenset()
    father: Name | None = None
    mother: Name | None = None
    phones: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    hukou: int | None = None
    village: str | None = None
    residence: int | None = None
    street: str | None = None
    school: str | None = None
    cohort: int | None = None
    school_class: str | None = None
    turn: str | None = None


_NOTHING: frozenset[Any] = frozenset()
_PERSONAL = {"male", "female"}
#: Years: whoever began school late and repeated classes has left it.
_GROWN_UP = 22
_FAR_DAY = date(2199, 12, 31)
"""Later than any change the table knows: succession is followed to its end, whatever today is."""


def standardise(features: Features, *, as_told: bool = False) -> Standard:
    """Remove the dirt of writing; a guardian's ID number given as the child's is kept as the
    guardian's.  A pet name names nobody, unless it is to be taken ``as_told``: by a search.
    """
    name, former = features.get("name"), features.get("former_name")
    own = names.read(name) if name else None
    earlier = names.read(former) if former else None
    stated = births.read(features.get("birth_date"))
    given_sex = features.get("sex")
    sex = given_sex if given_sex in _PERSONAL else None

    turn: str | None = None
    guardian_ids, guardian_names, phones, father, mother = _guardians(
        features.get("guardians") or ()
    )
    if own is not None and _is_guardians(own, guardian_names):
        own = None
    elif own is not None and not as_told and _is_a_pet_name(own, guardian_names):
        turn = f"pet {own.text}"
        own = None
    elif own is None and name:
        turn = names.turn_in(name)
        sex = sex or names.sex_in(name)
        if (parent := names.parent_in(name)) is not None:
            guardian_names.append(parent)
    if told := features.get("phone"):
        phones.extend(phones_in(told))
    number, typed, document = numbers.identifier(
        features.get("id_number"), features.get("id_kind"), stated
    )
    if stated and _is_grown_up(stated, features.get("observed_on")):
        if number is not None and numbers.born(number) == stated:
            # A form that was given a guardian's number has filled in the rest by it.
            guardian_ids.append(number)
            sex = None if sex == numbers.sex(number) else sex
            number = None
        stated = None
    firm = False
    all_births: tuple[Birth, ...] = () if stated is None else (stated,)
    if number is not None:
        if number in guardian_ids or (stated and numbers.is_a_generation_older(number, all_births)):
            guardian_ids.append(number)
            number = None
        else:
            born = numbers.born(number)
            firm = births.may_be_one(stated, born) and sex in (None, numbers.sex(number))
            if born != stated:
                all_births = (*all_births, born)
            sex = sex or numbers.sex(number)
    elif typed is not None and stated is None and numbers.is_valid(typed):
        all_births = (numbers.born(typed),)

    residence, hukou = (
        division(features.get("residence_division")),
        division(features.get("hukou_division")),
    )
    street, home = _place(features.get("residence_address"), residence)
    village, registered = _place(features.get("hukou_address"), hukou)
    office, school, grade = (
        features.get("school_division"),
        features.get("school"),
        features.get("grade"),
    )
    return Standard(
        _distinct(own, earlier),
        number,
        firm,
        typed,
        document,
        stated,
        all_births,
        sex,
        frozenset(guardian_ids) if guardian_ids else _NOTHING,
        frozenset(guardian_names) if guardian_names else _NOTHING,
        father,
        mother,
        frozenset(phones) if phones else _NOTHING,
        frozenset([one for one in (home, registered) if one]) if home or registered else _NOTHING,
        hukou,
        village,
        residence,
        street,
        schooling.school(school, division(office)) if school else None,
        schooling.cohort(grade, features.get("observed_on")) if grade else None,
        schooling.school_class(grade) if grade else None,
        turn if all_births and earlier is None else None,
    )


def _is_grown_up(born: Birth, observed_on: str | None) -> bool:
    """Whether nobody born then was a child, or still at school, when the record was made."""
    year = (observed_on or "")[:4]
    return year.isdecimal() and int(year) - born[0] >= _GROWN_UP


def _distinct(own: Name | None, earlier: Name | None) -> tuple[Name, ...]:
    if earlier is None or earlier == own:
        return () if own is None else (own,)
    return (earlier,) if own is None else (own, earlier)


def _place(address: str | None, county: int | None) -> tuple[str | None, str | None]:
    """The street and the home of an address, within its county: every county has a Main Street."""
    if not address:
        return None, None
    street, home = addresses.read(address)
    within = county // 10**6 if county else ""
    return street and f"{within}{street}", home and f"{within}{home}"


def _is_a_pet_name(own: Name, guardians: list[Name]) -> bool:
    """Whether a child is called by a pet name, and it is not its family's name said twice (丁丁)."""
    return names.is_a_pet_name(own) and all(one.surname != own.surname for one in guardians)


def _is_guardians(own: Name, guardians: list[Name]) -> bool:
    """Whether a guardian's name stands in the child's field, alone or with a word for a child."""
    shorter = own.text[:-1] if own.text[-1] in "子女宝婴" else None
    return any(one.text in (own.text, shorter) for one in guardians)


def _guardians(
    listed: Iterable[GuardianFeatures],
) -> tuple[list[str], list[Name], list[str], Name | None, Name | None]:
    """Numbers, names and phones of all guardians, and who of them are father and mother."""
    ids: list[str] = []
    all_names: list[Name] = []
    phones: list[str] = []
    parents: dict[str | None, Name] = {}
    for one in listed:
        if number := numbers.any_number(one.get("id_number")):
            ids.append(number)
        if (written := one.get("name")) and (name := names.read(written)) is not None:
            all_names.append(name)
            parents.setdefault(one.get("relation"), name)
        if told := one.get("phone"):
            phones.extend(phones_in(told))
    return ids, all_names, phones, parents.get("father"), parents.get("mother")


@lru_cache(maxsize=1 << 14)
def division(text: str | None) -> int | None:
    """A division code widened to twelve digits; None for anything else. The code of a county that
    has ended stands for its successor, where there is exactly one.
    """
    if not text or not text.isascii() or not text.isdigit() or len(text) > 12:
        return None
    code = int(text.ljust(12, "0"))
    if code < 10**11:
        return None
    following = divisions.successors_on(code, _FAR_DAY)
    return code if len(following) != 1 else following[0]
