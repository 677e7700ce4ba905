"""What crosses the wire about searches by partial evidence."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import CHILD_EXAMPLE, ChildOut
from services.registry.links.schemas import Waterfall
from services.registry.records.feeds.item import Sex
from shared.limits import MAX_FOUND_CHILDREN

Short = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Long = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$")]


class GuardianSought(BaseModel):
    """What is known of a parent or another guardian (监护人)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Short | None = None
    id_number: Short | None = None
    phone: Short | None = None


class EvidenceIn(BaseModel):
    """Whatever is known of a child, dirt included; as much as a child can be looked up by (422 `criteria` says what)."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "示小满",
                    "birth_date": "2017-05-03",
                    "guardians": [{"name": "示大山", "phone": "14200000001"}],
                }
            ]
        },
    )

    name: Short | None = Field(
        default=None, description="姓名, as heard: homophones and variants are found"
    )
    former_name: Short | None = Field(default=None, description="曾用名")
    id_number: Short | None = Field(
        default=None, description="公民身份号码; one slip in it is forgiven"
    )
    birth_date: date | None = Field(default=None, description="出生日期")
    sex: Sex | None = None
    phone: Short | None = Field(default=None, description="联系电话")
    guardians: list[GuardianSought] = Field(default=[], max_length=8)
    hukou_division: Division | None = Field(default=None, description="户籍地 (GB/T 2260)")
    residence_division: Division | None = Field(default=None, description="居住地 (GB/T 2260)")
    residence_address: Long | None = Field(
        default=None, description="居住地址; counts with `residence_division` alone"
    )
    school: Long | None = Field(default=None, description="就读学校")


class FoundOut(BaseModel):
    """A child whom the evidence may describe."""

    child: ChildOut
    likely: bool = Field(
        description="whether a record that says this would be linked to this child"
    )
    evidence: Waterfall


_FOUND: dict[str, Any] = {
    "child": CHILD_EXAMPLE,
    "likely": True,
    "evidence": {
        "comparisons": [{"comparison": "name", "level": "homophone", "weight": 9.4}],
        "whole": False,
    },
}


class FoundsOut(BaseModel):
    """The likeliest first; children whom you may not see are not among them, and nothing tells of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"found": [_FOUND]}]})

    found: list[FoundOut] = Field(max_length=MAX_FOUND_CHILDREN)
