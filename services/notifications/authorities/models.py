"""Authorities (户籍地主管部门): who receives the notices for which divisions."""

from uuid import UUID

from sqlalchemy import BigInteger, Text, UniqueConstraint
from sqlmodel import Field

from services.notifications.tables import Table


class Authority(Table, table=True):
    """A receiver of notices for an area: a client of this hub, or a peer hub by its name."""

    __tablename__ = "authorities"
    __table_args__ = (UniqueConstraint("low", "high", name="authorities_area"),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    client: str | None = Field(default=None, sa_type=Text)
    peer: str | None = Field(default=None, sa_type=Text)
