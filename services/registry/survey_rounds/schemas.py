"""What crosses the wire about survey rounds."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.children.schemas import Division, Text
from services.registry.duties.schemas import OwedTo
from services.registry.posts.terms import Layer
from services.registry.records.feeds.surveys import SurveyChannel, Surveyor
from services.registry.records.feeds.wire import DivisionText
from services.registry.survey_rounds.terms import Reached, RoundState
from shared.days import AskedDay

Count = Annotated[int, Field(ge=0)]


class RoundIn(BaseModel):
    """A round to open."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"division": "500103", "opens_on": "2026-10-01"}]},
    )

    division: DivisionText = Field(description="the area to be surveyed, inside yours")
    opens_on: AskedDay = Field(description="first day")
    closes_on: AskedDay | None = Field(
        default=None,
        description="last day, at most a cycle after the first; the whole cycle of the place's rules if absent",
    )


ROUND_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120077",
    "division": "500103000000",
    "place": "渝中区",
    "opens_on": "2026-10-01",
    "closes_on": "2026-12-31",
    "state": "open",
    "next_opens_by": "2027-01-01",
    "clause": "渝民发〔2024〕13号 二(一)1",
    "wording": "每季度开展一次摸底排查",
    "blocks": ["child", "parents", "family_life"],
}


class RoundOut(BaseModel):
    """A survey round (摸底排查轮次), with what the rules of its place ask for on its opening day."""

    model_config = ConfigDict(json_schema_extra={"examples": [ROUND_EXAMPLE]})

    id: UUID
    division: Division
    place: Text = Field(description="name of the county-level division, or of the place above")
    opens_on: date
    closes_on: date
    state: RoundState
    next_opens_by: date | None = Field(
        default=None, description="the day by which the next round opens; absent: not configured"
    )
    clause: Text | None = Field(default=None, description="the clause that sets the cycle")
    wording: Text | None = Field(default=None, description="its words", max_length=500)
    blocks: list[Text] | None = Field(
        default=None,
        max_length=5,
        description="what makes a survey complete (必填内容); absent: not configured",
    )
    channels: list[Text] | None = Field(
        default=None, max_length=5, description="the channels that the text names (摸排渠道)"
    )


class RoundsOut(BaseModel):
    """A page of rounds, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rounds": [ROUND_EXAMPLE]}]})

    rounds: list[RoundOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)


class RoundProgressOut(BaseModel):
    """How far a round came in one place; every count is of children."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "division": "500103000000",
                    "place": "渝中区",
                    "children": 120,
                    "complete": 80,
                    "incomplete": 10,
                    "blocks_not_configured": 0,
                    "not_surveyed": 30,
                    "stale": 31,
                    "home_visit": 70,
                    "self_declaration": 5,
                    "phone": 15,
                    "by_contractors": 20,
                }
            ]
        }
    )

    division: Division
    place: Text
    children: Count = Field(description="to be surveyed (应摸排)")
    complete: Count = Field(description="已完成")
    incomplete: Count = Field(description="内容不全: a required block was not asked")
    blocks_not_configured: Count = Field(description="已摸排，必填内容未设定")
    not_surveyed: Count = Field(description="未摸排")
    stale: Count = Field(description="whose last survey is older than the round, or who had none")
    home_visit: Count = Field(description="入户走访")
    self_declaration: Count = Field(description="自主申报")
    phone: Count = Field(description="电话巡访")
    by_contractors: Count = Field(description="委托机构: among the channels, not beside them")


class RoundProgressesOut(BaseModel):
    """A round by place."""

    by: Layer
    places: list[RoundProgressOut] = Field(max_length=20_000)


class SurveyedOut(BaseModel):
    """One child to be surveyed, and how far the round came with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "child": {"id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002", "name": "示小满"},
                    "division": "500103001001",
                    "place": "渝中区",
                    "reached": "incomplete",
                    "missing": ["parents"],
                    "surveyed_on": "2026-10-12",
                    "channel": "phone",
                    "surveyor": "child_director",
                    "last_on": "2026-10-12",
                    "shielded": False,
                }
            ]
        }
    )

    child: OwedTo
    division: Division = Field(description="where the child lives; a shielded one's county alone")
    place: Text
    reached: Reached
    missing: list[Text] | None = Field(
        default=None, max_length=5, description="required blocks that were not asked (缺项)"
    )
    surveyed_on: date | None = Field(default=None, description="day of the survey that counts")
    channel: SurveyChannel | None = None
    surveyor: Surveyor | None = Field(
        default=None, description="`social_work_agency`: by a contractor"
    )
    last_on: date | None = Field(default=None, description="day of the last survey of any round")
    shielded: bool = Field(description="地址保密")


class SurveyedPageOut(BaseModel):
    """A page of the children of a round, county by county."""

    children: list[SurveyedOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)
