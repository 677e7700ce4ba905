"""Settings of the notifications service's two processes."""

import ipaddress
from functools import cached_property
from pathlib import Path

from pydantic import Field

from services.notifications.notices.issuing import Territory
from shared.settings import HubSettings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NotificationsSettings(HubSettings):
    notifications_allowed_networks: str = Field(
        default="",
        description="CIDRs, comma separated, that webhooks may reach although they are not public; http too",
    )
    notice_deadline_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="days until an open notice counts as overdue; no text names any: without it, what asks is pressed for at once",
    )
    delivery_concurrency: int = Field(
        default=64, ge=1, le=500, description="webhooks under way at once"
    )
    delivery_timeout_seconds: float = Field(default=10, gt=0, le=60)

    @cached_property
    def allowed_networks(self) -> tuple[Network, ...]:
        listed = self.notifications_allowed_networks.split(",")
        return tuple(ipaddress.ip_network(one.strip()) for one in listed if one.strip())

    @cached_property
    def territory(self) -> Territory:
        """Where this hub is the residence or hukou place; a hub that names no area covers every place."""
        return Territory(self.ranges)

    @property
    def relay_key_file(self) -> Path:
        return self.home / "keys" / "public" / "registry-relay.pub"

    @property
    def audit_signing_key_file(self) -> Path:
        return self.home / "keys" / "notifications" / "audit-signing.key"

    @property
    def hub_key_file(self) -> Path:
        return self.home / "keys" / "notifications" / "hub.key"
