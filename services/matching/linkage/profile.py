"""A person's profile: what all of its entries say together."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from services.matching.linkage.births import Birth
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard
from services.matching.linkage.numbers import is_a_generation_older

T = TypeVar("T")
Schooling = tuple[str | None, int | None, str | None]
"""School, cohort, class."""

_NOTHING: tuple[()] = ()


class Profile(NamedTuple):
    """What a person's entries say together; every tuple keeps the order of first mention."""

    names: tuple[Name, ...]
    id_numbers: tuple[str, ...]
    firm_numbers: tuple[str, ...]
    ids_typed: tuple[str, ...]
    documents: tuple[str, ...]
    stated_births: tuple[Birth, ...]
    births: tuple[Birth, ...]
    sexes: tuple[str, ...]
    guardian_ids: frozenset[str]
    guardian_names: frozenset[Name]
    fathers: tuple[Name, ...]
    mothers: tuple[Name, ...]
    phones: frozenset[str]
    homes: frozenset[str]
    hukous: tuple[int, ...]
    villages: tuple[str, ...]
    residences: tuple[int, ...]
    streets: tuple[str, ...]
    schoolings: tuple[Schooling, ...]

    @classmethod
    def of(cls, members: Iterable[Standard]) -> "Profile":
        """The members' features together. A number that any member gives as a guardian's is not
        the child's.
        """
        listed = list(members)
        return _of_one(listed[0]) if len(listed) == 1 else _of_many(listed)


def _of_one(m: Standard) -> Profile:
    return Profile(
        m.names,
        (m.id_number,) if m.id_number else _NOTHING,
        (m.id_number,) if m.id_number and m.number_is_firm else _NOTHING,
        (m.id_typed,) if m.id_typed else _NOTHING,
        (m.document,) if m.document else _NOTHING,
        (m.stated_birth,) if m.stated_birth else _NOTHING,
        m.births,
        (m.sex,) if m.sex else _NOTHING,
        m.guardian_ids,
        m.guardian_names,
        (m.father,) if m.father else _NOTHING,
        (m.mother,) if m.mother else _NOTHING,
        m.phones,
        m.homes,
        (m.hukou,) if m.hukou else _NOTHING,
        (m.village,) if m.village else _NOTHING,
        (m.residence,) if m.residence else _NOTHING,
        (m.street,) if m.street else _NOTHING,
        ((m.school, m.cohort, m.school_class),) if m.school or m.cohort else _NOTHING,
    )


def _of_many(listed: list[Standard]) -> Profile:
    guardian_ids = frozenset[str]().union(*(m.guardian_ids for m in listed))
    births = _distinct(birth for m in listed for birth in m.births)
    if births:
        youngest = (max(births),)
        guardian_ids |= {
            m.id_number
            for m in listed
            if m.id_number and is_a_generation_older(m.id_number, youngest)
        }
    own = [
        (m.id_number, m.number_is_firm)
        for m in listed
        if m.id_number and m.id_number not in guardian_ids
    ]
    return Profile(
        names=_distinct(name for m in listed for name in m.names),
        id_numbers=_distinct(number for number, _ in own),
        firm_numbers=_distinct(number for number, firm in own if firm),
        ids_typed=_distinct(m.id_typed for m in listed if m.id_typed),
        documents=_distinct(m.document for m in listed if m.document),
        stated_births=_distinct(m.stated_birth for m in listed if m.stated_birth),
        births=births,
        sexes=_distinct(m.sex for m in listed if m.sex),
        guardian_ids=guardian_ids,
        guardian_names=frozenset[Name]().union(*(m.guardian_names for m in listed)),
        fathers=_distinct(m.father for m in listed if m.father),
        mothers=_distinct(m.mother for m in listed if m.mother),
        phones=frozenset[str]().union(*(m.phones for m in listed)),
        homes=frozenset[str]().union(*(m.homes for m in listed)),
        hukous=_distinct(m.hukou for m in listed if m.hukou),
        villages=_distinct(m.village for m in listed if m.village),
        residences=_distinct(m.residence for m in listed if m.residence),
        streets=_distinct(m.street for m in listed if m.street),
        schoolings=_distinct(
            (m.school, m.cohort, m.school_class) for m in listed if m.school or m.cohort
        ),
    )


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
