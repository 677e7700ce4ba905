"""Layouts: which columns a roster of a kind has, and what stands in them for one reader, as data in ``layout.toml``."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.profiles.families.surveys import ImportColumn, NationalSystem
from services.registry.profiles.rules import Unset
from services.registry.rosters.terms import RosterKind
from shared.auth import Caller
from shared.problems import Forbidden
from shared.vocabulary import Purpose

FILE = Path(__file__).with_name("layout.toml")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WRITTEN = {
    "2025-01-31": "{0}-{1}-{2}",
    "2025/01/31": "{0}/{1}/{2}",
    "20250131": "{0}{1}{2}",
    "2025年1月31日": "{0}年{3}月{4}日",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """``columns``: wire name → Chinese title, in order.  ``note`` says whose layout this is.

    ``words``: what the words of a column's closed list are called in a workbook.
    """

    kind: RosterKind
    purposes: tuple[Purpose, ...]
    columns: Mapping[str, str]
    title: str
    note: str
    words: Mapping[str, Mapping[str, str]]

    def titled(self, name: str, value: str) -> str:
        """A cell as a workbook shows it."""
        called = self.words.get(name, {})
        return "、".join(called.get(one, one) for one in value.split("、")) if called else value

    def read(self, name: str, value: str) -> str:
        """What such a cell is on the wire."""
        meant = {word: one for one, word in self.words.get(name, {}).items()}
        return "、".join(meant.get(one, one) for one in value.split("、")) if meant else value


@cache
def layout_of(kind: RosterKind) -> Layout:
    loaded = tomllib.loads(FILE.read_text(encoding="utf-8"))
    said = loaded["kinds"][kind]
    titles = loaded["columns"]
    purposes = tuple(Purpose(one) for one in said["purposes"])
    columns = {name: titles[name] for name in said["columns"]}
    return Layout(kind, purposes, columns, said["title"], said["note"], loaded["words"])


def import_columns(kit: Kit, roster: Any, day: date) -> tuple[ImportColumn, ...]:
    """The columns of the national system's import file, as the rules of the roster's place have them today; none where
    nobody has set them.  Of today, not of when the roster was made: how a file is written decides nothing.
    """
    profile = kit.profiles.for_division(roster["low"], day)
    rule = profile.rule(NationalSystem, day) if profile else None
    if (
        roster["kind"] != RosterKind.NATIONAL_SYSTEM
        or rule is None
        or isinstance(rule.layout, Unset)
    ):
        return ()
    return rule.layout


def imported(layout: Layout, column: ImportColumn, line: Mapping[str, Any]) -> str:
    """What such a column says of a line of ours."""
    value = str(line.get(column.name, ""))
    if _DAY.fullmatch(value):
        year, month, day = value.split("-")
        return _WRITTEN[column.days].format(year, month, day, int(month), int(day))
    theirs = dict(word.split("=", 1) for word in column.words)
    return "、".join(
        theirs.get(one) or layout.titled(column.name, one) for one in value.split("、")
    )


def only_for_its_purpose(kind: RosterKind, caller: Caller) -> None:
    """Forbidden for any other purpose than those that rosters of this kind serve."""
    wanted = layout_of(kind).purposes
    if caller.purpose not in wanted:
        raise Forbidden(f"A roster of this kind is for {' or '.join(wanted)} alone.")


def cells(kit: Kit, row: Any, groups: Mapping[str, str]) -> dict[str, str]:
    """Every cell that a reader with these field groups may see of a ``children`` row; what is empty is left out.

    A shielded child's row is never asked for: such a child stands on no roster.
    """
    seen = viewing.view(open_state(kit.sealer, row), groups, row["shielded"])
    fields = {name: str(held["value"]) for name, held in seen["fields"].items()}
    made = {
        "name": fields.get("name"),
        "sex": fields.get("sex"),
        "birth_date": fields.get("birth_on"),
        "id_number": fields.get("id_number") or fields.get("other_number"),
        **{
            name: fields.get(name)
            for name in ("ethnicity", "school", "grade", "guardian_capacity", "insured")
        },
        "disability": fields.get("disability"),
        "status": row["status"] if "status" in groups else None,
    }
    if hukou := seen.get("hukou"):
        made |= {"hukou_division": hukou[-1]["division"], "hukou_address": hukou[-1].get("address")}
    if episodes := seen.get("episodes"):
        last = episodes[-1]
        made |= {
            "residence_division": last["division"],
            "residence_address": last.get("address"),
            "residence_since": last.get("since"),
            "moved_out_on": last.get("until"),
        }
    if guardians := seen.get("guardians"):
        made |= {
            "guardian_" + key: "、".join(g[key] for g in guardians if g.get(key)) or None
            for key in ("name", "relation", "phone")
        }
    return {name: value for name, value in made.items() if value}
