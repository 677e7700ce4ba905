"""Showing: rounds, their progress and their children as one caller sees them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from services.registry.access.sight import groups_for
from services.registry.access.subjects import only_civil_affairs
from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.profiles import Profile, Profiles
from services.registry.profiles.families.surveys import Channel, SurveyRound
from services.registry.profiles.rules import Unset
from services.registry.survey_rounds.asking import required, rule_of
from services.registry.survey_rounds.queries import COUNTY, Area, Reckoning
from services.registry.survey_rounds.schemas import RoundOut, RoundProgressOut, SurveyedOut
from services.registry.survey_rounds.terms import Reached
from services.registry.survey_rounds.timing import Cycle, cycle, state_of
from shared import divisions
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.problems import Forbidden

Groups = Mapping[str, str]
T = TypeVar("T")


def sight(caller: Caller) -> Groups:
    """The field groups open to a reader of rounds; Forbidden where purpose and department open no surveys."""
    only_civil_affairs(caller)
    groups = groups_for(caller)
    if "survey" not in groups:
        raise Forbidden("Your department reads no surveys for this purpose.")
    return groups


def reckoning(
    kit: Kit, row: Any, area: Area, now: datetime, as_of: datetime, unit: int = COUNTY
) -> Reckoning:
    """A round with what its rules require ``as_of`` an instant, over the part of it that is asked about."""
    asked = max(row["low"], area[0]), min(row["high"], area[1])
    counties = row["low"] // COUNTY * COUNTY, row["high"]
    # A round goes on with the heir of a county that ends, and with what that county's offices did for it.
    formers = kit.profiles.former(counties, now.astimezone(SHANGHAI).date())
    before = [(low // COUNTY * COUNTY, low // COUNTY * COUNTY + COUNTY - 1) for low, _ in formers]
    return Reckoning(row, _taken(row, as_of, required), asked, (counties, *before), unit)


def _taken(
    row: Any, now: datetime, setting: Callable[[SurveyRound | None], tuple[T, ...] | None]
) -> tuple[T, ...] | None:
    """What a round takes: what its rules left open is the first that was set while it lasted; nothing binds it afterwards."""
    ends = datetime.combine(row["closes_on"], time.max, SHANGHAI)

    def asked(profiles: Profiles, on: date) -> tuple[T, ...] | None:
        return setting(rule_of(profiles.for_division(row["division"], on), on))

    found = row["rules"].lasting(asked, row["opens_on"], min(now, ends))
    return found.value if found else None


def _channels(rule: SurveyRound | None) -> tuple[Channel, ...] | None:
    return None if rule is None or isinstance(rule.channels, Unset) else rule.channels


def _cycle(row: Any, now: datetime) -> Cycle:
    """When the next round is due: by a cycle that was set later, from the day on which it was set."""
    division, on = row["division"], row["opens_on"]
    own = cycle(row["rules"].then.for_division(division, on), on)

    def asked(profiles: Profiles, day: date) -> tuple[Profile, Cycle] | None:
        profile = profiles.for_division(division, day)
        found = cycle(profile, day)
        return (profile, found) if profile is not None and found.next_by else None

    set_ = row["rules"].lasting(asked, on, now)
    if own.next_by is not None or set_ is None:
        return own
    profile, found = set_.value
    next_by = cycle(profile, set_.begins_on(on)).next_by or found.next_by
    return Cycle(own.rule or found.rule, next_by)


def shown(row: Any, now: datetime) -> RoundOut:
    on = row["opens_on"]
    turn, blocks, channels = (
        _cycle(row, now),
        _taken(row, now, required),
        _taken(row, now, _channels),
    )
    return RoundOut(
        id=row["id"],
        division=divisions.text_of(row["division"]),
        place=place_of(row["division"]),
        opens_on=on,
        closes_on=row["closes_on"],
        state=state_of(
            on, row["closes_on"], row["withdrawn_at"] is not None, now.astimezone(SHANGHAI).date()
        ),
        next_opens_by=turn.next_by,
        clause=turn.rule.clause if turn.rule else None,
        wording=(turn.rule.wording or None) if turn.rule else None,
        blocks=None if blocks is None else list(blocks),
        channels=None if channels is None else list(channels),
    )


def place_of(code: int) -> str:
    """The name of the division itself, or of its county."""
    return divisions.name_of(code) or divisions.name_of(divisions.county_of(code)) or ""


def progress(rows: Iterable[Any]) -> list[RoundProgressOut]:
    """Counts by place from the groups of ``queries.completion``."""
    places: dict[int, dict[str, int]] = {}
    for row in rows:
        counts = places.setdefault(row["place"], dict.fromkeys(_COUNTS, 0))
        number = row["children"]
        counts["children"] += number
        counts["stale"] += row["stale"]
        counts[row["reached"]] += number
        if row["channel"]:
            counts[row["channel"]] += number
        if row["contracted"]:
            counts["by_contractors"] += number
    return [
        RoundProgressOut(division=divisions.text_of(place), place=place_of(place), **counts)
        for place, counts in places.items()
    ]


_COUNTS = (
    "children",
    *(str(one) for one in Reached),
    "stale",
    "home_visit",
    "self_declaration",
    "phone",
    "by_contractors",
)


def surveyed(kit: Kit, asked: Reckoning, row: Any, groups: Groups) -> SurveyedOut:
    identity = {group: level for group, level in groups.items() if group == "identity"}
    seen = viewing.view(open_state(kit.sealer, row), identity, row["shielded"])
    code = row["residence_code"]
    county = divisions.county_of(code)
    missing = None
    if row["reached"] == Reached.INCOMPLETE:
        missing = [one for one in asked.blocks or () if one not in (row["blocks"] or ())]
    return SurveyedOut.model_validate(
        {
            "child": {"id": row["id"], "name": seen["fields"].get("name", {}).get("value")},
            "division": divisions.text_of(county if row["shielded"] else code),
            "place": divisions.name_of(county) or "",
            "reached": row["reached"],
            "missing": missing,
            "surveyed_on": row["surveyed_on"],
            "channel": row["channel"],
            "surveyor": row["surveyor"] or None,
            "last_on": row["last_on"],
            "shielded": row["shielded"],
        }
    )
