"""Searches on the wire."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.matching.entries.schemas import EXAMPLE_FEATURES, FeaturesIn, Mute
from services.matching.links.schemas import ComparisonOut
from shared.limits import MAX_FOUND_PERSONS


class SearchIn(Mute):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"features": EXAMPLE_FEATURES, "limit": 10}]}
    )

    features: FeaturesIn
    limit: int = Field(default=10, ge=1, le=MAX_FOUND_PERSONS)


class FoundOut(BaseModel):
    person: UUID
    weight: float
    certain: bool = Field(
        description="Whether an entry with these features would be linked to this person."
    )
    comparisons: list[ComparisonOut] = Field(max_length=50)


class SearchOut(BaseModel):
    """Likeliest first."""

    items: list[FoundOut] = Field(max_length=MAX_FOUND_PERSONS)
    keys: int = Field(
        ge=0,
        description="Under how many keys was looked; 0: what was sent is too little to look anyone up.",
    )
