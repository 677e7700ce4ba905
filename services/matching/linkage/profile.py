"""A person's profile: what all of its entries say together."""

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from services.matching.linkage.births import Birth
from services.matching.linkage.facets import Columns, columns_of, facets_of
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard
from services.matching.linkage.numbers import is_a_generation_older

T = TypeVar("T")
Schooling = tuple[str | None, int | None, str | None]
"""School, cohort, class."""

_NOBODY = frozenset[Any]()


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
    turns: tuple[str, ...]

    @classmethod
    def of(cls, members: Iterable[Standard]) -> "Profile":
        """The members' features together."""
        listed = list(members)
        if len(listed) == 1:
            return _of_one(listed[0])
        return cls.of_columns(columns_of(facets_of(member) for member in listed))

    @classmethod
    def of_columns(cls, columns: Columns) -> "Profile":
        """What these facets say together. A number that anybody gives as a guardian's is not the child's."""
        (names, numbers, typed, documents, said_births, sexes, ids, guardians, phones, homes,
         hukous, villages, residences, streets, schoolings) = columns  # fmt: skip
        births = _all([all_births for _, all_births, _ in said_births])
        guardian_ids = _union(ids)
        own = [number for number in numbers if number[0]]
        if own and births:
            youngest = (max(births),)
            older = [number for number, _ in own if is_a_generation_older(number, youngest)]
            guardian_ids = guardian_ids.union(older) if older else guardian_ids
        if guardian_ids:
            own = [number for number in own if number[0] not in guardian_ids]
        return cls(
            _all(names),
            _once([number for number, _ in own]),
            _once([number for number, firm in own if firm]),
            _told(typed),
            _told(documents),
            _once([stated for stated, _, _ in said_births if stated]),
            births,
            _told(sexes),
            guardian_ids,
            _union([each for each, _, _ in guardians]),
            _once([father for _, father, _ in guardians if father]),
            _once([mother for _, _, mother in guardians if mother]),
            _union(phones),
            _union(homes),
            _told(hukous),
            _told(villages),
            _told(residences),
            _told(streets),
            tuple([s for s in schoolings if s[0] or s[1]]),
            _once([turn for _, _, turn in said_births if turn]),
        )


def _of_one(m: Standard) -> Profile:
    """The same without the columns: most that is clustered stands alone at first."""
    return Profile(
        m.names,
        (m.id_number,) if m.id_number else (),
        (m.id_number,) if m.id_number and m.number_is_firm else (),
        (m.id_typed,) if m.id_typed else (),
        (m.document,) if m.document else (),
        (m.stated_birth,) if m.stated_birth else (),
        m.births,
        (m.sex,) if m.sex else (),
        m.guardian_ids,
        m.guardian_names,
        (m.father,) if m.father else (),
        (m.mother,) if m.mother else (),
        m.phones,
        m.homes,
        (m.hukou,) if m.hukou else (),
        (m.village,) if m.village else (),
        (m.residence,) if m.residence else (),
        (m.street,) if m.street else (),
        ((m.school, m.cohort, m.school_class),) if m.school or m.cohort else (),
        (m.turn,) if m.turn else (),
    )


def _told(values: list[T | None]) -> tuple[T, ...]:
    if len(values) == 1:
        return (values[0],) if values[0] else ()
    return tuple([value for value in values if value])


def _once(values: list[T]) -> tuple[T, ...]:
    return tuple(values) if len(values) < 2 else tuple(dict.fromkeys(values))


def _all(values: list[tuple[T, ...]]) -> tuple[T, ...]:
    return values[0] if len(values) == 1 else tuple(dict.fromkeys(chain.from_iterable(values)))


def _union(values: list[frozenset[T]]) -> frozenset[T]:
    return values[0] if len(values) == 1 else _NOBODY.union(*values)
