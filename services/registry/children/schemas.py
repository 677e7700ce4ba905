"""What crosses the wire about a child."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.duties.terms import DutyState, Population
from services.registry.key_care.terms import CareState, Category
from services.registry.left_behind.schemas import LeftBehindMark
from services.registry.records.feeds.item import Relation
from services.registry.records.feeds.visits import VisitChannel, VisitOutcome
from services.registry.status import Status
from shared.limits import MAX_FOUND_CHILDREN
from shared.vocabulary import Department

Text = Annotated[str, StringConstraints(max_length=300)]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


class Provenance(BaseModel):
    """The record a value comes from; shown where the access matrix opens ``provenance``."""

    record: UUID | None = Field(default=None, description="read it at `/v1/records/{record}`")
    feed: Text | None = Field(default=None, description="wire name of the feed (数据类别)")
    department: Department | None = None
    observed_on: date | None = Field(default=None, description="the day its source saw it")


class FieldOut(Provenance):
    """One field of a child, with the record it comes from where that is open."""

    value: Text = Field(description="as text; masked (脱敏) where the matrix says so")


class PlaceOut(BaseModel):
    """Where a child is registered (户籍期间) or lives (居住期间), from when to when."""

    division: Division = Field(
        description="行政区划代码; its county alone where addresses are hidden"
    )
    place: Text = Field(description="name of the county-level division")
    since: date | None = Field(default=None, description="first day")
    until: date | None = Field(
        default=None, description="last day (迁出时间); absent while it lasts"
    )
    accompanied: bool | None = Field(default=None, description="随父母或其他监护人")
    confirmed: bool | None = Field(default=None, description="the hukou place has confirmed it")
    address: Text | None = Field(default=None, description="as its source wrote it (地址)")
    records: list[UUID] | None = Field(
        default=None, max_length=1000, description="what it rests on, where provenance is open"
    )


class GuardianOut(Provenance):
    """A parent or another guardian (监护人)."""

    name: Text | None = Field(default=None, description="姓名")
    relation: Relation | None = None
    id_number: Text | None = Field(default=None, description="公民身份号码, masked or full")
    phone: Text | None = Field(default=None, description="联系电话, masked or full")


class ReasonOut(BaseModel):
    """One ground (依据) of a status."""

    code: Text
    clause: Text = Field(description="of the place's plan (条款)")
    detail: dict[str, Text | int | bool | None] = Field(default={}, max_length=50)


class StatusOut(BaseModel):
    """The status (流动儿童认定状态) with its reasons, and the day on which it changes by itself next."""

    status: Status
    reasons: list[ReasonOut] = Field(max_length=50)
    missing: list[Text] = Field(
        max_length=50, description="facts or rules that `cannot_tell` lacks (待核实事项)"
    )
    next_change_on: date | None = Field(
        default=None, description="absent where nothing changes by itself"
    )
    rule_version: Text | None = Field(default=None, description="规则版本")


class KeyCareMark(BaseModel):
    """An entry of key care (重点关爱), in a category open to the caller."""

    id: UUID = Field(description="read it at `/v1/key-care/{id}`")
    category: Category
    state: CareState
    since: datetime = Field(description="when it came into this state")


class DutyMark(BaseModel):
    """What is owed to the child (职责任务) by the rules of its place."""

    id: UUID
    duty: Text = Field(description="name of the duty in the place's rules, as `key_care_contact`")
    department: Department = Field(description="who owes it")
    population: Population
    state: DutyState
    begun_on: date = Field(description="the day from which it has been owed without a break")
    due_on: date | None = Field(
        default=None, description="last day on time; absent where no interval is configured"
    )
    last_done_on: date | None = None
    clause: Text = Field(description="条款")
    wording: Text | None = Field(default=None, description="the text's own words")
    missing: list[Text] | None = Field(
        default=None, max_length=5, description="what no text says: `period`, `from_grade` …"
    )


class FileOut(BaseModel):
    """Which county answers for the child's file (责任县); a move alone changes nothing about it."""

    division: Division = Field(description="a county; of another hub where that one took it over")
    place: Text = Field(default="", description="name")
    since: date | None = Field(default=None, description="absent where nobody handed it over")


class VisitOut(Provenance):
    """Something done with or for the child (走访、联系、测评)."""

    kind: Text = Field(description="as in the visits feed; also `survey` 摸底排查")
    on: date
    channel: VisitChannel
    outcome: VisitOutcome
    visitor: Text | None = Field(default=None, description="the visitor's post (岗位)")
    staff: Text | None = Field(default=None, description="工作人员编号")
    helps: list[Text] | None = Field(default=None, max_length=16, description="关爱服务")


