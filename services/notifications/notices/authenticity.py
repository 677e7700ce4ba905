"""Authenticity of answers: what an authority, or a peer hub, said of a notice is provable from the row and the audit key.

An answer decides where a child's hukou is, here or at the hub that asked.  So it is bound to the notice, to the child that it
was given for, and to who had the notice; of an answer that is not authentic nothing is passed on.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.notices.models import Notice
from shared import authenticity
from shared.database import raw
from shared.keys import KeySet

log = structlog.get_logger()
KIND = "answer"
#: What an answer is bound to; the rest of a notice changes after it.
COLUMNS = (
    "id",
    "kind",
    "direction",
    "toward",
    "answered_for",
    "reference",
    "origin_county",
    "target_county",
    "receiver_client",
    "peer",
    "remote_id",
    "outcome",
    "hukou_division",
    "ended_at",
    "handover",
    "effective_on",
    "settled",
)
#: Of notices of handover alone, so that older answers are as authentic as before.
_OF_HANDOVERS = ("handover", "effective_on")
#: Nor is it bound before it is said.
_SETTLED = "settled"


def _values(row: Mapping[str, Any]) -> list[object]:
    plain = [row[name] for name in COLUMNS if name not in (*_OF_HANDOVERS, _SETTLED)]
    more = [row[name] for name in _OF_HANDOVERS]
    settled = [] if row[_SETTLED] is None else [row[_SETTLED]]
    return plain if [*more, *settled] == [None, None] else [*plain, *more, *settled]


def vouch(keys: KeySet, notice: Notice) -> None:
    """Make the answer that stands on the notice an authentic one, given for the child of this moment.

    Of a notice of handover its refusal or withdrawal is an answer too: our registry is told of it.
    """
    notice.answered_for = notice.child
    notice.answer_mac = authenticity.mac(keys, KIND, _values(notice.model_dump()))


def settled(keys: KeySet, row: Mapping[str, Any], how: str) -> bytes:
    """The MAC of an answer that stands on a row, once the giving hub has settled it so."""
    return authenticity.mac(keys, KIND, _values({**row, _SETTLED: how}))


def authentic(keys: KeySet, row: Mapping[str, Any]) -> bool:
    """Whether the service wrote the answer in this row; logged where not."""
    if authenticity.authentic(keys, KIND, _values(row), row["answer_mac"]):
        return True
    log.error("answer.forged", notice=str(row["id"]))
    return False


async def faults_of(session: AsyncSession, keys: KeySet) -> AsyncIterator[str]:
    """Every notice with an answer, or the look of one, that is not as the service wrote it."""
    connection = await raw(session)
    after = UUID(int=0)
    while rows := await connection.fetch(
        f"SELECT {', '.join(COLUMNS)}, answer_mac FROM notices WHERE id > $1 AND (outcome IS NOT NULL"
        " OR answer_mac IS NOT NULL OR answered_for IS NOT NULL OR hukou_division IS NOT NULL"
        " OR pushed <> 'no' OR state = 'answered') ORDER BY id LIMIT 1000",
        after,
    ):
        for row in rows:
            if not authenticity.authentic(keys, KIND, _values(row), row["answer_mac"]):
                yield f"answer of notice {row['id']} was forged or changed"
        after = rows[-1]["id"]
