"""What crosses the wire about break-glass."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.vocabulary import Department

Text = Annotated[str, StringConstraints(max_length=300)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Reasoned = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$"),
]


class Emergency(StrEnum):
    """Why the glass is broken (紧急情形); ``other`` needs a note.

    `life_in_danger` 生命危险, `injured_or_ill` 伤病, `found_alone` 独自被发现, `missing` 失踪,
    `violence_suspected` 疑似遭受侵害, `other` 其他.
    """

    LIFE_IN_DANGER = "life_in_danger"
    INJURED_OR_ILL = "injured_or_ill"
    FOUND_ALONE = "found_alone"
    MISSING = "missing"
    VIOLENCE_SUSPECTED = "violence_suspected"
    OTHER = "other"


class BreakGlassIn(BaseModel):
    """One child, by ID number, or by name together with birth date, or by all of them; and why."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "示小明",
                    "birth_date": "2017-05-03",
                    "reason": "found_alone",
                    "note": "火车站独自一人",
                }
            ]
        },
    )

    id_number: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")] | None = None
    name: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] | None = None
    birth_date: date | None = None
    reason: Emergency
    note: Note = Field(default="", description="Sealed, and shown to reviewers alone.")


class Side(StrEnum):
    """Which of a child's two places: `residence` 居住地, `hukou` 户籍地."""

    RESIDENCE = "residence"
    HUKOU = "hukou"


class ContactState(StrEnum):
    """Whether the duty contact (值班联系人) is known: `configured` 已配置, `not_configured` 未配置, `place_unknown` 地点不明."""

    CONFIGURED = "configured"
    NOT_CONFIGURED = "not_configured"
    PLACE_UNKNOWN = "place_unknown"


class ContactOut(BaseModel):
    """The civil affairs office on duty for one of the child's two places."""

    side: Side
    state: ContactState
    office: Text | None = None
    phone: Text | None = None


class BreakGlassOut(BaseModel):
    """All that break-glass tells.  ``found`` false: nobody, or more than one child, fits what you gave."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "found": True,
                    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "expires_at": "2026-11-20T09:00:00Z",
                    "key_care": True,
                    "contacts": [
                        {
                            "side": "residence",
                            "state": "configured",
                            "office": "示例区民政局值班室",
                            "phone": "023-00000000",
                        },
                        {"side": "hukou", "state": "not_configured"},
                    ],
                }
            ]
        }
    )

    found: bool
    id: UUID | None = None
    expires_at: datetime | None = None
    key_care: bool | None = Field(
        default=None, description="whether the child stands on a key-care list (重点关爱)"
    )
    contacts: list[ContactOut] | None = Field(
        default=None,
        max_length=2,
        description="empty for a shielded child: its duty offices were alerted and will call back",
    )


class Judgement(StrEnum):
    """What a reviewer makes of an opening (事后审查): `justified` 理由成立, `unjustified` 理由不成立."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


class BreakGlassReviewIn(BaseModel):
    """What a second person makes of an opening."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"verdict": "justified", "reason": "医院来电核实"}]},
    )

    verdict: Judgement
    reason: Reasoned = Field(description="Sealed, like the opener's note.")


class SubjectOut(BaseModel):
    """Who did it: a client (接入客户端) and its acting person (操作人)."""

    client: Text
    actor: Text


class BreakGlassOpeningOut(BaseModel):
    """An opening as its reviewers see it."""

    id: UUID
    child: UUID
    opened_by: SubjectOut
    department: Department
    reason: Emergency
    note: Text = Field(max_length=500)
    opened_at: datetime
    expires_at: datetime = Field(
        description="equal to `opened_at` where nothing was told, since several children fitted alike: "
        "call the opener, and look for records that are false"
    )
    verdict: Judgement | None = None
    review: Text | None = Field(default=None, max_length=500)
    reviewed_by: SubjectOut | None = None
    reviewed_at: datetime | None = None


class BreakGlassOpeningsOut(BaseModel):
    """A page of openings (紧急查询记录)."""

    openings: list[BreakGlassOpeningOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)
