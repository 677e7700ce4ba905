"""The kit: what registering children needs besides the database, read once when a process starts."""

from dataclasses import dataclass

from services.registry.profiles import Profiles
from shared.keys import KeySet
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Kit:
    """Keys and profiles, and the territory of this hub, range by range."""

    sealer: Sealer
    entries: KeySet
    index: KeySet
    audit: KeySet
    profiles: Profiles
    territory: tuple[tuple[int, int], ...]
