from services.registry.tables import METADATA
from shared import migrations

migrations.run(METADATA)
