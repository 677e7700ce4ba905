"""Subscriptions on the wire."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.notifications.schemas import AreaText, CodeText, Moment, Reply, Wire
from shared.limits import SUBSCRIPTIONS_OF_A_CLIENT

EXAMPLE: dict[str, Any] = {
    "id": "0198c1ef-4444-7000-8000-000000000001",
    "url": "https://civil.example.gov.cn/hutong",
    "low": "500235000000",
    "high": "500235999999",
    "kinds": ["updates", "notices", "cases"],
    "enabled": True,
    "version": 1,
    "public_keys": ["whpk_3vBkBBG2bAcCXyZ7Y6bPPZPPkBEMCVGgCvMHzAmvcTg="],
    "created_at": "2026-11-20T08:00:00Z",
    "waiting": 0,
    "parked": 0,
}


class ItemKind(StrEnum):
    """What a subscription is for: neutral updates of children (`updates` 动态), formal notices (`notices` 通知单), cases that wait
    for your department (`cases` 个案).
    """

    UPDATES = "updates"
    NOTICES = "notices"
    CASES = "cases"


class SubscriptionIn(Wire):
    """Where and of what you want to be told (订阅)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://civil.example.gov.cn/hutong",
                "area": "500235",
                "kinds": ["updates", "notices", "cases"],
            }
        }
    )

    url: Annotated[
        str, StringConstraints(min_length=8, max_length=500, pattern=r"^https?://[\x21-\x7e]+$")
    ]
    """Where signed webhooks go: HTTPS, at a public address or in a network that the operator lists."""
    area: AreaText | None = None
    """Inside your grant; without it, your whole grant."""
    kinds: Annotated[list[ItemKind], Field(min_length=1, max_length=3)] = list(ItemKind)
    """Without it, all that you may read; `cases` needs `cases:read`."""


class RotationIn(Wire):
    """How to change the signing key (密钥轮换)."""

    model_config = ConfigDict(json_schema_extra={"example": {"immediate": False}})

    immediate: bool = False
    """Stop signing with the old key at once, as after a leak; else both sign for 24 hours."""


class SubscriptionOut(Reply):
    """A subscription (订阅) of yours."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    url: Annotated[str, Field(max_length=500)]
    low: CodeText
    high: CodeText
    kinds: Annotated[list[ItemKind], Field(max_length=3)]
    enabled: bool
    disabled_because: Annotated[str | None, Field(max_length=20)] = None
    """`gone` when the address answered 410."""
    version: Annotated[int, Field(ge=1)]
    public_keys: Annotated[
        list[Annotated[str, Field(max_length=100)]],
        Field(
            max_length=20,
            description="Live Ed25519 keys (`whpk_…`) that sign, the current one first.",
        ),
    ]
    created_at: Moment
    waiting: Annotated[int, Field(ge=0)] = 0
    """Deliveries that wait to be made."""
    parked: Annotated[int, Field(ge=0)] = 0
    """Deliveries given up after the whole retry schedule; each holds its child's lane until resumption."""


class SubscriptionsOut(Reply):
    model_config = ConfigDict(json_schema_extra={"example": {"subscriptions": [EXAMPLE]}})

    subscriptions: Annotated[list[SubscriptionOut], Field(max_length=SUBSCRIPTIONS_OF_A_CLIENT)]
