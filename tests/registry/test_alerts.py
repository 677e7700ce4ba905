"""Alerts through the real app: raised with the child or before it, owned, acted upon, closed by evidence, proven."""

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.alerts import acting, queries
from services.registry.children import queueing
from services.registry.children.rebuilding import verify
from services.registry.children.turning import turn_batch
from services.registry.profiles import SHIPPED, Profiles
from shared.clock import today
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    CAO,
    TIANMEN,
    YUZHONG,
    fold,
    link,
    push,
    survey,
    surveyed,
    turn,
)

HEILONGJIANG = "230102000000"
_numbers = itertools.count(1)


async def alerts(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    reply = await client.get("/v1/alerts", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["alerts"]
    return found


async def the_alert(client: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    (found,) = await alerts(client, kind=kind)
    return found


async def act(client: httpx.AsyncClient, alert: str, kind: str, **more: Any) -> httpx.Response:
    read = await client.get(f"/v1/alerts/{alert}")
    assert read.status_code == 200, read.text
    return await client.post(
        f"/v1/alerts/{alert}/acts",
        json={"act": kind, **more},
        headers={"If-Match": read.headers["ETag"]},
    )


async def on(registry: Registry, day: str) -> int:
    """The daily clock of a later day; how many children it took up."""
    registry.clock.at = datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)
    async with registry.database.transaction(SYSTEM) as session:
        kit, now = registry.app.state.kit, registry.clock.now()
        return await turn_batch(session, kit, 500, today(registry.clock), now)


async def proven(registry: Registry) -> None:
    """A rebuild would make exactly these rows."""
    found = [d async for d in verify(registry.database, registry.app.state.kit)]
    assert found == []


def entry(place: str = YUZHONG, **more: Any) -> dict[str, Any]:
    return {
        "source_id": f"A-{next(_numbers)}",
        "version": 1,
        "observed_on": "2026-03-01",
        "division": place,
        "child": {"name": "示童", "birth_date": "2017-05-03", "sex": "female"},
        **more,
    }


def bill(place: str = YUZHONG, **more: Any) -> dict[str, Any]:
    said = {"incurred_on": "2026-02-26", "amount_fen": 6800000, "threshold": "family_burden"}
    guardians = [{"name": "示大山", "relation": "father", "phone": "14200000001"}]
    return entry(place, **said, guardians=guardians, **more)


async def told(registry: Registry, child: UUID, who: str, feed: str, *items: Any) -> None:
    for item in items:
        await link(registry, await push(registry, who, feed, item), [child])


def amended(registry: Registry, folder: Path, place: str, rules: str) -> None:
    """The hub under an administrator's amendment of one place."""
    (folder / "own.toml").write_text(
        f'id = "own"\namends = "{place}"\n[documents.main]\nname = "补充规定"\n'
        f'valid_from = 2020-01-01\nvalid_until = "not_configured"\n{rules}',
        encoding="utf-8",
    )
    object.__setattr__(registry.app.state.kit, "profiles", Profiles.load(SHIPPED, folder))


async def test_r41_a_costly_bill_alerts_civil_affairs_before_anybody_knows_whose_it_is(
    registry: Registry,
) -> None:
    insurer = await registry("medical_insurance:500103", purpose="service")
    (record,) = await push(registry, "medical_insurance:500103", "medical-cost-alerts", bill())
    civil = await registry("civil_affairs:500103")

    early = await the_alert(civil, "costly_bill")
    assert (early["owner"], early["state"], early["raised_on"]) == (
        "civil_affairs",
        "open",
        "2026-03-02",
    )
    assert early["child"] == {"name": "示童", "guardian": "示大山", "phone": "14200000001"}
    assert await alerts(insurer) == []
    assert await alerts(await registry("civil_affairs:500107")) == []
    await proven(registry)

    done = await act(civil, early["id"], "acknowledge", note="已联系家长")
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "acknowledged"
    await proven(registry)

    (child,) = await surveyed(registry, survey(living_security={}))
    await link(registry, [record], [child])
    late = await the_alert(civil, "costly_bill")
    assert (late["id"], late["state"], late["child"]["id"]) == (
        early["id"],
        "acknowledged",
        str(child),
    )
    await proven(registry)


async def test_r41_an_alert_on_an_entry_goes_with_it_and_back_and_ends_with_its_recall(
    registry: Registry,
) -> None:
    one, other = await surveyed(registry, survey(living_security={}), survey(living_security={}))
    item = bill()
    (record,) = await push(registry, "medical_insurance:500103", "medical-cost-alerts", item)
    civil = await registry("civil_affairs:500103")
    for child in (one, other, one):
        await link(registry, [record], [child])
        assert (await the_alert(civil, "costly_bill"))["child"]["id"] == str(child)
        await proven(registry)
    insurer = await registry("medical_insurance:500103")
    await insurer.post("/v1/medical-cost-alerts/recalls", json={"source_ids": [item["source_id"]]})
    async with registry.database.transaction(SYSTEM) as session:
        await queueing.queue(await raw(session), [one])
    await fold(registry)
    assert await alerts(civil, kind="costly_bill") == []
    await proven(registry)


async def test_r41_a_bill_recalled_before_it_was_linked_alerts_nobody(registry: Registry) -> None:
    item = bill()
    await push(registry, "medical_insurance:500103", "medical-cost-alerts", item)
    insurer = await registry("medical_insurance:500103")
    await insurer.post("/v1/medical-cost-alerts/recalls", json={"source_ids": [item["source_id"]]})
    assert await alerts(await registry("civil_affairs:500103")) == []
    await proven(registry)


def dose(number: int, given: str, observed: str = "", place: str = HEILONGJIANG) -> dict[str, Any]:
    return entry(
        place,
        vaccine="MMR",
        dose=number,
        given_on=given,
        observed_on=observed or given,
        child={"name": "示童", "birth_date": "2024-05-03"},
    )


def check(checked: str, place: str = TIANMEN, **more: Any) -> dict[str, Any]:
    child_part = {"name": "示童", "birth_date": "2019-05-03"}
    item = {"checked_on": checked, "kind": "routine", **more}
    return entry(place, **item, observed_on=checked, child=child_part)


async def test_r41_what_a_person_did_stays_through_folds_and_nothing_is_raised_twice(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    bare = entry(event="dropped_out", on="2026-02-20", stage="primary")
    await told(registry, child, "education:500103", "enrolments", bare)
    civil = await registry("civil_affairs:500103")
    alert = await the_alert(civil, "dropped_out")
    early = await act(civil, alert["id"], "reopen")
    assert early.status_code == 409
    wrong = await act(civil, alert["id"], "dismiss", outcome="enrolled")
    assert wrong.status_code == 422
    done = await act(civil, alert["id"], "dismiss", outcome="not_so", note="仍在校")
    assert done.json()["state"] == "dismissed"
    again = entry(event="dropped_out", on="2026-02-20", stage="primary")
    await told(registry, child, "education:500103", "enrolments", again)
    (kept,) = await alerts(civil, kind="dropped_out")
    assert (kept["id"], kept["state"]) == (alert["id"], "dismissed")
    whole = (await civil.get(f"/v1/alerts/{alert['id']}")).json()
    assert [(a["act"], a["outcome"], a["note"]) for a in whole["acts"]] == [
        ("dismiss", "not_so", "仍在校")
    ]
    await proven(registry)
    reopened = await act(civil, alert["id"], "reopen")
    assert reopened.json()["state"] == "open"
    await proven(registry)


async def test_r41_to_and_fro_ends_for_the_day_with_the_alert_closed(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise ends where the alert is opened again: nothing that was done before keeps anybody from closing it."""
    monkeypatch.setattr(acting, "MOST_REOPENED", 2)
    (child,) = await surveyed(registry, survey(living_security={}))
    uninsured = entry(year=2026, enrolled=False)
    await told(registry, child, "medical_insurance:500103", "insurance-enrolments", uninsured)
    civil = await registry("civil_affairs:500103")
    alert = (await the_alert(civil, "insurance_gap"))["id"]
    for _ in range(2):
        repeated = [await act(civil, alert, "acknowledge") for _ in range(2)]
        assert [one.status_code for one in repeated] == [200, 409]
        assert (await act(civil, alert, "handle", outcome="insured")).status_code == 200
        assert (await act(civil, alert, "reopen")).status_code == 200
    assert (await act(civil, alert, "dismiss", outcome="not_so")).status_code == 200
    assert (await act(civil, alert, "reopen")).status_code == 409
    assert (await the_alert(civil, "insurance_gap"))["state"] == "dismissed"
    registry.clock.at += timedelta(days=1)
    assert (await act(civil, alert, "reopen")).status_code == 200
    assert (await act(civil, alert, "handle", outcome="insured")).status_code == 200
    await proven(registry)


async def test_r41_after_any_number_of_acts_an_alert_is_closed_by_its_owner(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "MOST_REOPENED", 1000)
    monkeypatch.setattr(queries, "SHOWN_ACTS", 3)
    await push(registry, "medical_insurance:500103", "medical-cost-alerts", bill())
    civil = await registry("civil_affairs:500103")
    alert = (await the_alert(civil, "costly_bill"))["id"]
    for _ in range(3):
        assert (await act(civil, alert, "handle", outcome="helped")).status_code == 200
        assert (await act(civil, alert, "reopen")).status_code == 200
    closed = await act(civil, alert, "handle", outcome="helped")
    assert (closed.status_code, closed.json()["state"]) == (200, "handled")
    assert [one["act"] for one in closed.json()["acts"]] == ["handle", "reopen", "handle"]
    await proven(registry)


async def test_r41_only_who_answers_for_an_alert_sees_it_and_acts(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    who = "medical_insurance:500103"
    await told(registry, child, who, "insurance-enrolments", entry(year=2026, enrolled=False))
    civil = await registry("civil_affairs:500103")
    gap = await the_alert(civil, "insurance_gap")
    assert await alerts(await registry("education:500103", purpose="service")) == []
    assert await alerts(await registry("civil_affairs:500107")) == []
    hukou = await registry(f"civil_affairs:{CAO[:6]}")
    assert (await hukou.get(f"/v1/alerts/{gap['id']}")).status_code == 200
    assert (await act(hukou, gap["id"], "acknowledge")).status_code == 403
    insurer = await registry(who, purpose="service")
    assert (await act(insurer, gap["id"], "acknowledge")).status_code == 200
    stranger = await registry("education:500103", purpose="service")
    unknown = await stranger.get(f"/v1/alerts/{uuid4()}")
    assert (await stranger.get(f"/v1/alerts/{gap['id']}")).status_code == unknown.status_code == 404


async def test_r41_the_sweep_takes_up_only_whose_day_has_come_and_opens_no_record(
    registry: Registry,
) -> None:
    one, other = await surveyed(registry, survey(living_security={}), survey(living_security={}))
    due = entry(
        event="registered",
        role="accompanying",
        registered_on="2026-01-02",
        valid_until="2026-05-01",
        residence={"division": YUZHONG, "since": "2025-06-01"},
    )
    await told(registry, one, "police:500103", "residence-permits", due)
    await registry.system("UPDATE records SET sealed = 'x'::bytea")
    assert await on(registry, "2026-04-01") == 1
    civil = await registry("civil_affairs:500103")
    assert (await the_alert(civil, "permit_expiring"))["child"]["id"] == str(one)
    assert await on(registry, "2026-04-01") == 0
    assert other != one


async def test_r41_a_turn_makes_of_a_child_what_a_fold_would(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    await told(
        registry, child, "education:500103", "enrolments",
        entry(event="enrolled", on="2025-09-01", stage="primary", grade="三年级"),
    )  # fmt: skip
    for day in ("2026-06-02", "2026-06-20", "2027-03-01", "2027-03-02", "2032-11-03", "2033-05-03"):
        await on(registry, day)
        await proven(registry)


async def test_r41_what_contradicts_is_alerted_until_the_sources_agree(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    other = entry(
        event="enrolled",
        on="2025-09-01",
        stage="primary",
        child={"name": "示童", "birth_date": "2016-05-03"},
    )
    await told(registry, child, "education:500103", "enrolments", other)
    civil = await registry("civil_affairs:500103")
    matters = {a["about"]["matter"] for a in await alerts(civil, kind="contradiction")}
    assert matters == {"birth_on"}
    agreed = {**other, "version": 2, "child": {"name": "示童", "birth_date": "2017-05-03"}}
    await told(registry, child, "education:500103", "enrolments", agreed)
    assert await alerts(civil, kind="contradiction") == []
    await proven(registry)


@pytest.mark.parametrize(("months", "count"), [(3, 0), (12, 0)])
async def test_r41_a_rule_is_tried_before_it_is_activated_and_few_are_not_told(
    registry: Registry, months: int, count: int
) -> None:
    await surveyed(registry, *[survey(living_security={}) for _ in range(6)])
    civil = await registry("civil_affairs:500103")
    asked = {"kind": "silence", "months": months}
    reply = await civil.post("/v1/alert-rules/preview", json=asked)
    assert reply.json() == {
        "kind": "silence",
        "children": 6,
        "alerts": count,
        "children_alerted": count,
        "complete": True,
    }
    registry.clock.at = datetime(2026, 9, 20, 4, 0, tzinfo=UTC)
    later = (await civil.post("/v1/alert-rules/preview", json=asked)).json()
    assert later["alerts"] == (6 if months == 3 else 0)
    few = await registry("civil_affairs:500103001")
    assert (await few.post("/v1/alert-rules/preview", json=asked)).json()["children"] == 0
    school = await registry("education:500103", purpose="service")
    assert (await school.post("/v1/alert-rules/preview", json=asked)).status_code == 403


async def test_r41_one_to_four_are_not_told(registry: Registry) -> None:
    await surveyed(registry, *[survey(living_security={}) for _ in range(4)])
    registry.clock.at = datetime(2026, 9, 20, 4, 0, tzinfo=UTC)
    civil = await registry("civil_affairs:500103")
    reply = await civil.post("/v1/alert-rules/preview", json={"kind": "silence", "months": 3})
    assert reply.json() == {"kind": "silence", "children": 4, "complete": True}


async def test_r41_a_place_sets_its_own_limits_from_the_day_it_says(
    registry: Registry, tmp_path: Path
) -> None:
    rule = (
        '[[rules.alert]]\nalert = "silence"\nclause = "二"\nwording = "长期无信息"\nowner = "civil_affairs"\n'
        "due_days = 7\nmonths = 1\nvalid_from = 2026-04-10\n"
    )
    amended(registry, tmp_path, "chongqing", rule)
    await surveyed(registry, survey(living_security={}))
    civil = await registry("civil_affairs:500103")
    await on(registry, "2026-04-09")
    assert await alerts(civil, kind="silence") == []
    await on(registry, "2026-04-10")
    raised = await the_alert(civil, "silence")
    assert (raised["raised_on"], raised["due_on"]) == ("2026-04-10", "2026-04-17")
    assert raised["clause"] == "补充规定 二"
    await proven(registry)


async def test_r41_a_shielded_child_shows_its_county_alone(registry: Registry) -> None:
    home = {"division": "500103001001", "address": "示例路1号", "since": "2025-06-01"}
    (child,) = await surveyed(registry, survey(residence=home, living_security={}))
    uninsured = entry(year=2026, enrolled=False)
    await told(registry, child, "medical_insurance:500103", "insurance-enrolments", uninsured)
    civil = await registry("civil_affairs:500103")
    assert (await the_alert(civil, "insurance_gap"))["division"] == "500103001001"
    await turn(civil, child)
    alert = await the_alert(civil, "insurance_gap")
    assert (alert["division"], alert["shielded"]) == (YUZHONG, True)
    assert await alerts(civil, within="500103001", kind="insurance_gap") == []


async def differing(registry: Registry) -> set[str]:
    return {d.table async for d in verify(registry.database, registry.app.state.kit)}


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE alerts SET state = 'handled'", "alerts"),
        ("UPDATE alerts SET residence_code = 500107000000", "alerts"),
        ("UPDATE alerts SET due_on = '2030-01-01'", "alerts"),
        ("UPDATE alerts SET department = 'education'", "alerts"),
        ("DELETE FROM alerts", "alerts"),
        ("UPDATE alert_acts SET outcome = 'helped'", "alert_acts"),
        ("UPDATE alert_acts SET acted_at = acted_at - interval '1 day'", "alert_acts"),
        ("DELETE FROM alert_acts", "alerts"),
    ],
)
async def test_r41_what_was_written_past_the_hub_is_found(
    registry: Registry, linked: bool, statement: str, table: str
) -> None:
    (record,) = await push(registry, "medical_insurance:500103", "medical-cost-alerts", bill())
    if linked:
        (child,) = await surveyed(registry, survey(living_security={}))
        await link(registry, [record], [child])
    civil = await registry("civil_affairs:500103")
    alert = await the_alert(civil, "costly_bill")
    await act(civil, alert["id"], "dismiss", outcome="known_elsewhere")
    await proven(registry)
    await registry.system(f"{statement} WHERE kind = 'costly_bill'")
    assert table in await differing(registry)


async def test_r41_what_was_done_about_a_child_goes_with_its_erasure(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    uninsured = entry(year=2026, enrolled=False)
    await told(registry, child, "medical_insurance:500103", "insurance-enrolments", uninsured)
    civil = await registry("civil_affairs:500103")
    alert = await the_alert(civil, "insurance_gap")
    assert (await act(civil, alert["id"], "acknowledge", note="秘密")).status_code == 200
    asked = await civil.post(
        "/v1/erasures",
        json={"child_id": str(child), "ground": "consent_withdrawn", "hold": True},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert asked.status_code == 201, asked.text
    second = await registry("civil_affairs:5001", actor="staff-8")
    done = await second.post(
        f"{asked.headers['Location']}/approvals", headers={"Idempotency-Key": str(uuid4())}
    )
    assert done.is_success, done.text
    assert await registry.system("SELECT 1 FROM alerts") == []
    kept = "SELECT 1 FROM alert_acts a JOIN vault.data_keys k ON k.id = a.id"
    assert await registry.system(kept) == []
    await fold(registry)
    await proven(registry)


async def test_r41_pages_follow_one_another(registry: Registry) -> None:
    children = await surveyed(registry, *[survey(living_security={}) for _ in range(5)])
    for child in children:
        item = entry(year=2026, enrolled=False)
        await told(registry, child, "medical_insurance:500103", "insurance-enrolments", item)
    civil = await registry("civil_affairs:500103")
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 2, "kind": "insurance_gap"}
    while True:
        page = (await civil.get("/v1/alerts", params=asked)).json()
        seen += [a["child"]["id"] for a in page["alerts"]]
        if "next" not in page:
            break
        asked["cursor"] = page["next"]
    assert sorted(seen) == sorted(map(str, children))
    assert date(2026, 3, 2)
