"""Surveys (摸底排查): what a visit, a self-declaration or a telephone call found.

The five blocks are those the plans ask for (R8): the child (common block), its parents, the
family's life, guardianship, living security. A block left out was not asked; which blocks make a
survey complete is for the jurisdiction profile to say.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.registry.records.feeds.examples import example
from services.registry.records.feeds.feed import Feed
from services.registry.records.feeds.item import Company, Item, Relation
from services.registry.records.feeds.wire import (
    Code,
    Day,
    Flag,
    Label,
    Name,
    NullAsEmpty,
    Number,
    Phone,
    Wire,
)
from shared.vocabulary import Department


class SurveyChannel(StrEnum):
    """How it was learnt (R9): `home_visit` 入户走访, `self_declaration` 自主申报, `phone` 电话巡访."""

    HOME_VISIT = "home_visit"
    SELF_DECLARATION = "self_declaration"
    PHONE = "phone"


class Surveyor(StrEnum):
    """Who asked (R9): contracted agencies work under narrower accounts.

    `child_director` 儿童主任, `child_supervisor` 儿童督导员, `social_work_agency` 专业社会工作服务机构, `other` 其他.
    """

    CHILD_DIRECTOR = "child_director"
    """儿童主任 of a village or community"""
    CHILD_SUPERVISOR = "child_supervisor"
    """儿童督导员 of a township or street"""
    SOCIAL_WORK_AGENCY = "social_work_agency"
    """专业社会工作服务机构 under contract"""
    OTHER = "other"


class ParentState(StrEnum):
    """What keeps a parent from caring for the child, if anything does (父母状况).

    `caring` 正常履行监护, `working_away` 外出务工, `deceased` 死亡, `missing` 失踪, `serving_sentence` 服刑,
    `severely_disabled` 重残, `unknown` 不详.
    """

    CARING = "caring"
    WORKING_AWAY = "working_away"
    DECEASED = "deceased"
    MISSING = "missing"
    SERVING_SENTENCE = "serving_sentence"
    SEVERELY_DISABLED = "severely_disabled"
    UNKNOWN = "unknown"


class GuardianCapacity(StrEnum):
    """Whether the guardian is able to care (监护能力): `able` 有, `weak` 弱, `none` 无, `unknown` 不详."""

    ABLE = "able"
    WEAK = "weak"
    NONE = "none"
    UNKNOWN = "unknown"


class Housing(StrEnum):
    """How the family is housed (居住状况).

    `owned` 自有, `rented` 租住, `employer_provided` 单位提供, `with_relatives` 借住亲属家, `other` 其他, `unknown` 不详.
    """

    OWNED = "owned"
    RENTED = "rented"
    EMPLOYER_PROVIDED = "employer_provided"
    WITH_RELATIVES = "with_relatives"
    OTHER = "other"
    UNKNOWN = "unknown"


class IncomeSource(StrEnum):
    """What the family lives on (收入来源).

    `wages` 工资, `business` 经营, `farming` 务农, `assistance` 救助, `relatives` 亲属资助, `none` 无, `other` 其他.
    """

    WAGES = "wages"
    BUSINESS = "business"
    FARMING = "farming"
    ASSISTANCE = "assistance"
    RELATIVES = "relatives"
    NONE = "none"
    OTHER = "other"


class Hardship(StrEnum):
    """What makes the family's life hard (家庭生活困难), as the surveyor saw it.

    `low_income` 收入低, `illness` 疾病, `disability` 残疾, `unemployment` 失业, `disaster` 受灾, `education_costs` 教育支出,
    `housing` 住房困难, `other` 其他.
    """

    LOW_INCOME = "low_income"
    ILLNESS = "illness"
    DISABILITY = "disability"
    UNEMPLOYMENT = "unemployment"
    DISASTER = "disaster"
    EDUCATION_COSTS = "education_costs"
    HOUSING = "housing"
    OTHER = "other"


class Parent(Wire):
    """One parent."""

    name: Name | None = None
    """Name as written."""
    id_number: Number | None = None
    """Resident identity number."""
    phone: Phone | None = None
    """Phone number."""
    state: ParentState | None = None
    """Whether this parent cares for the child, and why not."""
    occupation: Label | None = None
    """Occupation as written."""


class Parents(Wire):
    """Block *parents* (父母基本信息)."""

    father: Parent | None = None
    """The father."""
    mother: Parent | None = None
    """The mother."""


class FamilyLife(Wire):
    """Block *family life* (家庭生活情况)."""

    housing: Housing | None = None
    """How the family is housed."""
    household_size: Annotated[int, Field(strict=True, ge=1, le=50)] | None = None
    """Persons living together."""
    children: Annotated[int, Field(strict=True, ge=0, le=20)] | None = None
    """Children among them."""
    attending_school: Flag | None = None
    """Whether a child of school age goes to school or kindergarten."""


class Guardianship(Wire):
    """Block *guardianship* (监护情况)."""

    lives_with: Company | None = None
    """With whom the child lives."""
    carer: Relation | None = None
    """Who looks after the child day by day."""
    capacity: GuardianCapacity | None = None
    """Whether that person is able to."""


class LivingSecurity(Wire):
    """Block *living security* (生活保障情况) with the signs that open key care."""

    income_sources: Annotated[tuple[IncomeSource, ...], Field(max_length=7), NullAsEmpty()] = ()
    """What the family lives on."""
    insured: Flag | None = None
    """Whether the child has medical insurance."""
    hardships: Annotated[tuple[Hardship, ...], Field(max_length=8), NullAsEmpty()] = ()
    """What makes the family's life hard."""
    requests_help: Flag | None = None
    """Whether the family asks for help by itself (主动提出救助帮扶需求)."""
    needs: Annotated[tuple[Code, ...], Field(max_length=16), NullAsEmpty()] = ()
    """What it asks for, as codes of the service list."""
    behaviour_concern: Flag | None = None
    """Whether the child's behaviour or state of mind gives concern (心理和行为异常)."""
    vagrant: Flag | None = None
    """Whether the child was found vagrant (流浪)."""


