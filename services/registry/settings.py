"""Settings of the registry's two processes."""

from pathlib import Path

from pydantic import Field

from shared.settings import HubSettings


class RegistrySettings(HubSettings):
    profiles: Path | None = Field(
        default=None,
        description="folder of the hub's own profiles and amendments, beside those that are shipped",
    )
    resolve_batch: int = Field(
        default=500, ge=1, le=1000, description="entries per call to matching"
    )
    fold_batch: int = Field(
        default=300, ge=1, le=2000, description="children folded per transaction"
    )
    smallest_cell: int | None = Field(
        default=None,
        ge=3,
        le=1000,
        description="figures show no cell that counts fewer children; no text says how many: 10 where not set",
    )
    clock_seconds: float = Field(
        default=60, gt=0, description="rest of the daily clock between sweeps"
    )
