"""A notice as its reader may see it."""

from datetime import datetime

from services.notifications.notices.models import Notice
from services.notifications.notices.pressing import waiting
from services.notifications.notices.schemas import NoticeOut
from services.notifications.notices.states import SENT, State, overdue
from shared.auth import Caller
from shared.divisions import text_of
from shared.references import References


def shown(
    notice: Notice, caller: Caller, references: References, days: int | None, now: datetime
) -> NoticeOut:
    """The representation for this caller; ``days`` is the configured deadline, if any."""
    state = State(notice.state)
    reference = references.make(notice.child, caller.client) if notice.child else None
    return NoticeOut.model_validate(
        {
            **notice.model_dump(
                include={
                    "id",
                    "kind",
                    "direction",
                    "toward",
                    "state",
                    "version",
                    "peer",
                    "entry",
                    "outcome",
                    "handover",
                    "effective_on",
                    "settled",
                    "replaces",
                    "replaced_by",
                    "created_at",
                    "issued_at",
                    "delivered_at",
                    "read_at",
                    "accepted_at",
                    "ended_at",
                }
            ),
            "origin_county": text_of(notice.origin_county),
            "target_county": text_of(notice.target_county),
            "receiver": notice.receiver_name,
            "unroutable": state in SENT and notice.receiver_name is None,
            "overdue": overdue(state, notice.issued_at, days, now),
            "waiting": waiting(notice, days, now),
            "reference": reference,
            "hukou_division": text_of(notice.hukou_division) if notice.hukou_division else None,
        }
    )
