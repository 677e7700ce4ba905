"""What hubs send one another: CloudEvents envelopes, thin, signed."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.notifications.deliveries import payloads
from services.notifications.notices.issuing import Kind, Toward
from services.notifications.notices.states import Outcome
from services.notifications.schemas import Instant, PlaceText, Reference, Reply, Wire, Word
from shared.days import AskedDay


class Envelope(BaseModel):
    """CloudEvents 1.0; extension attributes of a newer peer are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: Word
    source: Annotated[
        str, StringConstraints(max_length=100, pattern=r"^urn:hutong:[a-z][a-z0-9-]*$")
    ]
    audience: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z][a-z0-9-]*$")]
    """The receiving hub's name, so that no hub can pass a message on in the sender's name."""
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"


class PeerNoticeData(Wire):
    notice: UUID
    """The issuing hub's id of the notice."""
    kind: Kind
    county: PlaceText
    """The county that the notice is for."""
    origin_county: PlaceText
    """The county that tells."""
    toward: Toward = Toward.HUKOU
    """What the county is to the child."""


class PeerNoticeIn(Envelope):
    type: Literal["cn.hutong.peer.notice"]
    subject: Reference
    settles: bool = False
    """Of a handover: that the issuing hub answers an acceptance by a receipt, `kept` or `withdrawn`.  Beside the data, so that a
    hub of an older make ignores it; and where it is missing nobody accepts."""
    data: PeerNoticeData


class PeerAnswerData(Wire):
    notice: UUID
    outcome: Outcome
    hukou_county: PlaceText | None = None
    effective_on: AskedDay | None = None
    """Of a handover that is taken: the first day on which the answering county has the child's file."""


class PeerAnswerIn(Envelope):
    type: Literal["cn.hutong.peer.answer"]
    data: PeerAnswerData


class PeerReceiptData(Wire):
    notice: UUID
    state: Literal["read", "accepted", "refused", "withdrawn", "kept"]
    """`read` 已阅, `accepted` 已受理, `refused` 已退回; `kept` 已确认 says to whoever accepted a handover that the giving hub's
    registry has it so; `withdrawn` 已撤销, that the notice was taken back, and such an acceptance is void."""


class PeerReceiptIn(Envelope):
    type: Literal["cn.hutong.peer.receipt"]
    data: PeerReceiptData


class TakenOut(Reply):
    """What was taken over; sending it again is harmless."""

    taken: bool = True


def example(type_: str, subject: str | None, data: dict[str, Any]) -> dict[str, Any]:
    made = {
        "specversion": "1.0",
        "id": "0198c1f0-0000-8000-8000-000000000001",
        "source": "urn:hutong:example-city",
        "audience": "other-city",
        "type": type_,
        "time": "2026-11-20T08:00:00Z",
        "datacontenttype": "application/json",
        "data": data,
    }
    return made if subject is None else {**made, "subject": subject}


_NOTICE = "0198c1ef-1111-7000-8000-000000000001"
NOTICE_EXAMPLE = {"settles": True} | example(
    payloads.PEER_NOTICE,
    "np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq",
    {
        "notice": _NOTICE,
        "kind": "arrived",
        "county": "371721000000",
        "origin_county": "500103000000",
        "toward": "hukou",
    },
)
ANSWER_EXAMPLE = example(
    payloads.PEER_ANSWER,
    None,
    {"notice": _NOTICE, "outcome": "confirmed", "hukou_county": "371721000000"},
)
RECEIPT_EXAMPLE = example(payloads.PEER_RECEIPT, None, {"notice": _NOTICE, "state": "read"})
