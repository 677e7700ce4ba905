"""What every process of a hub is told by its environment (``HUTONG_…``); each service adds its own."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import keys
from shared.divisions import area_of, widen
from shared.keys import KeySet

HubName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class HubSettings(BaseSettings):
    """One hub: its name, its places and the addresses of its services.  No secret has a default."""

    model_config = SettingsConfigDict(env_prefix="HUTONG_", frozen=True, extra="ignore")

    hub: HubName = "hutong"
    area: str = Field(
        default="", description="division codes of the hub's territory, comma separated"
    )
    home: Path = Field(default=Path(".state/hub"), description="state directory: keys, logs")
    registry_url: str = "http://127.0.0.1:8100"
    matching_url: str = "http://127.0.0.1:8101"
    notifications_url: str = "http://127.0.0.1:8102"
    registry_database_url: SecretStr | None = None
    matching_database_url: SecretStr | None = None
    notifications_database_url: SecretStr | None = None
    issuer_url: str = Field(
        default="",
        description="the OAuth issuer as departments outside name it; default the registry's URL",
    )
    children: int = Field(
        default=1_000_000,
        ge=1,
        le=1_000_000_000,
        description="about how many children's records the hub is to hold: the first linkage model is made for it",
    )
    pool_size: int = Field(default=5, ge=1, le=50, description="database connections per process")
    worker_port: int = Field(
        default=0, ge=0, le=65535, description="where a worker serves /metrics; 0: nowhere"
    )
    log_level: str = "info"

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The territory, as ranges of division codes; a hub that names no area covers every place."""
        codes = [one.strip() for one in self.area.split(",") if one.strip()]
        return tuple(area_of(widen(code)) for code in codes) or ((0, 999_999_999_999),)

    @property
    def issuer(self) -> str:
        """The one string that assertions and tokens name as issuer and audience."""
        return self.issuer_url or self.registry_url

    @property
    def token_url(self) -> str:
        """Where the hub's own services get their tokens: the registry's internal address."""
        return f"{self.registry_url}/oauth2/token"

    def key_set(self, service: str, name: str) -> KeySet:
        return keys.load(self.home / "keys" / service / f"{name}.json")

    def database_url(self, service: str) -> str:
        """The runtime role's URL of a service's database; ValueError when the environment has none."""
        url: SecretStr | None = getattr(self, f"{service}_database_url")
        if url is None:
            raise ValueError(f"HUTONG_{service.upper()}_DATABASE_URL is not set")
        return url.get_secret_value()
