"""Authenticity of answers: what an authority, or a peer hub, said of a notice is provable from the row and the audit key.

An answer decides where a child's hukou is, here or at the hub that asked.  So it is bound to the notice, to the child that it
was given for, and to who had the notice; of an answer that is not authentic nothing is passed on.  So is what ends a notice without
an answer, where another hub hears of it: that it was withdrawn here, or refused.
"""

from collections.abc import Sequence

from services.notifications.notices.models import Notice
from shared.authenticity import Attested, Row
from shared.keys import KeySet

#: What an answer is bound to; the rest of a notice changes after it.
_COLUMNS = (
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


#: Notices that we took back from another hub, or sent back to it: it is told, so that has to be ours too.
ENDED_FOR_PEERS = (
    "(peer IS NOT NULL AND issued_at IS NOT NULL AND (direction, state) IN"
    " (('outgoing', 'withdrawn'), ('incoming', 'refused')))"
)


def _says(row: Row) -> Sequence[object]:
    plain = [row[name] for name in _COLUMNS if name not in (*_OF_HANDOVERS, _SETTLED)]
    more = [row[name] for name in _OF_HANDOVERS]
    settled = [] if row[_SETTLED] is None else [row[_SETTLED]]
    return plain if [*more, *settled] == [None, None] else [*plain, *more, *settled]


ANSWERS = Attested(
    kind="answer",
    table="notices",
    event="answer.forged",
    columns=_COLUMNS,
    says=_says,
    mac_column="answer_mac",
    name="answer of notice {id}",
    # Those with an answer, or the look of one.
    where="outcome IS NOT NULL OR answer_mac IS NOT NULL OR answered_for IS NOT NULL"
    f" OR hukou_division IS NOT NULL OR pushed <> 'no' OR state = 'answered' OR {ENDED_FOR_PEERS}",
)


def vouch(keys: KeySet, notice: Notice) -> None:
    """Make the answer that stands on the notice an authentic one, given for the child of this moment.

    Its refusal or withdrawal is bound as an answer is: other hubs, and of a handover our registry, are told of it.
    """
    notice.answered_for = notice.child
    notice.answer_mac = ANSWERS.mac(keys, notice.model_dump())


def settled_mac(keys: KeySet, row: Row, how: str) -> bytes:
    """The MAC of an answer that stands on a row, once the giving hub has settled it so."""
    return ANSWERS.mac(keys, {**row, _SETTLED: how})
