"""What crosses the wire about erasures."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(max_length=300)]


class ErasureGround(StrEnum):
    """On which ground of the Personal Information Protection Law, art. 47 (个人信息保护法第四十七条).

    `purpose_fulfilled` 处理目的已实现或不再必要, `retention_expired` 保存期限已届满, `consent_withdrawn` 撤回同意,
    `unlawful` 违法处理, `other_law` 法律、行政法规规定的其他情形.
    """

    PURPOSE_FULFILLED = "purpose_fulfilled"
    """(1) the purpose is achieved, cannot be achieved, or needs the data no longer"""
    RETENTION_EXPIRED = "retention_expired"
    """(2) the retention period has expired, or the service has ended"""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """(3) the guardian withdrew consent, where consent was the basis"""
    UNLAWFUL = "unlawful"
    """(4) the processing broke the law or an agreement"""
    OTHER_LAW = "other_law"
    """(5) another law or regulation asks for it"""


class ErasureIn(BaseModel):
    """Whom to erase, and on which ground."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "child_id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "ground": "unlawful",
                    "hold": True,
                }
            ]
        },
    )

    child_id: UUID
    ground: ErasureGround
    hold: bool = Field(
        default=False,
        description="refuse these entries for good; otherwise a newer version from their source may speak again",
    )


class ErasureState(StrEnum):
    """Where a request for erasure (删除) stands: `requested` 待批准, `erased` 已删除, `withdrawn` 已撤回."""

    REQUESTED = "requested"
    ERASED = "erased"
    WITHDRAWN = "withdrawn"


class SubjectOut(BaseModel):
    """Who did it: a client (接入客户端) and its acting person (操作人)."""

    client: Text
    actor: Text


class ErasureOut(BaseModel):
    """A request for erasure; once `erased`, the tombstone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0195f3f2-7b11-7c1b-9a53-0242ac120002",
                    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
                    "ground": "unlawful",
                    "hold": True,
                    "state": "requested",
                    "requested_by": {"client": "cq-civil-affairs", "actor": "staff-7"},
                    "requested_at": "2026-11-20T08:00:00Z",
                }
            ]
        }
    )

    id: UUID
    child: UUID
    ground: ErasureGround
    hold: bool
    state: ErasureState
    requested_by: SubjectOut
    requested_at: datetime
    approved_by: SubjectOut | None = None
    erased_at: datetime | None = None


class ErasuresOut(BaseModel):
    """A page of requests for erasure (删除申请)."""

    erasures: list[ErasureOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)
