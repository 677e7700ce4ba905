"""Authorities (户籍地主管部门): who receives the notices for which divisions."""

from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from services.notifications.tables import Table


class Authority(Table, table=True):
    """A receiver of notices for an area: a client of this hub, or a peer hub by its name.

    ``generation`` counts the row's changes; ``mac`` is empty on rows from before rows were authenticated.
    """

    __tablename__ = "authorities"
    __table_args__ = (UniqueConstraint("low", "high", name="authorities_area"),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    low: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    client: str | None = Field(default=None, sa_type=Text)
    peer: str | None = Field(default=None, sa_type=Text)
    generation: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    mac: bytes | None = Field(default=None, sa_type=LargeBinary)
