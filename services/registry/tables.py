"""The registry's database, whole: every table, so that migrations and checks see all of them."""

from sqlalchemy import Index, MetaData
from sqlmodel import SQLModel

from shared import audit, checkpoints, idempotency, leases, outbox

METADATA = MetaData()


class Table(SQLModel):
    """The base of the registry's table models; other services' tables live in databases of their own."""

    metadata = METADATA


AUDIT_ENTRIES, AUDIT_CHECKPOINTS = audit.tables(METADATA)
OUTBOX, RELAY_POSITIONS = outbox.tables(METADATA)
OUTBOX_CHECKPOINTS = checkpoints.table(METADATA, checkpoints.OUTBOX)
#: A child's file tells what others were told of it.
Index("outbox_subject", OUTBOX.c.subject)
LEASES = leases.table(METADATA)
IDEMPOTENCY_KEYS = idempotency.table(METADATA)

# The models register themselves by being imported.
from services.registry.alerts import models as alerts  # noqa: E402, F401
from services.registry.assessments import models as assessments  # noqa: E402, F401
from services.registry.break_glass import models as break_glass  # noqa: E402, F401
from services.registry.calendar_duties import models as calendar_duties  # noqa: E402, F401
from services.registry.cases import models as cases  # noqa: E402, F401
from services.registry.changes import models as changes  # noqa: E402, F401
from services.registry.children import models as children  # noqa: E402, F401
from services.registry.compartments import models as compartments  # noqa: E402, F401
from services.registry.duties import models as duties  # noqa: E402, F401
from services.registry.erasures import models as erasures  # noqa: E402, F401
from services.registry.figures import models as figures  # noqa: E402, F401
from services.registry.handovers import models as handovers  # noqa: E402, F401
from services.registry.identity import models as identity  # noqa: E402, F401
from services.registry.imports import models as imports  # noqa: E402, F401
from services.registry.key_care import models as key_care  # noqa: E402, F401
from services.registry.links import models as links  # noqa: E402, F401
from services.registry.match_reviews import models as match_reviews  # noqa: E402, F401
from services.registry.posts import models as posts  # noqa: E402, F401
from services.registry.records import models as records  # noqa: E402, F401
from services.registry.rosters import models as rosters  # noqa: E402, F401
from services.registry.rulebooks import models as rulebooks  # noqa: E402, F401
from services.registry.rulings import models as rulings  # noqa: E402, F401
from services.registry.survey_rounds import models as survey_rounds  # noqa: E402, F401
