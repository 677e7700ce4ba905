"""Showing: duties as one caller sees them, each with the post that answers for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.registry.access.sight import groups_for
from services.registry.children import viewing
from services.registry.children.building import open_state
from services.registry.children.kit import Kit
from services.registry.children.marks import mark
from services.registry.duties.routing import Responsible, posts_of, route
from services.registry.posts import looking_back as posts_then
from services.registry.posts import queries as posts
from services.registry.posts.looking_back import Then
from shared import divisions
from shared.auth import Caller
from shared.problems import Forbidden

Groups = Mapping[str, str]


def sight(caller: Caller) -> Groups:
    """The field groups open to a reader of duties; Forbidden where purpose and department open no duties."""
    groups = groups_for(caller)
    if "duties" not in groups:
        raise Forbidden("Your department reads no duties for this purpose.")
    return groups


async def shown(
    session: AsyncSession,
    kit: Kit,
    rows: Sequence[Any],
    groups: Groups,
    known_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """Rows of ``queries.page``, or as ``known_at`` an instant of ``looking_back.page``, in the form of ``schemas.DutyOut``."""
    wanted = {at for row in rows for _, at in posts_of(row["residence_code"]).values()}
    if known_at is None:
        filled = await posts.filled(session, wanted)
    else:
        filled = await posts_then.filled(session, Then(kit.audit, known_at), wanted)
    names: dict[Any, str | None] = {}
    for row in rows:
        if row["id"] not in names:
            names[row["id"]] = _name(kit, row, groups)
    return [
        {**_duty(row, names[row["id"]]), "responsible": _responsible_for(row, filled)}
        for row in rows
    ]


def _name(kit: Kit, row: Any, groups: Groups) -> str | None:
    identity = {group: level for group, level in groups.items() if group == "identity"}
    seen = viewing.view(open_state(kit.sealer, row), identity, row["shielded"])
    name: str | None = seen["fields"].get("name", {}).get("value")
    return name


def _duty(row: Any, name: str | None) -> dict[str, Any]:
    code, shielded = row["residence_code"], row["shielded"]
    county = divisions.county_of(code)
    return {
        **mark(row),
        "child": {"id": row["id"], "name": name},
        "division": divisions.text_of(county if shielded else code),
        "place": divisions.name_of(county) or "",
        "shielded": shielded,
    }


def _responsible_for(row: Any, filled: Mapping[Any, Any]) -> dict[str, Any]:
    code = row["residence_code"]
    if row["shielded"]:
        return {"step": "county", "division": divisions.text_of(divisions.county_of(code))}
    return _responsible(route(code, row["step"], row["department"], filled))


def _responsible(found: Responsible) -> dict[str, Any]:
    return {
        "step": found.step,
        "division": divisions.text_of(found.division),
        "kind": found.kind,
        "post": found.post,
        "vacant": list(found.vacant) or None,
    }
