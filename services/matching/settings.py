"""What the matching service is told by its environment."""

from shared.settings import HubSettings


class MatchingSettings(HubSettings):
    """Nothing beyond what every process of the hub is told."""
