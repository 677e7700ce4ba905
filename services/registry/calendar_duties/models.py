"""What was done of calendar duties: one row an activity, as the department that held it reported it.  It tells of no child."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Text
from sqlmodel import Field

from services.registry.tables import Table


class CalendarAct(Table, table=True):
    """``school`` is a school's name as enrolments have it, empty where a whole place was meant; ``evidence`` a code or number
    of a file kept by the reporting department."""

    __tablename__ = "calendar_acts"
    __table_args__ = (Index("calendar_acts_place", "division", "duty", "done_on"),)

    id: UUID = Field(primary_key=True)
    duty: str = Field(sa_column=Column(Text, nullable=False))
    occasion: str = Field(default="", sa_column=Column(Text, nullable=False))
    division: int = Field(sa_column=Column(BigInteger, nullable=False))
    school: str = Field(default="", sa_column=Column(Text, nullable=False))
    done_on: date
    participants: int = Field(sa_column=Column(Integer, nullable=False))
    evidence: str = Field(default="", sa_column=Column(Text, nullable=False))
    department: str = Field(sa_column=Column(Text, nullable=False))
    client: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    told_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
