"""Features on the wire, as the registry sends them: bounded, dirt included."""

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from services.matching.linkage.normalization import Features

#: Of an invented child: a well-formed number, and a phone number that is assigned to nobody.
EXAMPLE_FEATURES: dict[str, JsonValue] = {
    "name": "示小满",
    "id_number": "371721201705030126",
    "id_kind": "resident_id",
    "birth_date": "2017-05-03",
    "sex": "female",
    "phone": "14200000001",
}
Short = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


Mark = Annotated[int, Field(ge=0, lt=2**32)]


class Mute(BaseModel):
    """Closed to unknown fields and silent about its values, which are personal."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class GuardianIn(Mute):
    name: Short | None = None
    relation: Short | None = None
    id_number: Short | None = None
    phone: Short | None = None


class FeaturesIn(Mute):
    """What a record says of a child; anything may be absent."""

    name: Short | None = None
    former_name: Short | None = None
    id_number: Short | None = None
    id_kind: Literal["resident_id", "birth_certificate", "passport", "other"] | None = None
    birth_date: Short | None = Field(
        default=None, description="As received, impossible days included."
    )
    sex: Literal["male", "female", "unknown"] | None = None
    phone: Short | None = None
    guardians: list[GuardianIn] = Field(default=[], max_length=8)
    hukou_division: Short | None = Field(default=None, description="GB/T 2260, 6, 9 or 12 digits.")
    hukou_address: Short | None = Field(default=None, description="As written by the source.")
    residence_division: Short | None = Field(
        default=None, description="GB/T 2260, 6, 9 or 12 digits."
    )
    residence_address: Short | None = Field(default=None, description="As written by the source.")
    school: Short | None = Field(default=None, description="Name of the school, or its code.")
    school_division: Short | None = Field(
        default=None, description="Place of the office that tells the school."
    )
    grade: Short | None = Field(default=None, description="Stage, grade and class as written.")
    observed_on: Short | None = Field(
        default=None, description="The day (ISO) on which the grade was so."
    )
    listed: list[Mark] = Field(
        default=[],
        max_length=2,
        description="Marks that this record shares with those that stood beside it in one register, in one season, of children"
        " born on the same day: the registry makes them, and they are compared for equality alone. A search takes no notice.",
    )

    def plain(self) -> Features:
        return cast("Features", self.model_dump(exclude_none=True, exclude_defaults=True))
