"""What crosses the wire about assessments and placements."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.assessments.terms import (
    FINDINGS,
    AssessmentFinding,
    AssessmentKind,
    Basis,
    PlacementActKind,
    PlacementKind,
    ReviewDue,
)
from services.registry.profiles.families.offices import Office
from services.registry.records.feeds.wire import Day

Short = Annotated[str, StringConstraints(max_length=300)]
Note = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


class AssessmentIn(BaseModel):
    """What an assessor found in a child's family."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "kind": "risk_assessment",
                    "finding": "high",
                    "assessed_on": "2026-02-20",
                    "note": "父亲长期酗酒，儿童多次独自过夜。",
                }
            ]
        },
    )

    child_id: UUID
    kind: AssessmentKind
    finding: AssessmentFinding
    assessed_on: Day
    note: Note = Field(default="", description="What was seen (评估说明); sealed.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.finding not in FINDINGS[self.kind]:
            raise PydanticCustomError(
                "unfitting_finding", "Not a finding of this kind of assessment."
            )
        return self


class AssessmentOut(BaseModel):
    """One assessment; `case` is the case that a high risk opened, or found open."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120041",
                    "kind": "risk_assessment",
                    "finding": "high",
                    "assessed_on": "2026-02-20",
                    "made_at": "2026-02-20T09:00:00Z",
                    "actor": "staff-7",
                    "case": "0195f3f2-5a6e-7c1b-9a53-0242ac120021",
                    "review": "no_interval_configured",
                }
            ]
        }
    )

    id: UUID
    kind: AssessmentKind
    finding: AssessmentFinding
    assessed_on: date
    made_at: datetime
    actor: Short
    note: Note | None = None
    case: UUID | None = None
    clause: Short | None = None
    review: ReviewDue
    review_on: date | None = None


class PlacementIn(BaseModel):
    """A child placed into care, or its family supported."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "kind": "temporary_care",
                    "performer": "protection_institution",
                    "basis": "guardian_consent",
                    "since": "2026-02-21",
                }
            ]
        },
    )

    child_id: UUID
    kind: PlacementKind
    performer: Office = Field(
        description="who takes care of the child, or supports its family: `civil_affairs` 民政, `education` 教育, `police` 公安,"
        " `health` 卫生健康, `disease_control` 疾控, `medical_insurance` 医保, `disabled_federation` 残联, `statistics` 统计,"
        " `business_environment` 营商局, `political_legal` 党委政法委, `justice` 司法行政, `court` 人民法院,"
        " `procuratorate` 人民检察院, `womens_federation` 妇联, `youth_league` 共青团, `women_children_committee` 妇儿工委办,"
        " `village_committee` 村（居）民委员会, `school` 学校, `protection_institution` 未成年人救助保护机构,"
        " `welfare_institution` 儿童福利机构"
    )
    basis: Basis = Basis.NEITHER
    since: Day
    note: Note = Field(
        default="", description="of a statutory ground: which, required there; sealed"
    )

    @model_validator(mode="after")
    def _cites(self) -> Self:
        if self.basis == Basis.STATUTORY_GROUND and not self.note.strip():
            raise PydanticCustomError("note_required", "A statutory ground is cited.")
        return self


class PlacementActIn(BaseModel):
    """What followed: looked at again, the consent withdrawn, or ended by a person."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"act": "review", "done_on": "2026-02-28"}]},
    )

    act: PlacementActKind
    done_on: Day
    note: Note = Field(default="", description="sealed")


class PlacementActOut(BaseModel):
    act: PlacementActKind
    done_on: date
    actor: Short
    at: datetime
    note: Note | None = None


_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120042",
    "kind": "temporary_care",
    "performer": "protection_institution",
    "basis": "guardian_consent",
    "since": "2026-02-21",
    "review": "no_interval_configured",
}


class PlacementMark(BaseModel):
    """A placement as a list shows it: nothing of what was written."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    child: UUID | None = None
    kind: PlacementKind
    performer: Short
    basis: Basis
    since: date
    ended_on: date | None = None
    consent_withdrawn_on: date | None = None
    clause: Short | None = None
    review: ReviewDue
    review_on: date | None = None


class PlacementOut(PlacementMark):
    note: Note | None = None
    acts: list[PlacementActOut] = Field(default=[], max_length=1000)


class GuardianshipOut(BaseModel):
    """All of a child's assessments and placements, the oldest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"assessments": [], "placements": [_EXAMPLE]}]}
    )

    assessments: list[AssessmentOut] = Field(max_length=500)
    placements: list[PlacementOut] = Field(max_length=500)


class PlacementsOut(BaseModel):
    """A page of placements that nobody has ended.  It may be short while `next` leads on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"placements": [_EXAMPLE]}]})

    placements: list[PlacementMark] = Field(max_length=500)
    next: Annotated[str, StringConstraints(max_length=500)] | None = None
