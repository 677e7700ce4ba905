"""Visits (走访): one contact with a child or its family, by whom, by which channel, and what it found.

Civil affairs reports what children's directors (儿童主任) and supervisors (儿童督导员) did, education what schools did.  A
visit is found to be owed, and to have been made, by the rules of the place (``duties``); here it is only told.  Staff are
named by an opaque id of the pushing system, never by name.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Company, Item
from services.registry.records.feeds.surveys import GuardianCapacity, Hardship
from services.registry.records.feeds.wire import Code, Day, Flag, NullAsEmpty, Wire
from shared.vocabulary import Department


class VisitKind(StrEnum):
    """What was done (走访类型).

    `contact` 联系, `home_visit` 入户走访, `school_home_visit` 家访, `screening` 心理健康测评, `family_education` 家庭教育指导活动,
    `law_lesson` 法治专题教育, `safety_lecture` 安全教育, `mental_health_activity` 心理健康教育活动, `activity` 其他关爱服务活动.
    """

    CONTACT = "contact"
    HOME_VISIT = "home_visit"
    SCHOOL_HOME_VISIT = "school_home_visit"
    SCREENING = "screening"
    FAMILY_EDUCATION = "family_education"
    LAW_LESSON = "law_lesson"
    SAFETY_LECTURE = "safety_lecture"
    MENTAL_HEALTH_ACTIVITY = "mental_health_activity"
    ACTIVITY = "activity"


class VisitChannel(StrEnum):
    """How (走访方式): `in_person` 当面, `phone` 电话, `online` 网络."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    ONLINE = "online"


class VisitOutcome(StrEnum):
    """What came of it (走访结果): `met` 见到或联系上, `not_met` 未遇, `refused` 拒访.

    Only `met` counts as done; the others are kept as attempts.
    """

    MET = "met"
    NOT_MET = "not_met"
    REFUSED = "refused"


class Visitor(StrEnum):
    """In what post (走访人岗位).

    `child_director` 儿童主任, `child_supervisor` 儿童督导员, `teacher` 教师, `social_worker` 社会工作者, `volunteer` 志愿者,
    `other` 其他.
    """

    CHILD_DIRECTOR = "child_director"
    CHILD_SUPERVISOR = "child_supervisor"
    TEACHER = "teacher"
    SOCIAL_WORKER = "social_worker"
    VOLUNTEER = "volunteer"
    OTHER = "other"


StaffId = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
]
"""An opaque id of a member of staff (工作人员编号); no name can be written in it."""

Instant = Annotated[
    str,
    StringConstraints(
        max_length=32,
        pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
        r"(Z|[+-][01][0-9]:[0-5][0-9])$",
    ),
]
"""An instant with its offset, as a device wrote it down."""

Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class VisitFindings(Wire):
    """What the visitor found; what is left out was not looked at."""

    lives_with: Company | None = None
    """With whom the child lives."""
    capacity: GuardianCapacity | None = None
    """Whether whoever cares for the child is able to."""
    attending_school: Flag | None = None
    """Whether a child of school age goes to school or kindergarten."""
    hardships: Annotated[tuple[Hardship, ...], Field(max_length=8), NullAsEmpty()] = ()
    """What makes the family's life hard."""
    requests_help: Flag | None = None
    """Whether the family asks for help by itself (主动提出救助帮扶需求)."""
    behaviour_concern: Flag | None = None
    """Whether the child's behaviour or state of mind gives concern (心理和行为异常)."""
    vagrant: Flag | None = None
    """Whether the child was found vagrant (流浪)."""


class Visit(Item):
    """One visit to one child, or the attempt."""

    model_config = example(
        "SL-ZF-2026-000031",
        "2026-02-11",
        kind="home_visit",
        channel="in_person",
        outcome="met",
        visited_on="2026-02-10",
        visitor="child_director",
        staff="yz-cd-0417",
        noted_at="2026-02-10T16:40:00+08:00",
        findings={
            "lives_with": "one_parent",
            "capacity": "able",
            "attending_school": True,
            "requests_help": False,
            "behaviour_concern": False,
        },
        helps=["reading_companion"],
        note="作业有人辅导，冬衣已送到",
    )

    kind: VisitKind
    """What was done."""
    channel: VisitChannel
    """How."""
    outcome: VisitOutcome
    """What came of it."""
    visited_on: Day
    """The day of the visit; a day after that of receipt makes it no visit."""
    visitor: Visitor | None = None
    """In what post the visitor acted."""
    staff: StaffId | None = None
    """Who went, by the opaque id of the pushing system."""
    noted_at: Instant | None = None
    """When it was written down on the device, where that was offline."""
    findings: VisitFindings | None = None
    """What was found."""
    helps: Annotated[tuple[Code, ...], Field(max_length=16), NullAsEmpty()] = ()
    """What was given or done for the child (关爱服务), as codes of the service list."""
    note: Note | None = None
    """Free note; sealed with the record, and shown to its own department alone."""


FEED = Feed(
    name="visits",
    model=Visit,
    departments=(Department.CIVIL_AFFAIRS, Department.EDUCATION),
    legal_basis=(
        "Law on the Protection of Minors (未成年人保护法) art. 43: neighbourhood and village "
        "committees keep in touch with children in difficulty; Inner Mongolia plan 二(二) (monthly "
        "contact, home visit every three months), Tianmen plan 三(二) and 三(六), Heze plan (五), "
        "Heilongjiang plan 2, Chongqing plan 二(一)3 (regular visits)"
    ),
    expected_every_days=31,
    title_zh="走访联系",
    title_en="Visits and contacts",
)
