"""Stepping in: mandatory reports, what police and courts may or shall do, suggestions, referrals, hotlines."""

from dataclasses import dataclass
from typing import Literal

from services.registry.profiles.families.offices import Office
from services.registry.profiles.rules import NOT_CONFIGURED, Rule, Unset

Force = Literal["may", "shall"]
"""可以, 应当. A clause that commands in other words has neither: not configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Rule):
    """An event that must be reported (强制报告, R25), by whom, to whom, and how soon.

    `immediately` 第一时间, `promptly` 及时. `only_if`: what must be the case beside the event
    (`serious` 情节严重, `law_must_act` 需要法律介入), any one of them. `before`: what comes first
    (劝诫, 制止, 告知法律责任). Without `reply_hours` an unanswered report never counts as overdue.
    """

    family = "report"
    keyed_by = "event"
    waiting = frozenset({"reply_hours"})
    if_silent = "needed"

    event: Literal[
        "guardian_fails_duty",
        "rights_violated",
        "lives_alone",
        "domestic_violence_suspected",
        "injury_or_crime_suspected",
    ]
    reporter: Office
    to: Office
    urgency: Literal["immediately", "promptly"]
    only_if: tuple[Literal["serious", "law_must_act"], ...] = ()
    before: tuple[Literal["dissuade", "stop", "explain_liability"], ...] = ()
    reply_hours: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMeasure(Rule):
    """What is done with a guardian in a case (R26), and whether it may or shall be."""

    family = "case_measure"
    keyed_by = "measure"
    if_silent = "listed"

    measure: Literal[
        "admonition", "family_education_guidance", "family_education_order", "supervision_order"
    ]
    force: Force | Unset
    issuers: tuple[Office, ...] | Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Rule):
    """A suggestion to a unit that manages badly or neglects its duty (R27): a court's (司法建议) or a
    procuratorate's (检察建议).
    """

    family = "suggestion"
    keyed_by = "kind"
    if_silent = "listed"

    kind: Literal["judicial", "procuratorial"]
    urgency: Literal["promptly"]
    reply_days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral(Rule):
    """Passing a child on for treatment or rehabilitation (转介, R24).

    `senders` are those whom the text names; nobody else refers only where it says so (`senders_alone`): 等 leaves a list open.
    Without `answer_days` an unanswered referral never counts as overdue.
    """

    family = "referral"
    keyed_by = "kind"
    waiting = frozenset({"answer_days"})
    if_silent = "listed"

    kind: Literal["medical_treatment", "community_rehabilitation"]
    force: Force | Unset
    senders: tuple[
        Literal["family", "school", "community", "psychological_institution", "hotline"], ...
    ] = ()
    senders_alone: bool = False
    answer_days: int | Unset = NOT_CONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline(Rule):
    """A telephone line that the text names (热线, R59)."""

    family = "hotline"
    keyed_by = "name"
    if_silent = "listed"

    name: str
    number: str | Unset
