"""Notices on the wire."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.notifications.notices.issuing import Kind, Toward
from services.notifications.notices.states import AnswerDue, Outcome, Settled, State
from services.notifications.schemas import CodeText, DivisionText, Moment, Reference, Reply, Wire
from shared.days import AskedDay
from shared.limits import MAX_PAGE

EXAMPLE: dict[str, Any] = {
    "id": "0198c1ef-1111-7000-8000-000000000001",
    "kind": "arrived",
    "direction": "local",
    "toward": "hukou",
    "state": "delivered",
    "version": 3,
    "origin_county": "500103000000",
    "target_county": "500235000000",
    "receiver": "civil-500235",
    "unroutable": False,
    "overdue": False,
    "waiting": "no",
    "reference": "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq",
    "created_at": "2026-11-20T08:00:00Z",
    "issued_at": "2026-11-20T08:00:00Z",
    "delivered_at": "2026-11-20T08:00:02Z",
}


class NoticeOut(Reply):
    """A notice (通知单): what one place tells or asks another about one child."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    kind: Kind
    direction: Literal["local", "outgoing", "incoming"]
    """`local` 本枢纽内, `outgoing` to a peer hub 发往对端, `incoming` from one 来自对端; the list's parameter of that name goes by
    your area instead."""
    toward: Toward
    """What the target county is to the child."""
    state: State
    version: Annotated[int, Field(ge=1)]
    """The ETag is this number in quotation marks."""
    origin_county: CodeText
    """The county that tells (告知地)."""
    target_county: CodeText
    """The county that is told (被告知地)."""
    receiver: Annotated[str | None, Field(max_length=100)] = None
    """The authority that has it."""
    peer: Annotated[str | None, Field(max_length=32)] = None
    """The other hub (对端枢纽), where one is concerned."""
    unroutable: bool = False
    """Issued, but no authority is known for the target county; it is handed over as soon as there is one."""
    overdue: bool = False
    """No end within the configured days (逾期); a flag, never an end."""
    waiting: AnswerDue = AnswerDue.NO
    """Whether an answer is owed (答复时限), or, to an acceptance of your county's, the word of the giving hub.  What is `overdue`,
    and what nobody has configured a limit of, is to be pressed for."""
    reference: Annotated[str | None, Field(max_length=80)] = None
    """Your own reference of the child, to be read at the registry; absent for a peer hub's notice."""
    entry: UUID | None = None
    """For a peer hub's notice: the registry's entry with the facts that came with it."""
    outcome: Outcome | None = None
    hukou_division: CodeText | None = None
    """Where the child is registered, as answered (答复的户籍地)."""
    handover: UUID | None = None
    """Your registry's id of the handover (移交) that it proposes."""
    effective_on: date | None = None
    """From which day the target county takes the child's file, as answered (生效日)."""
    settled: Settled | None = None
    """Whether the giving hub has an acceptance so (接收结果): until it says, the giving county has the file."""
    replaces: UUID | None = None
    replaced_by: UUID | None = None
    created_at: Moment
    issued_at: Moment | None = None
    delivered_at: Moment | None = None
    read_at: Moment | None = None
    accepted_at: Moment | None = None
    ended_at: Moment | None = None


class NoticesOut(Reply):
    """A page of notices (通知单), oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"notices": [EXAMPLE]}})

    notices: Annotated[list[NoticeOut], Field(max_length=MAX_PAGE)]
    next: Annotated[str | None, Field(max_length=500)] = None
    """Pass it as ``after`` for the next page; absent on the last."""


class EnquiryIn(Wire):
    """A question about one child to the other side: to its hukou place or to where it lives."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "qualification_enquiry",
                "reference": "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq",
                "to": "hukou",
            }
        }
    )

    kind: Literal["qualification_enquiry"] = "qualification_enquiry"
    reference: Reference | None = None
    """Your reference of the child."""
    child: UUID | None = None
    """Or the child's id at the registry."""
    to: Literal["hukou", "residence"] | None = None
    """Which side to ask, `hukou` 户籍地 or `residence` 居住地; without it the one that is not yours."""

    @model_validator(mode="after")
    def _one_child(self) -> Self:
        if (self.reference is None) == (self.child is None):
            raise PydanticCustomError("one_child", "Give reference or child: one of the two.")
        return self


class AnswerIn(Wire):
    """What your place says about the child (答复)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"outcome": "confirmed", "hukou_division": "500235000000"}}
    )

    outcome: Outcome
    hukou_division: DivisionText | None = None
    """Where the child is registered, as far as you know: a code that is or was in force; confirmed, one in your area."""
    effective_on: AskedDay | None = None
    """Of a handover that you confirm, and required there: from which day your county answers for the child."""
