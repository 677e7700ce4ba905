"""The feed: every announcement in one order, one row for each county that it concerns."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, Text, text
from sqlmodel import Field

from services.notifications.tables import INSTANT, Table


class Announcement(Table, table=True):
    """Something a receiver is told.  ``position`` grows in commit order: one dispatcher writes at a time.

    ``client`` is set where it is told to one receiver alone (a notice);
    ``lane_subject`` is what its lane is about; ``place`` orders its counties: where the child is comes
    before where it belongs.  ``sole`` is the department that alone says so and is not told of it (``audience.py``).
    ``department`` is set where it is told to one department alone: that the case ``case_id`` waits.
    """

    __tablename__ = "announcements"
    __table_args__ = (
        Index("announcements_county", "county", "position"),
        Index("announcements_subject", "lane_subject", "position"),
        Index("announcements_notice", "notice", postgresql_where=text("notice IS NOT NULL")),
    )

    position: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    county: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    place: int = Field(sa_type=SmallInteger)
    source: UUID
    at: datetime = Field(sa_type=INSTANT)
    lane_subject: UUID
    child: UUID | None = None
    client: str | None = Field(default=None, sa_type=Text)
    notice: UUID | None = None
    sole: str | None = Field(default=None, sa_type=Text)
    department: str | None = Field(default=None, sa_type=Text)
    case_id: UUID | None = None


class FeedPosition(Table, table=True):
    """How far a client has confirmed the feed."""

    __tablename__ = "feed_positions"

    client: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(sa_type=BigInteger)
