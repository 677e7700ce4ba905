"""Facets: a standard parted into what is said together, so that what many records say alike is held once.

Cast: a *facet* is one field, or several that mean nothing apart (a number and whether it is firm, a school and the year
in it). *Columns* hold for each facet the values of several standards, each once, in the order of first mention. What is
*packed* is made of lists, texts and numbers alone, equal where the facets are equal, and survives JSON.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from services.matching.linkage.births import Birth
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard

Columns: TypeAlias = list[list[Any]]
"""For each facet, in the order of ``Facets``, its values."""
Packed: TypeAlias = list[Any]
"""A standard's facets, packed, in the order of ``Facets``; None where nothing is said."""


class Facets(NamedTuple):
    """``number``: and whether it is firm; ``births``: the stated one, all, and the turn; ``guardians``: their names, and of those
    the father's and the mother's; ``schooling``: school, cohort, class.
    """

    names: tuple[Name, ...]
    number: tuple[str | None, bool]
    typed: str | None
    document: str | None
    births: tuple[Birth | None, tuple[Birth, ...], str | None]
    sex: str | None
    guardian_ids: frozenset[str]
    guardians: tuple[frozenset[Name], Name | None, Name | None]
    phones: frozenset[str]
    homes: frozenset[str]
    hukou: int | None
    village: str | None
    residence: int | None
    street: str | None
    schooling: tuple[str | None, int | None, str | None]


def facets_of(s: Standard) -> Facets:
    return Facets(
        s.names,
        (s.id_number, s.number_is_firm),
        s.id_typed,
        s.document,
        (s.stated_birth, s.births, s.turn),
        s.sex,
        s.guardian_ids,
        (s.guardian_names, s.father, s.mother),
        s.phones,
        s.homes,
        s.hukou,
        s.village,
        s.residence,
        s.street,
        (s.school, s.cohort, s.school_class),
    )


def columns_of(each: Iterable[Facets]) -> Columns:
    """The columns that hold these facets."""
    columns = [list(dict.fromkeys(column)) for column in zip(*each, strict=True)]
    return columns or [[] for _ in Facets._fields]


def standard_of(facets: Facets) -> Standard:
    """The standard of which these are the facets."""
    id_number, number_is_firm = facets.number
    stated_birth, births, turn = facets.births
    guardian_names, father, mother = facets.guardians
    school, cohort, school_class = facets.schooling
    return Standard(
        facets.names,
        id_number,
        number_is_firm,
        facets.typed,
        facets.document,
        stated_birth,
        births,
        facets.sex,
        facets.guardian_ids,
        guardian_names,
        father,
        mother,
        facets.phones,
        facets.homes,
        facets.hukou,
        facets.village,
        facets.residence,
        facets.street,
        school,
        cohort,
        school_class,
        turn,
    )


def packed(s: Standard) -> Packed:
    guardians = sorted(s.guardian_names)
    return [
        [list(name) for name in s.names] or None,
        [s.id_number, s.number_is_firm] if s.id_number else None,
        s.id_typed,
        s.document,
        _packed_births(s) if s.births else None,
        s.sex,
        sorted(s.guardian_ids) or None,
        [[list(name) for name in guardians], _place(s.father, guardians), _place(s.mother, guardians)]
        if guardians
        else None,
        sorted(s.phones) or None,
        sorted(s.homes) or None,
        s.hukou,
        s.village,
        s.residence,
        s.street,
        [s.school, s.cohort, s.school_class] if s.school or s.cohort or s.school_class else None,
    ]  # fmt: skip


def unpacked(columns: Columns) -> Columns:
    """Columns of packed facets, unpacked."""
    (names, numbers, typed, documents, births, sexes, ids, guardians, phones, homes,
     hukous, villages, residences, streets, schoolings) = columns  # fmt: skip
    return [
        _each(_names, names, ()),
        _each(tuple, numbers, _NO_NUMBER),
        typed,
        documents,
        _each(_births, births, _UNBORN),
        sexes,
        _each(frozenset, ids, _NONE),
        _each(_guardians, guardians, _NOBODY),
        _each(frozenset, phones, _NONE),
        _each(frozenset, homes, _NONE),
        hukous,
        villages,
        residences,
        streets,
        _each(tuple, schoolings, _UNSCHOOLED),
    ]


def _each(unpack: Callable[[Any], Any], column: list[Any], nothing: object) -> list[Any]:
    if len(column) == 1:
        return [unpack(column[0]) if column[0] else nothing]
    return [unpack(value) if value else nothing for value in column]


def _packed_births(s: Standard) -> list[Any]:
    stated = None if s.stated_birth is None else list(s.stated_birth)
    births = [list(birth) for birth in s.births]
    return [stated, births] if s.turn is None else [stated, births, s.turn]


def _place(name: Name | None, among: Sequence[Name]) -> int | None:
    return None if name is None else among.index(name)


def _names(listed: Sequence[Any]) -> tuple[Name, ...]:
    return tuple([_made(Name, name) for name in listed])


def _births(said: Any) -> tuple[Birth | None, tuple[Birth, ...], str | None]:
    stated, births, *turn = said
    return (
        None if stated is None else tuple(stated),
        tuple([tuple(birth) for birth in births]),
        turn[0] if turn else None,
    )


def _guardians(said: Any) -> tuple[frozenset[Name], Name | None, Name | None]:
    listed, father, mother = said
    names = _names(listed)
    return (
        frozenset(names),
        None if father is None else names[father],
        None if mother is None else names[mother],
    )


_made = tuple.__new__  # a third of what Name's own way costs
_NONE = frozenset[str]()
_NO_NUMBER, _UNBORN, _NOBODY, _UNSCHOOLED = (
    (None, False), (None, (), None), (frozenset[Name](), None, None), (None, None, None),
)  # fmt: skip