_FROM: dict[str, Any] = {
    "record": "0195f3f2-5a6e-7c1b-9a53-0242ac120011",
    "feed": "enrolments",
    "department": "education",
    "observed_on": "2026-09-03",
}
CHILD_EXAMPLE: dict[str, Any] = {
    "id": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "fields": {
        "name": {"value": "示小满", **_FROM},
        "sex": {"value": "female", **_FROM},
        "birth_on": {"value": "2017-05-03", **_FROM},
        "id_number": {"value": "3717**********0126", **_FROM},
        "school": {"value": "示例区示例小学", **_FROM},
    },
    "hukou": [
        {
            "division": "371721000000",
            "place": "曹县",
            "since": "2017-05-10",
            "records": ["0195f3f2-5a6e-7c1b-9a53-0242ac120012"],
        }
    ],
    "episodes": [
        {
            "division": "500103000000",
            "place": "渝中区",
            "since": "2025-02-20",
            "accompanied": True,
            "records": ["0195f3f2-5a6e-7c1b-9a53-0242ac120011"],
        }
    ],
    "guardians": [{"name": "示大山", "relation": "father", "phone": "142******01", **_FROM}],
    "siblings": ["0195f3f2-5a6e-7c1b-9a53-0242ac120003"],
    "status": {
        "status": "migrant",
        "reasons": [{"code": "other_county", "clause": "一", "detail": {}}],
        "missing": [],
        "next_change_on": "2033-05-03",
        "rule_version": "example-city-2024",
    },
    "key_care": [
        {
            "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a01",
            "category": "family_hardship",
            "state": "confirmed",
            "since": "2026-03-02T04:00:00Z",
        }
    ],
    "visits": [
        {
            "kind": "home_visit",
            "on": "2026-02-10",
            "channel": "in_person",
            "outcome": "met",
            "visitor": "child_director",
        }
    ],
    "duties": [
        {
            "id": "5f0c9b1e-52a1-4f0e-9c1d-8e1f5f6b7a09",
            "duty": "survey",
            "department": "civil_affairs",
            "population": "migrant",
            "state": "pending",
            "begun_on": "2025-08-20",
            "due_on": "2026-05-10",
            "last_done_on": "2026-02-10",
            "clause": "《示例方案》二(一)1",
            "wording": "每季度开展一次摸底排查",
        }
    ],
    "responsible": {"division": "500103000000", "place": "渝中区"},
    "shielded": False,
}


class FollowUpOut(BaseModel):
    """An entitlement that reaches past the age at which counting ends (后续权益)."""

    entitlement: Text = Field(
        description="`senior_high` 普通高中, `vocational` 中职, `study_grant` 助学"
    )
    place: Text = Field(description="where it is claimed: `residence` or `hukou`")
    since: date = Field(description="from this day on")
    clause: Text
    state: Text = Field(description="`coming` 未到, `open` 可办理")


class AsOf(BaseModel):
    """The two times of a view of the past: the day it shows, and the instant up to which the hub had heard."""

    on: date = Field(description="时点")
    known_at: datetime = Field(description="数据截止时刻")


class ChildOut(BaseModel):
    """A child, as far as the caller's department and purpose may see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHILD_EXAMPLE]})

    id: UUID
    fields: dict[str, FieldOut] = Field(
        max_length=100,
        description="by name: `name`, `birth_on`, `school` …; what is unknown is absent",
    )
    hukou: list[PlaceOut] | None = Field(
        default=None, max_length=100, description="户籍期间, oldest first"
    )
    hukou_unconfirmed: list[PlaceOut] | None = Field(
        default=None,
        max_length=500,
        description="counties that too few departments name as hukou to be heard",
    )
    episodes: list[PlaceOut] | None = Field(
        default=None, max_length=500, description="居住期间, oldest first"
    )
    unconfirmed: list[PlaceOut] | None = Field(
        default=None,
        max_length=500,
        description="counties that too few departments speak of to make an episode",
    )
    guardians: list[GuardianOut] | None = Field(default=None, max_length=100, description="监护人")
    siblings: list[UUID] | None = Field(
        default=None, max_length=50, description="children that share a guardian (同一监护人)"
    )
    status: StatusOut | None = None
    left_behind: LeftBehindMark | None = Field(default=None, description="留守认定")
    key_care: list[KeyCareMark] | None = Field(
        default=None, max_length=50, description="重点关爱, in the categories open to you"
    )
    visits: list[VisitOut] | None = Field(
        default=None, max_length=100, description="走访联系, the newest first"
    )
    duties: list[DutyMark] | None = Field(
        default=None, max_length=50, description="职责任务 that you may see"
    )
    follow_ups: list[FollowUpOut] | None = Field(
        default=None, max_length=20, description="后续权益, once counting has ended by age"
    )
    responsible: FileOut | None = None
    shielded: bool | None = Field(default=None, description="地址保密")
    as_of: AsOf | None = Field(
        default=None, description="absent where the child is shown as it is known today"
    )


class ChildrenOut(BaseModel):
    """The children found, at most 20."""

    children: list[ChildOut] = Field(max_length=MAX_FOUND_CHILDREN)


class SearchIn(BaseModel):
    """Find by ID number, or by name together with birth date.  It goes in the body: URLs are logged."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"name": "示小明", "birth_date": "2017-05-03"}]},
    )

    id_number: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")] | None = (
        Field(default=None, description="公民身份号码; enough by itself")
    )
    name: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="姓名, exactly; together with `birth_date`"
    )
    birth_date: date | None = Field(default=None, description="出生日期")
