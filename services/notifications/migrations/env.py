from services.notifications.tables import METADATA
from shared import migrations

migrations.run(METADATA)
