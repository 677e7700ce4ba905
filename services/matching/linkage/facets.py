"""Facets: a standard parted into what is said together, so that what many records say alike is held once.

Cast: a *facet* is one field, or several that mean nothing apart (a number and whether it is firm, a school and the year
in it). *Columns* hold for each facet the values of several standards, each once, in the order of first mention. What is
*packed* is made of lists, texts and numbers alone, equal where the facets are equal, and survives JSON.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from services.matching.linkage.births import Birth
from services.matching.linkage.names import Name
from services.matching.linkage.normalization import Standard

Columns: TypeAlias = Sequence[Sequence[Any]]
"""For each facet, in the order of ``Facets``, its values."""


class Facets(NamedTuple):
    """``number``: and whether it is firm; ``births``: the stated one, and all; ``guardians``: their names, and of those
    the father's and the mother's; ``schooling``: school, cohort, class.
    """

    names: tuple[Name, ...]
    number: tuple[str | None, bool]
    typed: str | None
    document: str | None
    births: tuple[Birth | None, tuple[Birth, ...]]
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
        (s.stated_birth, s.births),
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


def columns_of(each: Iterable[Facets]) -> list[list[Any]]:
    """The columns that hold these facets."""
    columns = [list(dict.fromkeys(column)) for column in zip(*each, strict=True)]
    return columns or [[] for _ in Facets._fields]


def standard_of(facets: Facets) -> Standard:
    """The standard of which these are the facets."""
    names, number, typed, document, births, sex, ids, guardians, phones, homes, *rest = facets
    hukou, village, residence, street, schooling = rest
    return Standard(
        names, *number, typed, document, *births, sex, ids, *guardians, phones, homes,
        hukou, village, residence, street, *schooling,
    )  # fmt: skip


def packed(s: Standard) -> list[Any]:
    """The standard's facets, packed; None where nothing is said."""
    guardians = sorted(s.guardian_names)
    return [
        [list(name) for name in s.names] or None,
        [s.id_number, s.number_is_firm] if s.id_number else None,
        s.id_typed,
        s.document,
        [_packed_birth(s.stated_birth), [list(birth) for birth in s.births]] if s.births else None,
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


def unpacked(columns: Columns) -> list[list[Any]]:
    """Columns of packed facets, unpacked."""
    return [
        [_NOTHING[at] if value is None else unpack(value) for value in column]
        if (unpack := _UNPACKED.get(at)) is not None
        else list(column)
        for at, column in enumerate(columns)
    ]


def _packed_birth(birth: Birth | None) -> list[int] | None:
    return None if birth is None else list(birth)


def _place(name: Name | None, among: Sequence[Name]) -> int | None:
    return None if name is None else among.index(name)


def _names(listed: Sequence[Any]) -> tuple[Name, ...]:
    return tuple([Name._make(name) for name in listed])


def _births(said: Any) -> tuple[Birth | None, tuple[Birth, ...]]:
    stated, births = said
    return None if stated is None else tuple(stated), tuple([tuple(birth) for birth in births])


def _guardians(said: Any) -> tuple[frozenset[Name], Name | None, Name | None]:
    listed, father, mother = said
    names = _names(listed)
    return (
        frozenset(names),
        None if father is None else names[father],
        None if mother is None else names[mother],
    )


_NOTHING = facets_of(Standard())
_UNPACKED: dict[int, Any] = {
    Facets._fields.index(name): unpack
    for name, unpack in {
        "names": _names,
        "number": tuple,
        "births": _births,
        "guardian_ids": frozenset,
        "guardians": _guardians,
        "phones": frozenset,
        "homes": frozenset,
        "schooling": tuple,
    }.items()
}
