"""Break-glass: who opened which child in an emergency, why, and what a second person thought of it.

The child's counties stand here as they were at the opening: row-level security and the reviewers' list read them.
What people wrote is sealed under a data key of the opening's own.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field

from services.registry.tables import Table


class Opening(Table, table=True):
    """One opening; it ends as it begins where several children fitted and nothing was told.

    For a shielded child ``hukou_code`` is empty: only the residence place reviews it.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        Index("break_glass_unreviewed", "id", postgresql_where=text("reviewed_at IS NULL")),
        Index("break_glass_child", "child_id"),
    )

    id: UUID = Field(primary_key=True)
    child_id: UUID
    residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    client: str = Field(sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    note: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    verdict: str | None = Field(default=None, sa_column=Column(Text))
    review_note: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    review_client: str | None = Field(default=None, sa_column=Column(Text))
    review_actor: str | None = Field(default=None, sa_column=Column(Text))
    reviewed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class DutyContact(Table, table=True):
    """The office of civil affairs that is on duty for a county, and its duty phone: an office's, never a person's."""

    __tablename__ = "duty_contacts"

    division: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    office: str = Field(sa_column=Column(Text, nullable=False))
    phone: str = Field(sa_column=Column(Text, nullable=False))
