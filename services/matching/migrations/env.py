from services.matching.tables import METADATA
from shared import migrations

migrations.run(METADATA)
