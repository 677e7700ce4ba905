"""Sheets: the files of profiles, each read whole and by itself, and in which order they speak."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.registry.profiles.profile import Area, Layer, Profile
from services.registry.profiles.reading import (
    read_contradiction,
    read_documents,
    read_local_division,
    read_rules,
    read_transfer,
)
from services.registry.profiles.rules import CentralDistricts, Unset
from services.registry.profiles.tables import ProfileError, Table
from shared import divisions


@dataclass(frozen=True)
class Sheet:
    """One file, read but not yet stacked upon what it inherits."""

    file: str
    id: str
    name_zh: str
    name_en: str
    inherits: str | None
    amends: str | None
    covers: tuple[Area, ...]
    layer: Layer


@lru_cache(maxsize=256)
def read(file: str, content: bytes) -> Sheet:
    """A file by itself; ProfileError where anything of it is not understood.  Most rulebooks have most files in common."""
    try:
        data = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ProfileError(file, "(file)", f"is not TOML: {fault}") from None
    table = Table(file, "", data)
    rules = table.table("rules") if table.has("rules") else Table(file, "rules", {})
    texts = table.table("documents") if table.has("documents") else Table(file, "documents", {})
    documents = read_documents(texts)
    identity = table.text("id")
    amends = table.text("amends") if table.has("amends") else None
    sheet = Sheet(
        file=file,
        id=identity,
        name_zh=table.text("name_zh", default=None if amends is None else ""),
        name_en=table.text("name_en", default=None if amends is None else ""),
        inherits=table.text("inherits") if table.has("inherits") else None,
        amends=amends,
        covers=tuple(table.as_area(prefix, "covers") for prefix in table.texts("covers")),
        layer=Layer(
            id=identity,
            amends=amends,
            documents=documents,
            rules=read_rules(rules, documents),
            local_divisions=tuple(map(read_local_division, table.tables("local_divisions"))),
            contradictions=tuple(
                read_contradiction(one, documents) for one in table.tables("contradictions")
            ),
            transfers=tuple(map(read_transfer, table.tables("transfers"))),
        ),
    )
    table.done()
    return sheet


def stack(sheet: Sheet, sheets: dict[str, Sheet]) -> Iterator[Sheet]:
    """What speaks for a place, the nearest first: its amendments, itself, and what it inherits."""
    seen = {sheet.id}
    yield from _amended(sheet, sheets)
    while sheet.inherits is not None:
        if sheet.inherits not in sheets or sheets[sheet.inherits].amends is not None:
            raise ProfileError(sheet.file, "inherits", f"no profile is called {sheet.inherits}")
        if sheet.inherits in seen:
            raise ProfileError(sheet.file, "inherits", "leads back to itself")
        sheet = sheets[sheet.inherits]
        seen.add(sheet.id)
        yield from _amended(sheet, sheets)


def _amended(sheet: Sheet, sheets: dict[str, Sheet]) -> Iterator[Sheet]:
    yield from reversed([one for one in sheets.values() if one.amends == sheet.id])
    yield sheet


def refuse_stray_amendment(sheet: Sheet, sheets: dict[str, Sheet]) -> None:
    place = sheets.get(sheet.amends or "")
    if place is None or place.amends is not None:
        raise ProfileError(sheet.file, "amends", f"no place is called {sheet.amends}")
    if sheet.covers or sheet.inherits is not None:
        key = "covers" if sheet.covers else "inherits"
        raise ProfileError(sheet.file, key, "an amendment has those of the place that it amends")


def refuse_shared_areas(sheets: dict[str, Sheet]) -> None:
    owners: dict[Area, Sheet] = {}
    for sheet in sheets.values():
        for area in sheet.covers:
            owner = owners.setdefault(area, sheet)
            if owner is not sheet:
                raise ProfileError(
                    sheet.file, "covers", f"the same area is covered by {owner.file}"
                )


def refuse_unknown_codes(sheet: Sheet, profile: Profile) -> None:
    for local in sheet.layer.local_divisions:
        if isinstance(local.code, int) and divisions.ever(local.code):
            raise ProfileError(sheet.file, "local_divisions", f"{local.code} is a national code")
        if local.superseded_by is not None and not divisions.ever(local.superseded_by):
            raise ProfileError(sheet.file, "local_divisions", f"{local.superseded_by} is unknown")
    for versions in sheet.layer.rules.values():
        for rule in versions:
            for city in rule.cities if isinstance(rule, CentralDistricts) else ():
                for code in () if isinstance(city.members, Unset) else sorted(city.members):
                    if not divisions.ever(code) and profile.local_division(code) is None:
                        key = "rules.central_districts.cities.members"
                        raise ProfileError(sheet.file, key, f"{code} is not a known division")
