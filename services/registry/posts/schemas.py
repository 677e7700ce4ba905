"""What crosses the wire about posts."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.children.schemas import Division, Text
from services.registry.posts.terms import Layer, Leaving, PostKind
from services.registry.records.feeds.visits import StaffId
from services.registry.records.feeds.wire import DivisionText
from shared.days import AskedDay

Topic = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
]
"""A code of the training programme; no free text, in which somebody might be named."""

_STRICT = {"extra": "forbid", "hide_input_in_errors": True}


class PostIn(BaseModel):
    """A new post, vacant."""

    model_config = ConfigDict(
        **_STRICT,  # type: ignore[typeddict-item]
        json_schema_extra={"examples": [{"kind": "child_director", "division": "500103001001"}]},
    )

    kind: PostKind
    division: DivisionText = Field(description="where it belongs; inside your area")
    seat: int = Field(
        default=1, ge=1, le=99, description="tells several of one kind in one place apart"
    )
    since: AskedDay | None = Field(
        default=None, description="first day of the post; today if absent"
    )


class FillIn(BaseModel):
    """Who takes a vacant post, by an opaque staff id."""

    model_config = ConfigDict(
        **_STRICT,  # type: ignore[typeddict-item]
        json_schema_extra={"examples": [{"staff": "yz-cd-0417", "on": "2026-03-01"}]},
    )

    staff: StaffId = Field(description="工作人员编号; never a name")
    on: AskedDay = Field(description="first day in the post")


class VacateIn(BaseModel):
    """That a post falls vacant, and why."""

    model_config = ConfigDict(
        **_STRICT,  # type: ignore[typeddict-item]
        json_schema_extra={"examples": [{"on": "2026-06-30", "reason": "transferred"}]},
    )

    on: AskedDay = Field(description="first day without a holder")
    reason: Leaving


class TrainingIn(BaseModel):
    """A training (业务培训) of the present holder."""

    model_config = ConfigDict(
        **_STRICT,  # type: ignore[typeddict-item]
        json_schema_extra={
            "examples": [{"held_on": "2026-04-12", "topic": "basics-2026", "hours": 8}]
        },
    )

    held_on: AskedDay
    topic: Topic = Field(description="code of the programme")
    hours: int = Field(ge=1, le=400)


class TrainingOut(BaseModel):
    """One training of the present holder."""

    held_on: date
    topic: Text
    hours: int = Field(ge=0, le=400)


_POST_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120055",
    "kind": "child_director",
    "division": "500103001001",
    "place": "渝中区",
    "seat": 1,
    "vacant": False,
    "staff": "yz-cd-0417",
    "since": "2026-03-01",
    "trained_on": "2026-04-12",
}


class PostOut(BaseModel):
    """One post: filled or vacant, and since when."""

    model_config = ConfigDict(json_schema_extra={"examples": [_POST_EXAMPLE]})

    id: UUID
    kind: PostKind
    division: Division
    place: Text = Field(description="name of the county-level division")
    seat: int = Field(ge=1, le=99)
    vacant: bool = Field(description="空缺; its duties go to the next layer at once")
    staff: Text | None = Field(default=None, description="工作人员编号")
    since: date = Field(description="first day filled, or vacant")
    trained_on: date | None = Field(
        default=None, description="last training of the present holder; absent: untrained"
    )
    trainings: list[TrainingOut] | None = Field(
        default=None, max_length=100, description="of the present holder, the newest first"
    )


class PostsOut(BaseModel):
    """A page of posts."""

    posts: list[PostOut] = Field(max_length=500)
    next: Text | None = Field(default=None, description="cursor of the next page", max_length=500)


class CoverageOut(BaseModel):
    """Posts of one kind in one place."""

    division: Division
    place: Text
    kind: PostKind
    posts: int = Field(ge=0)
    vacant: int = Field(ge=0, description="空缺岗位数")
    trained: int = Field(ge=0, description="filled posts whose holder was trained")
    coverage: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="trained among the filled (培训覆盖率); absent: none filled",
    )


class CoveragesOut(BaseModel):
    """The network of people (工作网络), place by place."""

    by: Layer
    places: list[CoverageOut] = Field(max_length=20_000)
