"""Rulings at rest: how far each has come, and the constraints by which matching holds it.

Who ruled and why stands in ``decisions``, under the same id, appended and never changed.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.tables import Table

_IN_FORCE = text("held AND NOT ended")


class Ruling(Table, table=True):
    """One ruling about the children ``one`` and ``other`` (the same where it is about one alone).

    ``entries`` are all it names; ``second`` is the decision of the second person; ``target`` the ruling it takes
    back.  ``turn`` orders what waits to be told to matching; one that cannot be told is put off by itself
    (``not_before``, ``failures``).
    """

    __tablename__ = "rulings"
    __table_args__ = (
        Index("rulings_one", "one"),
        Index("rulings_other", "other"),
        Index("rulings_review", "review"),
        Index("rulings_target", "target"),
        Index("rulings_pending", "turn", postgresql_where=text("state = 'pending'")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    review: UUID | None = None
    target: UUID | None = None
    one: UUID
    other: UUID
    one_residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    one_hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    other_residence_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    other_hukou_code: int | None = Field(default=None, sa_column=Column(BigInteger))
    entries: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    second: UUID | None = None
    turn: int | None = Field(default=None, sa_column=Column(BigInteger))
    leased_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    not_before: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    problem: str = Field(default="", sa_column=Column(Text, nullable=False))


class Constraint(Table, table=True):
    """What matching is told of a ruling: all these entries are one child's, or none of ``one`` is of a child of
    ``other``.  ``held`` once matching has it, ``ended`` once it was taken back there, for the ruling ``ended_by``.
    """

    __tablename__ = "ruling_constraints"
    __table_args__ = (
        Index("ruling_constraints_ruling", "ruling", "place"),
        Index("ruling_constraints_one", "one", postgresql_using="gin", postgresql_where=_IN_FORCE),
        Index(
            "ruling_constraints_other", "other", postgresql_using="gin", postgresql_where=_IN_FORCE
        ),
        Index(
            "ruling_constraints_ended_by",
            "ended_by",
            postgresql_where=text("ended_by IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    ruling: UUID
    place: int = Field(sa_column=Column(Integer, nullable=False))
    same: bool = Field(sa_column=Column(Boolean, nullable=False))
    one: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    other: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    held: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    ended: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    ended_by: UUID | None = None
