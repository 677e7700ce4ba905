"""Reading the rules of a file: a TOML table in, a checked rule out.

Most families are read by the types of their fields (typed.py); those on which a status is decided
have readers of their own here.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final, Literal, TypedDict, get_args

from services.registry.profiles.families import TYPED
from services.registry.profiles.rules import (
    NOT_CONFIGURED,
    Arrival,
    Birthday,
    CentralDistricts,
    City,
    Contradiction,
    DayCounting,
    Definition,
    Document,
    EarlierHukou,
    LeapBirthday,
    LocalDivision,
    Onward,
    Rule,
    Transfer,
    Unset,
)
from services.registry.profiles.tables import Table
from services.registry.profiles.typed import read_rule
from shared import divisions

NO_OTHERS: Final[tuple[Literal["none"], ...]] = ("none",)


class _Common(TypedDict):
    clause: str
    valid_from: date | None
    valid_until: date | None
    wording: str
    note: str
    assumed: str


def read_documents(documents: Table) -> dict[str, Document]:
    """Each `[documents.key]`; a text without a day says `valid_from = "not_configured"`."""
    found: dict[str, Document] = {}
    for key in documents:
        table = documents.table(key)
        unset_from, unset_until = table.unset("valid_from"), table.unset("valid_until")
        found[key] = Document(
            name=table.text("name"),
            valid_from=NOT_CONFIGURED if unset_from else table.day("valid_from"),
            valid_until=NOT_CONFIGURED if unset_until else table.day_or_none("valid_until"),
            at_hand=table.flag("at_hand", default=True),
        )
        table.done()
    return found


def _common(table: Table, documents: Mapping[str, Document]) -> _Common:
    """The clause, cited with its document, and the days on which the rule holds."""
    key = table.text("document", default="main")
    if key not in documents:
        raise table.fault("document", f"[documents.{key}] is missing")
    document = documents[key]
    first = table.day_or_none("valid_from")
    if first is None and isinstance(document.valid_from, date):
        first = document.valid_from
    last = table.day_or_none("valid_until")
    if last is None and isinstance(document.valid_until, date):
        last = document.valid_until
    if first is not None and last is not None and last < first:
        raise table.fault("valid_until", "lies before valid_from")
    return {
        "clause": f"{document.name} {table.text('clause')}",
        "valid_from": first,
        "valid_until": last,
        "wording": table.text("wording", default=""),
        "note": table.text("note", default=""),
        "assumed": table.text("assumed", default=""),
    }


def _definition(table: Table, common: _Common) -> Definition:
    if not table.flag("cross_county"):
        raise table.fault("cross_county", "only the crossing of county borders can be decided yet")
    return Definition(
        **common,
        cross_county=True,
        months=table.count("months", 0, 120),
        months_inclusive=table.flag("months_inclusive"),
        age_below=table.count("age_below", 1, 18),
        accompanied=table.flag("accompanied"),
    )


def _central_districts(table: Table, common: _Common) -> CentralDistricts:
    if not table.flag("exempt"):
        return CentralDistricts(**common, exempt=False, cities=(), others="none")
    cities: list[City] = []
    for city in table.tables("cities"):
        area = city.area("area")
        members = NOT_CONFIGURED if city.unset("members") else _members(city, area)
        city.done()
        cities.append(City(area, members))
    others: Literal["none"] | Unset = NOT_CONFIGURED
    if not table.unset("others"):
        others = table.choice("others", NO_OTHERS)
    return CentralDistricts(**common, exempt=True, cities=tuple(cities), others=others)


def _members(city: Table, area: tuple[int, int]) -> frozenset[int]:
    members = [city.as_code(text, "members") for text in city.texts("members")]
    for code in members:
        if code % 10**6 or not area[0] <= code <= area[1]:
            raise city.fault("members", "must be county-level codes within the city's area")
    return frozenset(members)


def _day_counting(table: Table, common: _Common) -> DayCounting:
    assumed = DayCounting(clause="")
    return DayCounting(
        **common,
        arrival_day=table.choice("arrival_day", get_args(Arrival), assumed.arrival_day),
        birthday=table.choice("birthday", get_args(Birthday), assumed.birthday),
        leap_birthday=table.choice("leap_birthday", get_args(LeapBirthday), assumed.leap_birthday),
        onward_move=table.choice("onward_move", get_args(Onward), assumed.onward_move),
        tolerated_gap_days=table.count("tolerated_gap_days", 0, 366, assumed.tolerated_gap_days),
        earlier_hukou=table.choice("earlier_hukou", get_args(EarlierHukou), assumed.earlier_hukou),
        autumn_term_begins=_month_day(table, "autumn_term_begins", assumed.autumn_term_begins),
        spring_term_begins=_month_day(table, "spring_term_begins", assumed.spring_term_begins),
        township_after_days=table.count("township_after_days", 0, 366, assumed.township_after_days),
        county_after_days=table.count("county_after_days", 0, 366, assumed.county_after_days),
        stated=frozenset(name for name in DayCounting.settings() if table.has(name)),
    )


def _month_day(table: Table, key: str, default: str) -> str:
    """A day of every year, as MM-DD; 29 February is none."""
    text = table.text(key, default)
    try:
        return f"{date.fromisoformat(f'2001-{text}'):%m-%d}"
    except ValueError:
        raise table.fault(key, "must be a day of every year, MM-DD") from None


READERS: Final[Mapping[str, Callable[[Table, _Common], Rule]]] = {
    Definition.family: _definition,
    CentralDistricts.family: _central_districts,
    DayCounting.family: _day_counting,
}


def _said(
    family: str, table: Table, documents: Mapping[str, Document]
) -> Iterator[tuple[Table, Rule]]:
    """The rule that a table holds; several where its key is a list: one clause on several things."""
    if family in READERS:
        yield table, READERS[family](table, _common(table, documents))
        return
    kind = TYPED[family]
    for one in table.spread(kind.keyed_by):
        yield one, read_rule(kind, one, {**_common(one, documents)})


def read_rules(
    rules: Table, documents: Mapping[str, Document]
) -> dict[tuple[str, str], tuple[Rule, ...]]:
    """Every rule by family and key, its versions in order of time and never two on one day."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for family in rules:
        if family not in READERS and family not in TYPED:
            raise rules.fault(family, "is not a known family of rules")
        said = (one for table in rules.tables(family) for one in _said(family, table, documents))
        for table, rule in said:
            table.done()
            versions = found.setdefault((family, rule.key), [])
            if any(_meet(rule, other) for other in versions):
                raise table.fault("valid_from", "holds on a day on which another version holds")
            versions.append(rule)
    rules.done()
    return {
        key: tuple(sorted(versions, key=lambda rule: rule.valid_from or date.min))
        for key, versions in found.items()
    }


