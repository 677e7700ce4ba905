"""What crosses the wire about divisions that have ended."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.children.schemas import Division, Text

Count = Annotated[int, Field(ge=0)]


class SuccessionOut(BaseModel):
    """A division that has ended and under whose code something still stands."""

    division: Division = Field(description="the code that has ended (已撤销的区划代码)")
    place: Text = Field(description="its last name")
    ended_on: date | None = Field(default=None, description="last day of the code")
    heirs: list[Division] = Field(
        max_length=100, description="the codes that took over (承继区划); none, if none is known"
    )
    living: Count = Field(description="children who live there, by all that is known")
    children: list[UUID] = Field(max_length=100, description="the first hundred of them")
    registered: Count = Field(description="children whose hukou is there")
    posts: Count = Field(description="posts that are still kept under its code")


class SuccessionsOut(BaseModel):
    """What waits for a person after divisions were changed (区划调整待办)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "divisions": [
                        {
                            "division": "330104000000",
                            "place": "江干区",
                            "ended_on": "2021-04-08",
                            "heirs": ["330102000000", "330114000000"],
                            "living": 1,
                            "children": ["01a2006c-3758-7ac0-929e-4a34c4b04a3b"],
                            "registered": 0,
                            "posts": 2,
                        }
                    ]
                }
            ]
        }
    )

    divisions: list[SuccessionOut] = Field(max_length=2000)
