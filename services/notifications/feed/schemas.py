"""The items that receivers get, by webhook or from the feed."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.notifications.deliveries import payloads
from services.notifications.schemas import CodeText, Moment, Reply
from shared.limits import MAX_PAGE


class ItemData(Reply):
    """What an item says: where, and in which order; never of whom or what."""

    county: CodeText
    """The county that it concerns, always one inside the receiver's area."""
    lane: UUID
    """This receiver's lane for this child, or this case."""
    number: Annotated[int, Field(ge=1, le=2**63 - 1)]
    """Counts this lane's items from 1 without gaps."""
    notice: UUID | None = None
    """The notice to read, where there is one."""
    case: UUID | None = None
    """The case (个案) that waits for you, to be read at the registry."""


def _example(item: int, subject: str, type_: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"0198c1f0-0000-8000-8000-00000000001{item}",
        "source": "urn:hutong:example-city",
        "type": type_,
        "subject": subject,
        "time": "2026-11-20T08:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "county": "371721000000",
            "lane": f"0198c1f0-0000-7000-8000-00000000002{item}",
            "number": 1,
            **data,
        },
    }


UPDATED_EXAMPLE = _example(
    1, "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq", payloads.UPDATED
)
NOTICE_EXAMPLE = _example(
    2,
    "h37ka3pp2nfkldag6ayhtlbwcihbnl77xp5imgphkhhg73k7q5oa",
    payloads.NOTICE,
    notice="0198c1ef-1111-7000-8000-000000000001",
)


CASE_EXAMPLE = _example(3, "", payloads.WAITING, case="0198c1ef-5555-7000-8000-000000000001")
del CASE_EXAMPLE["subject"]


class ItemOut(Reply):
    """A CloudEvents 1.0 event: what one receiver is told about one child, or that a case waits for it."""

    model_config = ConfigDict(json_schema_extra={"example": UPDATED_EXAMPLE})

    specversion: Literal["1.0"]
    id: UUID
    """Stays the same over all deliveries, and between webhook and feed."""
    source: Annotated[str, Field(max_length=100)]
    type: Literal["cn.hutong.child.updated", "cn.hutong.notice", "cn.hutong.case.waiting"]
    """`cn.hutong.child.updated` 儿童信息更新 (`subject` is the child), `cn.hutong.notice` 通知单 (`data.notice`),
    `cn.hutong.case.waiting` 个案待办 (`data.case`, without a `subject`)."""
    subject: Annotated[str | None, Field(max_length=80)] = None
    """The receiver's own opaque reference of the child, to be read at the registry."""
    time: Moment
    datacontenttype: Literal["application/json"]
    data: ItemData


class EventsPageOut(Reply):
    """A page of the event feed (事件流): the items that follow what you last confirmed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [UPDATED_EXAMPLE, NOTICE_EXAMPLE, CASE_EXAMPLE], "next": "AQ…"}
        }
    )

    items: Annotated[list[ItemOut], Field(max_length=MAX_PAGE)]
    next: Annotated[str, Field(max_length=500)]
    """Pass it as ``after`` to confirm these items and get the following ones; also when there were none."""