def _meet(one: Rule, other: Rule) -> bool:
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    return first <= min(one.valid_until or date.max, other.valid_until or date.max)


def read_local_division(table: Table) -> LocalDivision:
    """A unit without a national code, under a code of this software's own."""
    code = NOT_CONFIGURED if table.unset("code") else table.code("code")
    if isinstance(code, int) and code % 10**6:
        raise table.fault("code", "must be a county-level code")
    local = LocalDivision(
        code=code,
        name=table.text("name"),
        basis=table.text("basis"),
        superseded_by=table.code("superseded_by") if table.has("superseded_by") else None,
    )
    table.done()
    return local


def read_transfer(table: Table) -> Transfer:
    """A township or village that another county took over, under another code, from a day on."""
    code, becomes = table.code("code"), table.code("becomes")
    if (
        code == becomes
        or len({high - low for low, high in map(divisions.area_of, (code, becomes))}) > 1
    ):
        raise table.fault("becomes", "must be another code of the same level")
    transfer = Transfer(code, becomes, table.day("on"), table.text("basis"))
    table.done()
    return transfer


def read_contradiction(table: Table, documents: Mapping[str, Document]) -> Contradiction:
    """Two sayings or more, each with its document and clause, that cannot both be followed."""
    clauses = []
    for saying in table.tables("sayings"):
        key = saying.text("document", default="main")
        if key not in documents:
            raise saying.fault("document", f"[documents.{key}] is missing")
        clauses.append(f"{documents[key].name} {saying.text('clause')}: {saying.text('wording')}")
        saying.done()
    if len(clauses) < 2:
        raise table.fault("sayings", "must be two at least")
    found = Contradiction(table.text("rule"), tuple(clauses), table.text("why"))
    table.done()
    return found
