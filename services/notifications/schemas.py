"""Value types of this service's wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Wire(BaseModel):
    """A closed, immutable piece of a request that repeats no value in an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class Reply(BaseModel):
    """A piece of an answer; what is absent is left out."""

    model_config = ConfigDict(use_attribute_docstrings=True)


DivisionText = Annotated[
    str,
    StringConstraints(max_length=12, pattern=r"^(?:[1-9][0-9]{5}|[1-9][0-9]{8}|[1-9][0-9]{11})$"),
]
"""A GB/T 2260 code of 6, 9 or 12 digits."""

AreaText = Annotated[
    str,
    StringConstraints(
        max_length=12, pattern=r"^[1-9][0-9](?:[0-9]{2}|[0-9]{4}|[0-9]{7}|[0-9]{10})?$"
    ),
]
"""A division code of 2, 4, 6, 9 or 12 digits, standing for everything inside it."""

CodeText = Annotated[str, StringConstraints(max_length=12, pattern=r"^[0-9]{12}$")]
"""A division code in its full twelve digits."""

PlaceText = Annotated[str, StringConstraints(max_length=12, pattern=r"^[1-9][0-9]{11}$")]
"""As others send it: the full twelve digits of a place that can exist, unlike the ends of an area."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Reference = Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z2-7]{20,80}$")]
Instant = Annotated[
    AwareDatetime, Field(json_schema_extra={"format": "date-time", "maxLength": 40})
]
BigNumber = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
Moment = Annotated[datetime, Field(json_schema_extra={"maxLength": 40})]
