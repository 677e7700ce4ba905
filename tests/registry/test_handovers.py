"""Handovers through the real app: who answers for a child that moves on, comes back, or is hidden."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.erasures import destroying
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.handing import (
    JIULONGPO,
    NANAN,
    YUZHONG,
    acted,
    civil,
    item,
    listed,
    moved,
    next_day,
    proposed,
    rebuilt,
    responsible,
    told,
)
from tests.registry.key_care import CAO, link, push, turn

JANUARY, FEBRUARY = date(2025, 1, 6), date(2026, 2, 2)
TODAY = date(2026, 3, 2)
TOMORROW = TODAY + timedelta(days=1)


async def who_moved(registry: Registry) -> tuple[UUID, httpx.AsyncClient, httpx.AsyncClient]:
    """A child that moved from Yuzhong to Jiulongpo, and civil affairs of both."""
    child = uuid4()
    await moved(registry, child, YUZHONG, JANUARY)
    await moved(registry, child, JIULONGPO, FEBRUARY)
    return child, await civil(registry, YUZHONG), await civil(registry, JIULONGPO, "staff-8")


async def test_r6_a_move_leaves_the_child_with_the_old_county_until_the_new_one_has_taken_it(
    registry: Registry,
) -> None:
    child, old, new = await who_moved(registry)
    for who in (old, new):
        (due,) = await listed(who)
        assert (due["state"], due["giving"], due["taking"]) == ("due", YUZHONG, JIULONGPO)
        assert (due["child"], due["begun_on"]) == (str(child), FEBRUARY.isoformat())
        assert await responsible(who, child) in (YUZHONG, None)
    assert await responsible(new, child) == YUZHONG

    made = await proposed(old, child, JIULONGPO[:6])
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    (waiting,) = await listed(new, side="taking")
    assert (waiting["state"], waiting["proposed_by"]) == ("proposed", "giving")
    assert (await proposed(old, child, JIULONGPO)).json()["type"].endswith("handover-open")
    taken = await acted(new, path, "accept", effective_on="2026-03-09")
    assert taken.status_code == 200, taken.text
    assert [one["act"] for one in taken.json()["acts"]] == ["propose", "accept"]
    week = date(2026, 3, 9)
    for day, county in ((JANUARY, YUZHONG), (week - timedelta(days=1), YUZHONG), (week, JIULONGPO)):
        assert await responsible(new, child, day) == county
    seen = (await new.get(f"/v1/children/{child}")).json()["responsible"]
    assert seen == {"division": YUZHONG, "place": "渝中区"}

    await next_day(registry, week)
    seen = (await new.get(f"/v1/children/{child}")).json()["responsible"]
    assert seen == {"division": JIULONGPO, "place": "九龙坡区", "since": "2026-03-09"}
    assert await listed(new) == [] and await listed(old) == []
    (passed,) = await listed(old, state="passed")
    assert passed["effective_on"] == "2026-03-09"
    assert await responsible(old, child) is None, (
        "it has the file no more, and sees the child no more"
    )
    assert (await acted(new, path, "revoke", reason="came_back")).status_code == 409
    assert await rebuilt(registry) == []


async def test_r6_a_rejection_or_a_revocation_leaves_the_file_where_it_was(
    registry: Registry,
) -> None:
    child, old, new = await who_moved(registry)
    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    assert (await acted(old, path, "reject", reason="file_incomplete")).status_code == 403
    assert (await acted(new, path, "reject")).status_code == 422
    rejected = await acted(new, path, "reject", reason="other", note="材料缺失")
    assert rejected.json()["state"] == "rejected"
    assert rejected.json()["acts"][-1]["note"] == "材料缺失"
    (due,) = await listed(old)
    assert due["state"] == "due"

    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    assert (await acted(new, path, "revoke", reason="came_back")).status_code == 403
    revoked = await acted(old, path, "revoke", reason="proposed_wrongly")
    assert revoked.json()["state"] == "revoked"

    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    assert (await acted(new, path, "accept", effective_on="2026-03-09")).status_code == 200
    assert (await acted(new, path, "revoke", reason="came_back")).json()["state"] == "revoked"
    assert await responsible(new, child, date(2026, 3, 9)) == YUZHONG
    assert await rebuilt(registry) == []


async def test_r6_the_new_county_may_ask_for_the_file_and_a_return_is_a_handover_back(
    registry: Registry,
) -> None:
    child, old, new = await who_moved(registry)
    asked = await proposed(new, child, JIULONGPO)
    assert asked.json()["proposed_by"] == "taking"
    path = asked.headers["Location"]
    assert (await acted(new, path, "accept", effective_on="2026-03-02")).status_code == 403
    assert (await acted(old, path, "accept", effective_on="2026-03-02")).status_code == 200
    assert await responsible(new, child) == JIULONGPO
    await next_day(registry, date(2026, 5, 4))
    await moved(registry, child, YUZHONG, date(2026, 5, 1))
    (due,) = await listed(old)
    assert (due["state"], due["giving"], due["taking"]) == ("due", JIULONGPO, YUZHONG)
    back = await proposed(new, child, YUZHONG, "returned")
    assert back.status_code == 201, back.text
    path = back.headers["Location"]
    assert (await acted(old, path, "accept", effective_on="2026-05-04")).status_code == 200
    assert await responsible(old, child) == YUZHONG
    assert await responsible(old, child, date(2026, 4, 1)) == JIULONGPO
    episodes = (await old.get(f"/v1/children/{child}")).json()["episodes"]
    assert [one["division"] for one in episodes] == [YUZHONG, JIULONGPO, YUZHONG]
    assert await rebuilt(registry) == []


async def test_r6_nobody_accepts_what_he_proposed_nor_for_a_day_gone_by(
    registry: Registry,
) -> None:
    child, _, new = await who_moved(registry)
    city = await registry("civil_affairs:50", actor="staff-9")
    path = (await proposed(city, child, JIULONGPO)).headers["Location"]
    same = await acted(city, path, "accept", effective_on="2026-03-02")
    assert same.json()["type"].endswith("second-person-needed")
    for day in ("2026-03-01", "2028-03-02"):
        assert (await acted(new, path, "accept", effective_on=day)).status_code == 422
    stale = await new.post(
        f"{path}/acts",
        json={"act": "accept", "effective_on": "2026-03-02"},
        headers={"If-Match": '"7"'},
    )
    assert stale.status_code == 412
    job = await registry("civil_affairs:500107", actor="system:night")
    assert (await acted(job, path, "accept", effective_on="2026-03-02")).status_code == 403


async def test_r6_strangers_learn_nothing(registry: Registry) -> None:
    child, old, _ = await who_moved(registry)
    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    stranger = await civil(registry, NANAN)
    never = [
        await stranger.get(f"/v1/handovers/{uuid4()}"),
        await proposed(stranger, uuid4(), NANAN),
        await stranger.get(f"/v1/children/{uuid4()}/responsible-county"),
    ]
    real = [
        await stranger.get(path),
        await proposed(stranger, child, NANAN),
        await stranger.get(f"/v1/children/{child}/responsible-county"),
    ]
    for one, other in zip(never, real, strict=True):
        assert (one.status_code, one.content) == (404, other.content)
    assert await listed(stranger) == []
    assert (await acted(stranger, path, "reject", reason="does_not_live_here")).status_code == 404
    school = await registry("education:500107")
    assert (await school.get("/v1/handovers")).status_code == 403
    hukou = await civil(registry, CAO)
    assert (await proposed(hukou, child, CAO)).status_code == 403, "it sees the child, that is all"


async def test_r6_where_a_shielded_child_went_its_old_county_hears_from_a_person_alone(
    registry: Registry,
) -> None:
    child, old, new = await who_moved(registry)
    assert (await turn(new, child)).status_code == 200
    assert await listed(old) == []
    (due,) = await listed(new)
    assert (await old.get(f"/v1/handovers/{due['id']}")).status_code == 404
    assert (await new.get(f"/v1/handovers/{due['id']}")).json()["state"] == "due"
    assert await responsible(old, child) == YUZHONG
    guessed = await proposed(old, child, NANAN)
    assert guessed.status_code == 201, "it has the file, and may look for a taker itself"
    path = guessed.headers["Location"]
    assert (await acted(old, path, "revoke", reason="proposed_wrongly")).status_code == 200
    assert await listed(old) == []
    assert (await proposed(new, child, JIULONGPO)).status_code == 201
    (asked,) = await listed(old)
    assert asked["state"] == "proposed"


async def test_r6_who_had_the_file_first(registry: Registry) -> None:
    """Not whoever reports an older stay; not a county that one department named and nobody heard."""
    child = uuid4()
    await told(registry, child, NANAN, JANUARY, "education")
    new = await civil(registry, JIULONGPO)
    await moved(registry, child, JIULONGPO, FEBRUARY)
    assert await responsible(new, child) == JIULONGPO
    registry.clock.at += timedelta(minutes=1)
    await moved(registry, child, YUZHONG, JANUARY - timedelta(days=90))
    assert await responsible(new, child) == JIULONGPO
    other = uuid4()
    await told(registry, other, NANAN, JANUARY, "civil_affairs")
    registry.clock.at += timedelta(minutes=1)
    await moved(registry, other, JIULONGPO, FEBRUARY)
    assert await responsible(new, other) == NANAN, "its civil affairs registered the child"
    assert await rebuilt(registry) == []


async def test_r6_a_handover_follows_its_child_through_a_merge_and_back(registry: Registry) -> None:
    child, old, new = await who_moved(registry)
    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    registry.clock.at += timedelta(minutes=1)
    rows = await registry.system("SELECT id FROM records")
    records = [row["id"] for row in rows]
    other = uuid4()
    await link(registry, records, [other] * len(records))
    (seen,) = await listed(new)
    assert (seen["child"], seen["state"]) == (str(other), "proposed")
    assert (await acted(new, path, "accept", effective_on="2026-03-02")).status_code == 200
    assert await responsible(new, other) == JIULONGPO
    assert await rebuilt(registry) == []
    await link(registry, records, [child] * len(records))
    assert await responsible(new, child) == JIULONGPO
    assert await responsible(new, other) is None
    assert await rebuilt(registry) == []


async def test_r6_of_two_children_found_to_be_one_one_county_has_the_file(
    registry: Registry,
) -> None:
    one, old, new = await who_moved(registry)
    path = (await proposed(old, one, JIULONGPO)).headers["Location"]
    await acted(new, path, "accept", effective_on="2026-03-09")
    registry.clock.at += timedelta(minutes=1)
    two = uuid4()
    records = await moved(registry, two, NANAN, date(2024, 1, 1))
    third = await civil(registry, NANAN)
    lost = (await proposed(third, two, JIULONGPO)).headers["Location"]
    registry.clock.at += timedelta(minutes=1)
    await link(registry, records, [one] * len(records))
    for day in (TODAY, date(2026, 3, 8)):
        assert await responsible(new, one, day) == YUZHONG
    assert await responsible(new, one, date(2026, 3, 9)) == JIULONGPO
    assert (await third.get(lost)).json()["state"] == "lapsed"
    assert (await acted(new, lost, "accept", effective_on="2026-03-05")).status_code == 409
    assert await rebuilt(registry) == []


@pytest.mark.parametrize("to", ["500000", "371700", "371721999999", "500199"])
async def test_r6_only_a_county_can_be_handed_a_file(registry: Registry, to: str) -> None:
    """Neither a province nor a city that has counties; a township stands for its county."""
    child, old, _ = await who_moved(registry)
    made = await proposed(old, child, to)
    if to == "371721999999":
        assert made.json()["taking"] == CAO
    else:
        assert made.status_code == 422, made.text
        assert made.json()["errors"][0]["pointer"] == "/body/to"


async def test_r57_an_erasure_takes_its_handovers_along(registry: Registry) -> None:
    child, old, new = await who_moved(registry)
    path = (await proposed(old, child, JIULONGPO, note="示小满已随父迁出")).headers["Location"]
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        entries = await destroying.lock(connection, child)
        await destroying.destroy(connection, registry.app.state.kit.sealer, child, entries)
    assert (await new.get(path)).status_code == 404
    rows = await registry.system(
        "SELECT 1 FROM handover_acts a JOIN vault.data_keys k ON k.id = a.id"
    )
    assert rows == []


async def test_r57_what_was_forged_hands_nothing_over(registry: Registry) -> None:
    child, old, new = await who_moved(registry)
    path = (await proposed(old, child, JIULONGPO)).headers["Location"]
    await acted(new, path, "accept", effective_on="2026-04-01")
    await registry.system("UPDATE handover_acts SET effective_on = '2026-03-02' WHERE number = 2")
    assert [(one.table, one.what) for one in await rebuilt(registry)] == [
        ("handover_acts", "was changed")
    ]
    assert (await new.get(path)).status_code == 404
    await next_day(registry, date(2026, 3, 3))
    assert await responsible(new, child) == YUZHONG


async def test_r6_what_another_hub_has_taken_is_kept_although_the_child_was_found_to_be_another(
    registry: Registry,
) -> None:
    """Both are proposed to Cao before they are found to be one: whichever Cao takes, both hubs know that it did."""
    one, two = uuid4(), uuid4()
    old = await civil(registry, YUZHONG)
    records = []
    made = []
    for child in (one, two):
        records = await moved(registry, child, YUZHONG, JANUARY)
        made.append(await proposed(old, child, CAO))
        registry.clock.at += timedelta(minutes=1)
    await link(registry, records, [one] * len(records))
    lost = made[1].json()["id"]
    assert (await old.get(f"/v1/handovers/{lost}")).json()["state"] == "lapsed"
    hub = await registry("service:")
    said = {
        "notice": str(uuid4()),
        "handover": lost,
        "giving": YUZHONG,
        "taking": made[1].json()["taking"],
        "act": "accept",
        "effective_on": "2026-03-09",
    }
    for _ in range(2):
        kept = await hub.post("/v1/handover-answers", json=said)
        assert kept.status_code == 200, kept.text
    assert await responsible(old, one, date(2026, 3, 8)) == YUZHONG
    assert await responsible(old, one, date(2026, 3, 9)) == made[1].json()["taking"]
    states = sorted(h["state"] for h in await listed(old, state=["accepted", "lapsed", "proposed"]))
    assert states == ["accepted", "lapsed"]
    assert await rebuilt(registry) == []


@pytest.mark.parametrize("changed", ["sealed = sealed || 'x'", "shielded = NOT shielded"])
async def test_r57_of_a_child_that_was_changed_past_the_hub_a_stranger_learns_nothing(
    registry: Registry, changed: str
) -> None:
    """Neither that it is there: a failure would say so."""
    child, *_ = await who_moved(registry)
    await registry.system(f"UPDATE children SET {changed} WHERE id = $1", child)
    stranger = await civil(registry, NANAN, "staff-9")
    assert await responsible(stranger, child) is None
    assert (await proposed(stranger, child, JIULONGPO)).status_code == 404
    known = {"child": str(child), "known_at": registry.clock.at.isoformat()}
    assert (await stranger.get("/v1/handovers", params=known)).status_code == 404


async def test_r6_a_county_has_the_file_still_when_the_child_has_left_the_next_one_nobody_knows_whereto(
    registry: Registry,
) -> None:
    """Then nothing is due, and it saw nothing of the child of which it had the file."""
    child, old, _ = await who_moved(registry)
    stay = {"division": JIULONGPO, "since": FEBRUARY.isoformat(), "until": TODAY.isoformat()}
    left = item("police", JIULONGPO, TODAY, event="cancelled", residence=stay)
    records = await push(registry, "police:500107", "residence-permits", left)
    await link(registry, records, [child])
    await next_day(registry, TOMORROW)

    assert await listed(old) == []
    assert await responsible(old, child) == YUZHONG
    stranger = await civil(registry, NANAN, "staff-9")
    assert (await proposed(stranger, child, JIULONGPO)).status_code == 404
    made = await proposed(old, child, JIULONGPO)
    assert made.status_code == 201, made.text
