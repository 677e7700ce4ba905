"""Import jobs: one streamed upload each, with what became of every line.

Neither table holds anything of a line's content: a verdict names the line by its number alone.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.tables import Table


class ImportJob(Table, table=True):
    """An upload.  ``heartbeat_at`` is on the database's clock: a receiving job without one has died."""

    __tablename__ = "import_jobs"
    __table_args__ = (Index("import_jobs_client", "client", "id"),)

    id: UUID = Field(primary_key=True)
    client: str = Field(sa_column=Column(Text, nullable=False))
    feed: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    lines: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    created: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    unchanged: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    superseded: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    refused: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    blank: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    heartbeat_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")
        )
    )


class ImportVerdicts(Table, table=True):
    """The verdicts of one stored chunk: a row a chunk, since a row a line would cost as much as the records."""

    __tablename__ = "import_verdicts"

    job_id: UUID = Field(primary_key=True)
    last_line: int = Field(sa_column=Column(BigInteger, primary_key=True))
    client: str = Field(sa_column=Column(Text, nullable=False))
    refused: int = Field(sa_column=Column(Integer, nullable=False))
    verdicts: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
