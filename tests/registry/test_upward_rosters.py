"""Rosters to the province: who is eligible, who receives them, and what nobody else sees or says of them."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.profiles import Profiles
from services.registry.profiles.families.surveys import UpwardRoster
from services.registry.profiles.open_points import open_points
from services.registry.rosters.eligible import eligible
from services.registry.rosters.terms import Eligible
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import YUZHONG, link, push, survey, surveyed
from tests.registry.test_rosters import HEZE, TOPIC, answered, digest, made, rows


async def benefit(
    registry: Registry, item: dict[str, Any], child: UUID, kind: str, version: int = 1
) -> None:
    """A benefit that starts, or, in its second version, has ended."""
    told = {
        **{key: item[key] for key in ("division", "child", "hukou", "residence", "guardians")},
        "source_id": f"A-{item['source_id']}",
        "version": version,
        "observed_on": "2026-03-01",
        "kind": kind,
        "event": "started" if version == 1 else "ended",
        "on": f"2026-0{version}-01",
    }
    who = f"civil_affairs:{item['division'][:6]}"
    await link(registry, await push(registry, who, "assistance", told), [child])


async def heze(registry: Registry) -> tuple[list[UUID], list[dict[str, Any]]]:
    """An orphan, one in fact unsupported, one in poverty, one with nothing, and an orphan at home."""
    items = [survey(HEZE, hukou={"division": YUZHONG}) for _ in range(4)]
    items.append(survey(HEZE, hukou={"division": HEZE}))
    children = await surveyed(registry, *items)
    kinds = ("orphan", "de_facto_unsupported", "minimum_living", "", "orphan")
    for item, child, kind in zip(items, children, kinds, strict=True):
        if kind:
            await benefit(registry, item, child, kind)
    return children, items


async def test_r60_only_eligible_children_are_on_the_roster(registry: Registry) -> None:
    children, items = await heze(registry)
    civil = await registry("civil_affairs:3717")
    roster = await made(civil, kind="upward", topic=TOPIC, division="371700")
    assert roster["rows"] == 2 and roster["clause"].endswith(" 附件2第10项")
    listed = {line["name"]: line["eligible"] for line in await rows(civil, roster)}
    names = [item["child"]["name"] for item in items]
    assert listed == {names[0]: "scattered_orphan", names[1]: "de_facto_unsupported"}
    assert set(roster["columns"]) >= {"eligible", "id_number"}
    # Whoever ceases to be eligible before the list leaves is not on it.
    await benefit(registry, items[0], children[0], "orphan", 2)
    assert {line["name"] for line in await rows(civil, roster)} == {names[1]}


async def test_r60_the_receipt_says_who_received_what_and_when(registry: Registry) -> None:
    await heze(registry)
    civil, province = await registry("civil_affairs:3717"), await registry("civil_affairs:37")
    roster = await made(civil, kind="upward", topic=TOPIC, division="371700")
    path = f"/v1/rosters/{roster['id']}/receipts"
    own = await digest(civil, roster)
    assert (await civil.post(path, json={"sha256": own})).status_code == 403
    unread = await province.post(path, json={"sha256": own})
    assert (unread.status_code, unread.json()["type"].rsplit("/", 1)[-1]) == (
        409,
        "receipt-mismatch",
    )
    read = await digest(province, roster)
    assert (await province.post(path, json={"sha256": "0" * 64})).status_code == 409
    done = await province.post(path, json={"sha256": read})
    assert done.status_code == 200
    (receipt,) = [one for one in done.json()["readings"] if "received_at" in one]
    assert (receipt["client"], receipt["received_by"]) == (
        "civil_affairs-37-" + receipt["client"][-1],
        "staff-7",
    )
    assert (receipt["sha256"], receipt["rows"]) == (read, 2)
    again = await province.post(path, json={"sha256": read})
    assert again.json() == done.json()
    seen = await registry.system(
        "SELECT operation, cardinality(subjects) AS n FROM audit_entries"
        " WHERE operation LIKE 'rosters.%' AND operation <> 'rosters.list' ORDER BY id"
    )
    assert [(row["operation"], row["n"]) for row in seen] == [
        ("rosters.name", 2),
        ("rosters.make", 0),
        ("rosters.read", 2),
        ("rosters.read", 2),
        ("rosters.receive", 0),
    ]


async def test_r60_a_neighbour_and_a_county_see_nothing_of_it(registry: Registry) -> None:
    await heze(registry)
    civil = await registry("civil_affairs:3717")
    roster = await made(civil, kind="upward", topic=TOPIC, division="371700")
    path = f"/v1/rosters/{roster['id']}"
    unknown = await civil.get(f"/v1/rosters/{uuid4()}")
    for who in ("civil_affairs:3701", "civil_affairs:371702", "education:3717", "police:37"):
        other = await registry(who, purpose="service" if who[0] != "c" else "key_care")
        for address in (path, f"{path}/rows"):
            reply = await other.get(address)
            assert (reply.status_code, reply.content) == (404, unknown.content)
        assert (await other.get("/v1/rosters")).json() == {"rosters": []}
    wrong = await registry("civil_affairs:37", purpose="survey")
    assert (await wrong.get(f"{path}/rows")).status_code == 403
    second = await registry("civil_affairs:3717", actor="staff-8")
    assert (await second.get(path)).status_code == 200
    assert (
        await second.get(f"{path}/rows")
    ).status_code == 403  # the maker's client and the province alone
    no_scope = await registry("civil_affairs:3717", scopes=frozenset({Scope.CHILDREN_READ}))
    assert (await no_scope.get(path)).status_code == 403


RULE = UpwardRoster(
    clause="c",
    wording="w",
    purpose=TOPIC,
    to="province",
    eligible=("scattered_orphan", "de_facto_unsupported", "key_difficulty"),
)


@pytest.mark.parametrize(
    ("fields", "status", "care", "expected"),
    [
        ({"assistance_orphan": "started"}, "migrant", (), (Eligible.SCATTERED_ORPHAN,)),
        ({"assistance_orphan": "ended"}, "migrant", (), ()),
        ({"assistance_orphan": "started"}, "not_yet", (), ()),
        (
            {"assistance_de_facto_unsupported": "started"},
            "migrant",
            (),
            (Eligible.DE_FACTO_UNSUPPORTED,),
        ),
        ({"assistance_minimum_living": "started"}, "migrant", ("family_hardship",), ()),
    ],
)
def test_r60_who_is_eligible(
    fields: dict[str, str], status: str, care: tuple[str, ...], expected: tuple[Eligible, ...]
) -> None:
    held = {name: {"value": value} for name, value in fields.items()}
    assert eligible(held, status, care, RULE) == expected


def test_r60_key_difficulty_waits_until_it_is_configured() -> None:
    """No text says which children are in key difficulty: none is, until an administrator names the categories."""
    configured = replace(RULE, key_difficulty=("disability",))
    assert eligible({}, "migrant", ("disability",), RULE) == ()
    assert eligible({}, "migrant", ("disability",), configured) == (Eligible.KEY_DIFFICULTY,)
    assert eligible({}, "migrant", ("vagrancy",), configured) == ()
    (open_point,) = [
        point
        for point in open_points(Profiles.of_hub(None).by_id["heze"])
        if "upward_roster" in str(point) and "key_difficulty" in str(point)
    ]
    assert open_point


async def test_r60_nobodys_readings_crowd_out_a_receipt(registry: Registry) -> None:
    await heze(registry)
    civil, province = await registry("civil_affairs:3717"), await registry("civil_affairs:37")
    roster = await made(civil, kind="upward", topic=TOPIC, division="371700")
    await digest(civil, roster)
    await registry.system(
        "INSERT INTO roster_readings SELECT (r).* FROM (SELECT jsonb_populate_record(x, jsonb_build_object("
        "'id', '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))) AS r"
        " FROM roster_readings x, generate_series(1, 600) AS n) AS many"
    )
    received = await province.post(
        f"/v1/rosters/{roster['id']}/receipts", json={"sha256": await digest(province, roster)}
    )
    assert received.status_code == 200, received.text


async def test_r60_its_maker_says_nothing_for_the_province(registry: Registry) -> None:
    await heze(registry)
    civil, province = await registry("civil_affairs:3717"), await registry("civil_affairs:37")
    roster = await made(civil, kind="upward", topic=TOPIC, division="371700")
    (line, _) = await rows(civil, roster)
    verdict = {"row": line["row"], "verdict": "accepted"}
    own = await civil.post(f"/v1/rosters/{roster['id']}/verdicts", json={"verdicts": [verdict]})
    assert own.status_code == 403
    assert [one["outcome"] for one in await answered(province, roster, verdict)] == ["applied"]
