"""What crosses the wire when the opaque references of events and notices are read."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, Text
from services.registry.records.feeds.item import IdKind, Relation, Sex
from services.registry.status import Status
from shared.limits import MAX_REFERENCES_READ


class ReferencesIn(BaseModel):
    """Opaque references from events and notices, read in one call."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"references": ["np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq"]}]
        },
    )

    references: list[Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{52}$")]] = Field(
        min_length=1, max_length=MAX_REFERENCES_READ
    )


class PlainPlace(BaseModel):
    """A hukou place (户籍地) or a residence place (居住地)."""

    division: Division | None = Field(default=None, description="行政区划代码")
    address: Text | None = Field(default=None, description="地址")
    since: date | None = Field(default=None, description="first day of living there")


class PlainGuardian(BaseModel):
    """A parent or another guardian (监护人)."""

    name: Text | None = Field(default=None, description="姓名")
    relation: Relation | None = None
    id_number: Text | None = Field(default=None, description="公民身份号码")
    phone: Text | None = Field(default=None, description="联系电话")


class PlainChild(BaseModel):
    """A child in the shape of an intake item's common block, for systems that take it into their own."""

    id: UUID | None = Field(default=None, description="the child's id here; not for another hub")
    name: Text | None = Field(default=None, description="姓名")
    id_number: Text | None = Field(default=None, description="公民身份号码, or as `id_kind` says")
    id_kind: IdKind | None = None
    sex: Sex | None = None
    birth_date: Text | None = Field(default=None, description="出生日期")
    hukou: PlainPlace | None = None
    residence: PlainPlace | None = None
    guardians: list[PlainGuardian] | None = Field(
        default=None, max_length=100, description="监护人"
    )
    status: Status | None = None


class ReferenceOut(BaseModel):
    """What one reference (不透明引用) stands for."""

    reference: Text
    found: bool = Field(description="false: not yours to see, or no longer there")
    child: PlainChild | None = None


class ReferencesOut(BaseModel):
    """One result for each reference, in the order of the request; one sent twice is answered twice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "results": [
                        {
                            "reference": "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq",
                            "found": True,
                            "child": {
                                "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                                "name": "示小满",
                                "sex": "female",
                                "birth_date": "2017-05-03",
                                "hukou": {"division": "371721000000"},
                                "residence": {"division": "500103000000", "since": "2025-02-20"},
                                "guardians": [{"name": "示大山", "relation": "father"}],
                                "status": "migrant",
                            },
                        },
                        {
                            "reference": "h37ka3pp2nfkldag6ayhtlbwcihbnl77xp5imgphkhhg73k7q5oa",
                            "found": False,
                        },
                    ]
                }
            ]
        }
    )

    results: list[ReferenceOut] = Field(max_length=MAX_REFERENCES_READ)
