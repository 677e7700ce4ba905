"""What crosses the wire about key care."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import ChildOut, Text
from services.registry.key_care.terms import (
    CareState,
    Category,
    DecisionKind,
    KeyCareReason,
    ShieldReason,
    UnshieldReason,
)
from shared.limits import MAX_PAGE

Note = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[^\x00]*$"),
    Field(description="In the person's own words; sealed, and shown to civil affairs alone."),
]


class EvidenceOut(BaseModel):
    """A record (依据) that speaks for the category today."""

    record: UUID
    feed: Text


class DecisionOut(BaseModel):
    """What a person decided about this entry."""

    decision: DecisionKind
    reason: KeyCareReason
    decided_at: datetime
    actor: Text
    note: Note | None = None


class EntryOut(BaseModel):
    """One child and one hardship category, as far as the caller's department and purpose may see it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a01",
                    "category": "family_hardship",
                    "state": "proposed",
                    "since": "2026-03-02T04:00:00Z",
                    "clause": "二(五)",
                    "handling": "ledger",
                    "shielded": False,
                    "child": {
                        "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                        "fields": {"name": {"value": "示小明"}},
                        "status": {"status": "migrant", "reasons": [], "missing": []},
                    },
                }
            ]
        }
    )

    id: UUID
    category: Category
    state: CareState
    since: datetime = Field(description="when it came into this state")
    clause: Text | None = Field(default=None, description="the clause of the plan that asks for it")
    handling: Text | None = Field(
        default=None, description="处理方式: `ledger` 列入台账, `accept_promptly` 及时受理"
    )
    unsure: list[Text] | None = Field(
        default=None,
        max_length=10,
        description="conditions of the clause that no record settles: a person must",
    )
    evidence: list[EvidenceOut] | None = Field(default=None, max_length=1000)
    shielded: bool | None = None
    child: ChildOut
    decisions: list[DecisionOut] | None = Field(
        default=None, max_length=200, description="oldest first; only where one entry is read"
    )


class EntriesOut(BaseModel):
    """A page of key care (重点关爱台账)."""

    entries: list[EntryOut] = Field(max_length=MAX_PAGE)
    next: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="send it as `cursor` for the next page; absent on the last"
    )


class KeyCareDecisionIn(BaseModel):
    """A person's decision about one entry."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"decision": "confirm", "reason": "verified", "note": "已入户核实"}]
        },
    )

    decision: DecisionKind
    reason: KeyCareReason
    note: Note = ""


class KeyCareOpeningIn(BaseModel):
    """Key care opened by hand: for a migrant child or not, whatever the place's rules name."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "category": "vagrancy",
                    "reason": "found_by_visit",
                    "note": "街面巡查发现",
                }
            ]
        },
    )

    child_id: UUID
    category: Category
    reason: KeyCareReason
    note: Note = ""


class OpenedOut(BaseModel):
    """The entry that was opened by hand (人工开启)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a01",
                    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "decision": "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
                }
            ]
        }
    )

    id: UUID = Field(description="the entry; read it at `Location`")
    child: UUID
    decision: UUID


class ShieldIn(BaseModel):
    """Why a child's address is to be hidden (地址保密)."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"reason": "domestic_violence", "note": "已签发保护令"}]},
    )

    reason: ShieldReason
    note: Note = ""


class UnshieldIn(BaseModel):
    """Why a child's address may be shown again (解除地址保密)."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"reason": "danger_past"}]},
    )

    reason: UnshieldReason
    note: Note = ""


class ShieldedOut(BaseModel):
    """The decision (决定) that was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "decision": "0195f3f2-5a6e-7c1b-9a53-0242ac120003",
                }
            ]
        }
    )

    child: UUID
    decision: UUID
