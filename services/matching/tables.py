"""The matching database, whole: sealed features, keyed hashes and links. No personal value is
plain here.
"""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

METADATA = MetaData()


class Table(SQLModel):
    """The base of matching's table models."""

    metadata = METADATA


# Last, so that METADATA is whole for whoever imports this module; the models need Table.
import services.matching.entries.models  # noqa: E402
import services.matching.keyings.models  # noqa: E402
import services.matching.links.models  # noqa: E402
import services.matching.models.models  # noqa: E402
import services.matching.persons.models  # noqa: E402
import services.matching.previews.models  # noqa: E402
import services.matching.relearning.models  # noqa: E402
import services.matching.reviews.models  # noqa: E402
import services.matching.rulings.models  # noqa: E402, F401
