"""What every act of this service needs to know of its hub: name, territory, codes, and the keys of references, ids and
MACs."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from services.notifications.codes import Codes
from services.notifications.notices.issuing import Territory
from services.notifications.settings import NotificationsSettings
from shared.keys import KeySet
from shared.references import References


@dataclass(frozen=True)
class Hub:
    name: str
    territory: Territory
    ids: KeySet
    """Keys the ids of items, so that two receivers cannot compare notes."""
    audit: KeySet
    """Authenticates peers, authorities and answers (``authenticity.py``)."""
    codes: Codes = field(default_factory=Codes)

    @cached_property
    def references(self) -> References:
        return References(self.ids)

    @classmethod
    def of(cls, settings: NotificationsSettings) -> Self:
        return cls(
            settings.hub,
            settings.territory,
            settings.key_set("notifications", "references"),
            settings.key_set("notifications", "audit"),
        )
