"""One keying, as the strongroom needs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keying:
    """``rules`` are blocking rules by name; their texts are hashed under the index key ``index_key``."""

    number: int
    index_key: int
    rules: tuple[str, ...]
    is_current: bool = False
