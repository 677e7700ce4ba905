"""What crosses the wire about compartments."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.children.schemas import FollowUpOut
from services.registry.compartments.terms import (
    Compartment,
    CompartmentEntryAct,
    CompartmentEntryReason,
    CompartmentEntryState,
    UrgencyState,
)
from services.registry.duties.schemas import ResponsibleOut
from services.registry.duties.terms import Step
from services.registry.key_care.terms import Category
from shared.vocabulary import Department

_NO_NUL = r"^[^\x00]*$"
Short = Annotated[str, StringConstraints(max_length=300)]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_NUL)]
LevelName = Annotated[str, StringConstraints(min_length=1, max_length=30, pattern=r"^[a-z0-9_]+$")]
OfficeName = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[a-z_]+$")]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
_LEVEL = "of the place's scale: `green` 绿, `yellow` 黄, `orange` 橙, `red` 红; or `1` to `3` of a school's file"


def _checked_note(reason: CompartmentEntryReason, note: str) -> None:
    if reason == CompartmentEntryReason.OTHER and not note.strip():
        raise PydanticCustomError("note_required", "Say in the note what the other reason is.")


class CompartmentEntryIn(BaseModel):
    """A child to be put into a compartment."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "level": "yellow",
                    "reason": "assessed",
                    "note": "经评估存在情绪问题",
                }
            ]
        },
    )

    child_id: UUID
    level: LevelName | None = Field(
        default=None, description=f"where the compartment has levels, and required there; {_LEVEL}"
    )
    trigger: Category | None = Field(
        default=None,
        description="of a key protectee, and required there: the confirmed hardship that brings the child in",
    )
    reason: CompartmentEntryReason
    note: Note = Field(default="", description="Sealed; not of files that schools keep.")
    reference: Reference | None = Field(
        default=None, description="the school's own number of the file, whose content stays there"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _checked_note(self.reason, self.note)
        return self


class CompartmentActIn(BaseModel):
    """One act in an entry."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "act": "propose_lowering",
                    "level": "green",
                    "reason": "improved",
                    "evidence": "连续三次评估正常",
                }
            ]
        },
    )

    act: CompartmentEntryAct
    level: LevelName | None = Field(
        default=None, description=f"of `set_level` and `propose_lowering`; {_LEVEL}"
    )
    reason: CompartmentEntryReason
    evidence: Note = Field(
        default="", description="of `propose_lowering`, and required there (佐证); sealed"
    )
    to: OfficeName | None = Field(
        default=None, description="of `hand_over`: to whom the place hands the list over"
    )
    note: Note = Field(default="", description="Sealed; not of files that schools keep.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _checked_note(self.reason, self.note)
        named = self.act in (CompartmentEntryAct.SET_LEVEL, CompartmentEntryAct.PROPOSE_LOWERING)
        if (self.level is not None) != named:
            raise PydanticCustomError(
                "unfitting_level", "Setting or proposing a level names one, and nothing else does."
            )
        if bool(self.evidence.strip()) != (self.act == CompartmentEntryAct.PROPOSE_LOWERING):
            raise PydanticCustomError(
                "unfitting_evidence",
                "Proposing to lower a level takes evidence, and nothing else does.",
            )
        if (self.to is not None) != (self.act == CompartmentEntryAct.HAND_OVER):
            raise PydanticCustomError(
                "unfitting_office", "Handing over names an office, and nothing else does."
            )
        return self


class CompartmentActOut(BaseModel):
    """One act, with who did it and why."""

    act: CompartmentEntryAct
    department: Department
    actor: Short
    at: datetime
    reason: CompartmentEntryReason
    evidence: Annotated[str, StringConstraints(max_length=2000)] | None = None
    to: OfficeName | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None


_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120031",
    "compartment": "psychological_risk",
    "place": "150203000000",
    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "level": "yellow",
    "state": "open",
    "opened_at": "2026-11-20T09:00:00Z",
    "level_since": "2026-11-20T09:00:00Z",
    "follow_up": "no_interval_configured",
}


_URGENT: dict[str, Any] = {
    **_EXAMPLE,
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120032",
    "level": "red",
    "urgent_since": "2026-11-20T09:00:00Z",
    "urgent": {
        "state": "within_limit",
        "step": "village",
        "due_at": "2026-11-21T09:00:00Z",
        "responsible": {
            "step": "village",
            "division": "150203001001",
            "kind": "child_director",
            "post": "0195f3f2-5a6e-7c1b-9a53-0242ac120055",
        },
    },
    "uncovered": True,
}


class CompartmentUrgencyOut(BaseModel):
    """The urgent task (紧急任务) of the highest level, until somebody follows it up."""

    state: UrgencyState
    step: Step = Field(
        description="the layer to which it has come: one more each time the limit passes; the county's at once without a limit"
    )
    due_at: datetime | None = Field(
        default=None, description="absent: the place's rules set no limit"
    )
    responsible: ResponsibleOut


class CompartmentEntryMark(BaseModel):
    """An entry as a list shows it.  Whoever may see the level alone gets no more than `child` and `level`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE, _URGENT]})

    id: UUID
    compartment: Compartment
    place: Division = Field(description="the county that keeps it")
    child: UUID | None = Field(default=None, description="where you may see the child")
    level: LevelName | None = Field(default=None, description=_LEVEL)
    state: CompartmentEntryState | None = None
    opened_at: datetime | None = None
    level_since: datetime | None = None
    urgent_since: datetime | None = Field(
        default=None, description="the highest level, which nobody has followed up yet (紧急任务)"
    )
    urgent: CompartmentUrgencyOut | None = None
    uncovered: bool | None = Field(
        default=None,
        description="the place's scale covers children in need of key care, and this one stands in no ledger: a person enters"
        " it there, or closes this (非重点关爱服务对象，待处理)",
    )
    proposed_level: LevelName | None = Field(
        default=None, description="a lower level that waits for a second person"
    )
    follow_up: Literal["within_interval", "overdue", "no_interval_configured"] | None = Field(
        default=None,
        description="whether the child is to be seen again (分级跟踪): `within_interval` 未到期, `overdue` 已逾期,"
        " `no_interval_configured` 未配置间隔",
    )
    follow_up_due_on: date | None = None
    handed_to: OfficeName | None = None
    clause: Short | None = Field(default=None, description="the rule of the place behind it")


