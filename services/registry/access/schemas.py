"""What crosses the wire about the access matrix."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.vocabulary import Department, Purpose

Word = Annotated[str, StringConstraints(max_length=100)]
Shown = Annotated[Literal["full", "masked"], Field(description="`full` 完整, `masked` 脱敏")]
Groups = Annotated[dict[Word, Shown], Field(max_length=50)]


class AccessOut(BaseModel):
    """Department, purpose, field group: what no cell names is not shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": "2026-11",
                    "cells": {"education": {"verification": {"identity": "full"}}},
                    "categories": {"out_of_school": ["civil_affairs", "education"]},
                    "compartments": {"growth_file": {"education": ["service"]}},
                }
            ]
        }
    )

    version: Word
    cells: dict[Department, dict[Purpose, Groups]] = Field(
        max_length=20,
        description="what is not named is not shown",
    )
    categories: dict[Word, Annotated[list[Department], Field(max_length=20)]] = Field(
        max_length=50, description="key-care category: the departments that see it"
    )
    compartments: dict[Word, dict[Department, Annotated[list[Purpose], Field(max_length=20)]]] = (
        Field(
            max_length=50,
            description="compartment (分隔档案): the departments that a place may put on its sharing list, and the purposes"
            " for which each then reads",
        )
    )
