"""The notifications database, whole: every table, so that migrations and checks see all of them."""

from sqlalchemy import DateTime, MetaData
from sqlmodel import SQLModel

from shared import audit, idempotency

METADATA = MetaData()
INSTANT = DateTime(timezone=True)


class Table(SQLModel):
    """The base of this service's table models; other services' tables live in databases of their own."""

    metadata = METADATA


AUDIT_ENTRIES, AUDIT_CHECKPOINTS = audit.tables(METADATA)
IDEMPOTENCY_KEYS = idempotency.table(METADATA)

from services.notifications.authorities import models as _authorities  # noqa: E402, F401
from services.notifications.deliveries import models as _deliveries  # noqa: E402, F401
from services.notifications.events import models as _events  # noqa: E402, F401
from services.notifications.feed import models as _feed  # noqa: E402, F401
from services.notifications.notices import models as _notices  # noqa: E402, F401
from services.notifications.peers import models as _peers  # noqa: E402, F401
from services.notifications.subscriptions import models as _subscriptions  # noqa: E402, F401