class CompartmentEntryOut(CompartmentEntryMark):
    """An entry with its acts, for those who may read its content."""

    department: Department | None = None
    actor: Short | None = None
    reason: CompartmentEntryReason | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    reference: Annotated[str, StringConstraints(max_length=100)] | None = None
    trigger: Category | None = None
    acts: list[CompartmentActOut] | None = Field(default=None, max_length=1000)


class CompartmentEntriesOut(BaseModel):
    """A page of entries, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_EXAMPLE]}]})

    entries: list[CompartmentEntryMark] = Field(max_length=500)
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="cursor of the next page"
    )


class CompartmentEntriesOfChildOut(BaseModel):
    """A child's entries in one compartment; none, where it is not in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_EXAMPLE]}]})

    entries: list[CompartmentEntryOut] = Field(max_length=100)
    follow_ups: list[FollowUpOut] | None = Field(
        default=None, max_length=20, description="后续权益 that being in it gives the child"
    )


class CompartmentUseOut(BaseModel):
    """Who used an entry, and for what."""

    at: datetime
    client: Short
    department: Department
    actor: Short
    purpose: Short
    operation: Short


class CompartmentUsesOut(BaseModel):
    """The latest uses of an entry, at most 500, the latest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "uses": [
                        {
                            "at": "2026-11-20T09:00:00Z",
                            "client": "civil_affairs-150203",
                            "department": "civil_affairs",
                            "actor": "staff-7",
                            "purpose": "key_care",
                            "operation": "compartments.read",
                        }
                    ]
                }
            ]
        }
    )

    uses: list[CompartmentUseOut] = Field(max_length=500)
