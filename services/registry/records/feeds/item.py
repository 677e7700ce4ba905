"""The block common to every feed: whose record it is, of which child, seen by which office when.

An *item* is one pushed JSON object. Whatever a source does not know it leaves out or sends as
null; only the key (source id, version), the day of observation, the pushing office's place and
the child object itself are required.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.wire import (
    Address,
    DateText,
    Day,
    DivisionText,
    Label,
    Name,
    NullAsEmpty,
    Number,
    Phone,
    SourceId,
    Version,
    Wire,
)


class IdKind(StrEnum):
    """Kind of `id_number` (证件类型): `resident_id` 居民身份证, `birth_certificate` 出生医学证明, `passport` 护照, `other` 其他."""

    RESIDENT_ID = "resident_id"
    BIRTH_CERTIFICATE = "birth_certificate"
    PASSPORT = "passport"
    OTHER = "other"


class Sex(StrEnum):
    """Sex (性别): `male` 男, `female` 女, `unknown` 不详."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Relation(StrEnum):
    """What a guardian (监护人) is to the child.

    `father` 父亲, `mother` 母亲, `grandfather` (外)祖父, `grandmother` (外)祖母, `other_relative` 其他亲属, `other` 其他.
    """

    FATHER = "father"
    MOTHER = "mother"
    GRANDFATHER = "grandfather"
    GRANDMOTHER = "grandmother"
    OTHER_RELATIVE = "other_relative"
    OTHER = "other"


class Company(StrEnum):
    """Who lives with the child (随行监护情况).

    `both_parents` 父母双方, `one_parent` 父母一方, `other_guardian` 其他监护人, `none` 无, `unknown` 不详.
    """

    BOTH_PARENTS = "both_parents"
    ONE_PARENT = "one_parent"
    OTHER_GUARDIAN = "other_guardian"
    NONE = "none"
    UNKNOWN = "unknown"


class Child(Wire):
    """The child as this source knows it; nothing is corrected before it is stored."""

    name: Name | None = None
    """Name as written by the source (姓名)."""
    id_number: Number | None = None
    """Resident identity number (公民身份号码), or another number as `id_kind` says."""
    id_kind: IdKind | None = None
    """Kind of `id_number`; absent means a resident identity number."""
    sex: Sex | None = None
    """Sex as the source states it (性别), whatever the number says."""
    birth_date: DateText | None = None
    """Birth date as text: 2017-05-03 is preferred, other notations are kept and read leniently."""
    ethnicity: Label | None = None
    """Ethnic group (民族)."""
    former_name: Name | None = None
    """An earlier name (曾用名)."""
    phone: Phone | None = None
    """The child's own phone number."""


class Guardian(Wire):
    """A parent or another guardian (监护人)."""

    name: Name | None = None
    """Name as written by the source."""
    relation: Relation | None = None
    """What this person is to the child."""
    id_number: Number | None = None
    """Resident identity number of the guardian."""
    phone: Phone | None = None
    """Phone number of the guardian."""


class Hukou(Wire):
    """Where the child is registered (户籍地)."""

    division: DivisionText | None = None
    """Division code of the registration, county level or finer."""
    address: Address | None = None
    """Registered address as written by the source."""


class Residence(Wire):
    """Where the child lives (居住地) as this source knows it."""

    division: DivisionText | None = None
    """Division code of the home, county level or finer."""
    address: Address | None = None
    """Address as written by the source."""
    since: Day | None = None
    """First day of living there, when known."""
    until: Day | None = None
    """Last day of living there (迁出时间), when it has ended."""


class Item(Wire):
    """What every pushed item says, whatever its feed."""

    source_id: SourceId
    """The source's own, unchanging id of this entry; one event is one entry."""
    version: Version
    """Version of the entry, counted by the source: a correction is the next version."""
    observed_on: Day
    """The day the source saw what it reports."""
    division: DivisionText
    """Place of the pushing office; it must lie inside the caller's grant."""
    source: SourceId | None = None
    """For a platform that relays several systems: which of its granted sources speaks."""
    child: Child
    """The child; `{}` when the source knows nothing of it."""
    guardians: Annotated[tuple[Guardian, ...], Field(max_length=8), NullAsEmpty()] = ()
    """Guardians known to this source."""
    hukou: Hukou | None = None
    """Household registration as this source knows it."""
    residence: Residence | None = None
    """Home as this source knows it."""