class Survey(Item):
    """One survey of one child."""

    model_config = example(
        "SL-MP-2025Q3-000210",
        "2025-08-15",
        channel="home_visit",
        surveyor="child_director",
        surveyed_on="2025-08-15",
        parents={
            "father": {
                "name": "示大山",
                "id_number": "371721198804120114",
                "phone": "14200000001",
                "state": "caring",
                "occupation": "建筑工",
            },
            "mother": {"name": "例春兰", "state": "working_away"},
        },
        family_life={
            "housing": "rented",
            "household_size": 3,
            "children": 1,
            "attending_school": True,
        },
        guardianship={"lives_with": "one_parent", "carer": "father", "capacity": "able"},
        living_security={
            "income_sources": ["wages"],
            "insured": True,
            "hardships": ["low_income"],
            "requests_help": False,
            "behaviour_concern": False,
            "vagrant": False,
        },
    )

    channel: SurveyChannel
    """How it was learnt."""
    surveyed_on: Day
    """Day of the visit, declaration or call."""
    surveyor: Surveyor | None = None
    """Who asked."""
    parents: Parents | None = None
    """The parents."""
    family_life: FamilyLife | None = None
    """The family's life."""
    guardianship: Guardianship | None = None
    """Guardianship."""
    living_security: LivingSecurity | None = None
    """Living security."""


FEED = Feed(
    name="surveys",
    model=Survey,
    departments=(Department.CIVIL_AFFAIRS,),
    legal_basis=(
        "Law on the Protection of Minors (未成年人保护法) art. 43: neighbourhood and village "
        "committees keep files on children in difficulty; Chongqing plan 二(一)1 (every quarter), "
        "Heze plan (四), Tianmen plan 三(一), Heilongjiang plan 1 (at least every half-year)"
    ),
    expected_every_days=92,
    title_zh="摸底排查",
    title_en="Field surveys",
)
