"""Notices: what one place formally tells or asks another about one child, and what came of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table

#: What our county answered to another hub's handover and that hub has said nothing of: with a day, an acceptance.
UNSETTLED = (
    "kind = 'handover' AND direction = 'incoming' AND state = 'answered' AND settled IS NULL"
)


class Notice(Table, table=True):
    """One notice, ours or a peer hub's.

    ``issued_at`` stays empty while a person has still to decide: until then the target side cannot see the row.
    ``child`` is known for our own notices, ``reference`` (made by the peer) for incoming ones.  Without
    ``receiver_name`` a notice is unroutable so far; ``unwanted`` lists receivers that said "not ours".  ``untold``
    says that the peer has still to hear of the present state.  ``pushed`` and ``facts`` follow what goes to our
    registry (the answer; what a peer's notice is about) and share ``tries`` and ``due_at``.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_target", "target_county", "id"),
        Index("notices_origin", "origin_county", "id"),
        Index("notices_child", "child", "id"),
        Index(
            "notices_remote",
            "peer",
            "remote_id",
            unique=True,
            postgresql_where=text("remote_id IS NOT NULL"),
        ),
        Index(
            "notices_unrouted",
            "target_county",
            postgresql_where=text("receiver_name IS NULL AND state IN ('issued', 'delivered')"),
        ),
        Index("notices_untold", "id", postgresql_where=text("untold")),
        Index(
            "notices_rerouting",
            "id",
            postgresql_where=text(
                "outcome = 'not_ours' AND replaced_by IS NULL AND direction <> 'incoming'"
            ),
        ),
        Index("notices_unpushed", "id", postgresql_where=text("pushed = 'waiting'")),
        Index("notices_unfetched", "id", postgresql_where=text("facts = 'waiting'")),
        Index(
            "notices_unsettled",
            "ended_at",
            postgresql_where=text(UNSETTLED),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    direction: str = Field(sa_type=Text)
    toward: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
    child: UUID | None = None
    first_child: UUID | None = None
    """Whom it was about until that child was merged into ``child``: it goes back there if they are parted."""
    reference: str | None = Field(default=None, sa_type=Text)
    origin_county: int = Field(sa_type=BigInteger)
    target_county: int = Field(sa_type=BigInteger)
    receiver_client: str | None = Field(default=None, sa_type=Text)
    receiver_name: str | None = Field(default=None, sa_type=Text)
    unwanted: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    peer: str | None = Field(default=None, sa_type=Text)
    remote_id: UUID | None = None
    untold: bool = False
    released: bool = False
    """A person decided that it may leave."""
    unfounded: bool = False
    """Its evidence was taken back, so it counts as never told."""
    replaces: UUID | None = None
    replaced_by: UUID | None = None
    outcome: str | None = Field(default=None, sa_type=Text)
    hukou_division: int | None = Field(default=None, sa_type=BigInteger)
    handover: UUID | None = None
    """Our registry's id of the handover that it proposes."""
    effective_on: date | None = None
    """From which day the other place takes the child's file, as answered."""
    settled: str | None = Field(default=None, sa_type=Text)
    """What the giving hub made of an acceptance: *kept*, or *void*; empty until it has said so."""
    settles: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether the giving hub says of an acceptance that it was kept, or is void; one of an older make does not."""
    asked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When the giving hub was last asked what became of our acceptance."""
    answered_for: UUID | None = None
    """The child that the answer was given for: ``child`` may have been merged since."""
    answer_mac: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Says that the answer is one (``authenticity.py``); empty on answers from before answers were authenticated."""
    pushed: str = Field(default="no", sa_type=Text)
    facts: str = Field(default="no", sa_type=Text)
    tries: int = 0
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    entry: UUID | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    issued_at: datetime | None = Field(default=None, sa_type=INSTANT)
    delivered_at: datetime | None = Field(default=None, sa_type=INSTANT)
    read_at: datetime | None = Field(default=None, sa_type=INSTANT)
    accepted_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
