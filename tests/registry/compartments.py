"""Compartments as tests use them: children of several places, and those who keep and read what is kept of them."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.key_care import decide, entries, survey, surveyed

BAOTOU, TIANMEN, YUZHONG, HARBIN = "150203", "429006", "500103", "230103"
#: Where each compartment is kept, by whom, under which purpose, and what an entry of it needs.
KEPT: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "psychological_risk": (
        BAOTOU,
        "civil_affairs",
        "key_care",
        {"level": "yellow", "reason": "assessed", "note": "评估有情绪问题"},
    ),
    "misconduct": (
        BAOTOU,
        "political_legal",
        "service",
        {"reason": "reported", "note": "多次旷课滋事"},
    ),
    "school_warning": (
        BAOTOU,
        "education",
        "service",
        {"level": "2", "reason": "screened", "reference": "XL-2026-17"},
    ),
    "growth_file": (BAOTOU, "education", "service", {"reason": "screened", "reference": "CZ-9"}),
    "psychological_archive": (
        TIANMEN,
        "education",
        "service",
        {"reason": "screened", "reference": "DA-3"},
    ),
    "hiv": (TIANMEN, "civil_affairs", "key_care", {"reason": "diagnosed"}),
    "severe_mental_disorder": (YUZHONG, "health", "service", {"reason": "diagnosed"}),
    "protectees": (
        YUZHONG,
        "civil_affairs",
        "key_care",
        {"reason": "found", "trigger": "family_hardship"},
    ),
}


async def keeper(registry: Registry, compartment: str, actor: str = "staff-7") -> httpx.AsyncClient:
    place, department, purpose, _ = KEPT[compartment]
    return await registry(f"{department}:{place}", purpose=purpose, actor=actor)


async def living(registry: Registry, place: str, **more: Any) -> UUID:
    """A child who lives in a county, whose hardship civil affairs there have confirmed."""
    (child,) = await surveyed(registry, survey(f"{place}000000", **more))
    civil = await registry(f"civil_affairs:{place}")
    for entry in await entries(civil):
        if entry["child"]["id"] == str(child):
            reply = await decide(civil, f"/v1/key-care/{entry['id']}", "confirm")
            assert reply.status_code == 200, reply.text
    return child


async def ask_to_open(
    who: httpx.AsyncClient, compartment: str, child: UUID, **more: Any
) -> httpx.Response:
    body = {"child_id": str(child), **KEPT[compartment][3], **more}
    return await who.post(
        f"/v1/compartments/{compartment}/entries",
        json={name: one for name, one in body.items() if one is not None},
        headers={"Idempotency-Key": str(uuid4())},
    )


async def opened(registry: Registry, compartment: str, child: UUID, **more: Any) -> str:
    """The path of a new entry."""
    reply = await ask_to_open(await keeper(registry, compartment), compartment, child, **more)
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"])


async def act(who: httpx.AsyncClient, path: str, act: str, **more: Any) -> httpx.Response:
    etag = (await who.get(path)).headers.get("ETag", '"none"')
    return await who.post(
        f"{path}/acts", json={"act": act, "reason": "found", **more}, headers={"If-Match": etag}
    )


async def acted(who: httpx.AsyncClient, path: str, what: str, **more: Any) -> dict[str, Any]:
    reply = await act(who, path, what, **more)
    assert reply.status_code == 200, reply.text
    seen: dict[str, Any] = reply.json()
    return seen


async def listed(who: httpx.AsyncClient, compartment: str, **asked: Any) -> list[dict[str, Any]]:
    reply = await who.get(f"/v1/compartments/{compartment}/entries", params=asked)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["entries"]
    return found


def amend(registry: Registry, folder: Path, amends: str, rules: str) -> None:
    """What administrators of a place settle."""
    (folder / f"{amends}-settled.toml").write_text(
        f"""
id = "{amends}-settled"
amends = "{amends}"

[documents.main]
name = "示例会议纪要"
valid_from = 2024-12-01

{rules}
""",
        encoding="utf-8",
    )
    object.__setattr__(registry.app.state.kit, "profiles", Profiles.load(SHIPPED, folder))
