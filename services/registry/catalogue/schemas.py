"""What crosses the wire about the catalogue."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.catalogue.terms import ResourceKind, SharingKind
from shared.vocabulary import Department, Purpose

Text = Annotated[str, StringConstraints(max_length=1000)]


class ConditionOut(BaseModel):
    """One department that gets it, for what, and whether masked (脱敏)."""

    department: Department
    purpose: Purpose
    masked: bool


class ResourceOut(BaseModel):
    """One line of the catalogue (目录条目)."""

    id: Text
    kind: ResourceKind
    title_zh: Text
    title_en: Text
    sharing: SharingKind
    sharing_zh: Text = Field(description="共享属性")
    items: list[Text] = Field(default=[], max_length=200, description="数据项")
    providers: list[Department] = Field(default=[], max_length=20, description="提供部门")
    legal_basis: list[Text] = Field(default=[], max_length=50, description="法律依据")
    updated_every_days: int | None = Field(
        default=None, description="更新频率: the longest silence of a source that is still on time"
    )
    conditions: list[ConditionOut] = Field(default=[], max_length=200, description="共享条件")
    scopes: list[Text] = Field(default=[], max_length=20, description="what a grant must hold")
    purpose_needed: bool | None = Field(
        default=None, description="whether each call names purpose and actor"
    )
    ways: list[Text] = Field(default=[], max_length=20, description="共享方式: operations")


class RegulationOut(BaseModel):
    """What asks for the catalogue."""

    zh: Text
    en: Text
    in_force: date


class CatalogueOut(BaseModel):
    """The whole catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "regulation": {
                        "zh": "政务数据共享条例",
                        "en": "Regulation on Government Data Sharing",
                        "in_force": "2025-08-01",
                    },
                    "version": "2026-11",
                    "resources": [
                        {
                            "id": "fields.school",
                            "kind": "fields",
                            "title_zh": "就学信息",
                            "title_en": "School and grade",
                            "sharing": "conditional",
                            "sharing_zh": "有条件共享",
                            "items": ["grade", "school", "schooling", "stage"],
                            "providers": ["education"],
                            "conditions": [
                                {
                                    "department": "education",
                                    "purpose": "service",
                                    "masked": False,
                                }
                            ],
                        }
                    ],
                }
            ]
        }
    )

    regulation: RegulationOut
    version: Text = Field(description="of the access matrix")
    resources: list[ResourceOut] = Field(max_length=1000)
