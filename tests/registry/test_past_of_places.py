"""What is told of places is told of any instant: by every address that reads state, within the sight of today, on record."""

import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import python_calamine

from services.registry.past import residing
from services.registry.profiles import SHIPPED, Profiles
from tests.registry.conftest import Registry
from tests.registry.handing import JIULONGPO, moved
from tests.registry.key_care import (
    XLSX,
    YUZHONG,
    decide,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
    turn,
)
from tests.registry.test_assessments import placement, post
from tests.registry.test_calendar_duties import FIRST, SECOND, pupil, report
from tests.registry.test_duties import VILLAGE
from tests.registry.test_past_of_nouns import asked, when
from tests.registry.test_past_of_posts import later
from tests.registry.test_rosters import answered, national, rows
from tests.registry.test_rosters import made as roster_made
from tests.registry.test_rules_of_the_day import dated_back, going_by
from tests.registry.test_survey_rounds import WHOLE, a_round

CIVIL = "civil_affairs:500103"
#: Reads of the registry that take no ``known_at``, and why.
EXEMPT = {
    "of no state of a child or place": {
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/healthz",
        "/readyz",
        "/v1/access",
        "/v1/catalogue",
        "/v1/feeds",
        "/v1/revocations",
    },
    "a trail that tells when each thing was done, and is never changed": {
        "/v1/break-glass",
        "/v1/break-glass/{opening_id}",
        "/v1/child-changes",
        "/v1/erasures",
        "/v1/erasures/{erasure_id}",
        "/v1/imports",
        "/v1/imports/{import_id}",
        "/v1/imports/{import_id}/verdicts",
        "/v1/imports/visits/workbook",
        "/v1/records/{record_id}",
    },
    "frozen with both times": {
        "/v1/figure-publications",
        "/v1/figure-publications/{figure_id}",
        "/v1/figure-publications/{figure_id}/revisions",
    },
    "a compartment opens no door but its own; each entry tells its acts with their times": {
        "/v1/compartments/{compartment}/children/{child_id}",
        "/v1/compartments/{compartment}/entries",
        "/v1/compartments/{compartment}/entries/{entry_id}",
        "/v1/compartments/{compartment}/entries/{entry_id}/uses",
    },
    "why records are held to be one child's today: what they were held to be, the child's past tells": {
        "/v1/children/{child_id}/links",
        "/v1/entries/{entry_id}/child",
        "/v1/match-reviews",
        "/v1/match-reviews/{review_id}",
        "/v1/rulings",
        "/v1/rulings/{ruling_id}",
    },
    "what is to be done now or next: of then each child's own file tells it": {
        "/v1/children/{child_id}/upcoming",
        "/v1/follow-ups",
        "/v1/national-system/children",
        "/v1/successions",
    },
    "reading it sends it": {
        "/v1/rosters/{roster_id}/rows",
        "/v1/rosters/{roster_id}/workbook",
    },
}


def test_r17_every_read_of_state_takes_known_at_or_says_why_not(registry: Registry) -> None:
    paths = registry.app.openapi()["paths"]
    takes, takes_not = set(), set()
    for path, operations in paths.items():
        if "get" in operations:
            names = {one.get("name") for one in operations["get"].get("parameters", ())}
            (takes if "known_at" in names else takes_not).add(path)
    exempt = [one for reads in EXEMPT.values() for one in reads]
    assert takes_not == set(exempt)
    assert len(exempt) == len(set(exempt)), "for one reason only"
    assert len(takes) == 29


async def answers(civil: httpx.AsyncClient, paths: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for path, more in paths.items():
        reply = await civil.get(path, params=more)
        assert reply.status_code == 200, (path, reply.text)
        found[path] = reply.json()
    return found


async def a_surveyed_place(registry: Registry) -> tuple[UUID, UUID, str]:
    """Two children of a village, one surveyed whole, and a round."""
    home = {"division": VILLAGE, "since": "2025-06-01"}
    one, other = await surveyed(
        registry,
        survey(residence=home, surveyed_on="2026-03-01", **WHOLE),
        survey(residence=home, surveyed_on="2025-01-01"),
    )
    return one, other, await a_round(await registry(CIVIL))


async def test_r7_completion_is_told_as_it_was_known(registry: Registry) -> None:
    """A child moves away, another is surveyed late, the round is withdrawn: what was counted is counted again."""
    one, other, path = await a_surveyed_place(registry)
    civil = await registry(CIVIL)
    told = {
        "/v1/duties/completion": {"by": "village"},
        f"{path}/completion": {"by": "village"},
        f"{path}/children": {},
        "/v1/survey-rounds": {},
        path: {},
    }
    before = await answers(civil, told)
    places = before[f"{path}/completion"]["places"]
    assert [(p["division"], p["children"], p["complete"]) for p in places] == [(VILLAGE, 2, 1)]
    moment = later(registry)
    home = {"division": VILLAGE, "since": "2025-06-01"}
    late = survey(residence=home, surveyed_on="2026-03-02", **WHOLE)
    await link(registry, await push(registry, CIVIL, "surveys", late), [other])
    after = await answers(civil, told)
    second = later(registry)
    assert after[f"{path}/completion"]["places"][0]["complete"] == 2
    await moved(registry, one, JIULONGPO, registry.clock.at.date())
    assert (await answers(civil, told))[f"{path}/completion"]["places"][0]["children"] == 1
    reply = await civil.post(f"{path}/withdrawal", headers={"If-Match": '"1"'})
    assert reply.status_code == 200
    later(registry)
    for at, then in ((moment, before), (second, after)):
        for address, more in told.items():
            found = await asked(civil, address, at, **more)
            if address.endswith("/children"):  # who lives elsewhere now is named no more
                gone = str(one)
                now = [c for c in then[address]["children"] if c["child"]["id"] != gone]
                assert found["children"] == now
            else:
                assert found == then[address], address
    for address in (f"{path}/completion", f"{path}/children"):
        assert (await civil.get(address, params=when(registry.clock.at))).status_code == 404
    unopened = moment - timedelta(days=1)
    for address in (path, f"{path}/completion", f"{path}/children"):
        assert (await civil.get(address, params=when(unopened))).status_code == 404
    assert (await asked(civil, "/v1/survey-rounds", unopened))["rounds"] == []
    assert (await asked(civil, "/v1/duties/completion", unopened))["places"] == []


async def test_r57_whom_anybody_shielded_since_is_in_no_count_below_the_county(
    registry: Registry,
) -> None:
    one, other, path = await a_surveyed_place(registry)
    civil = await registry(CIVIL)
    moment = later(registry)
    assert (await turn(civil, one)).status_code < 300
    await fold(registry)
    for address in ("/v1/duties/completion", f"{path}/completion"):
        below = (await asked(civil, address, moment, by="village"))["places"]
        whole = (await asked(civil, address, moment))["places"]
        count = "owed" if "duties" in address else "children"
        assert {p[count] for p in below} == {1}
        assert {p[count] for p in whole} == {2}
    (named,) = (await asked(civil, f"{path}/children", moment, within=VILLAGE))["children"]
    assert named["child"]["id"] == str(other)
    shown = (await asked(civil, f"{path}/children", moment))["children"]
    assert {c["division"] for c in shown if c["shielded"]} == {YUZHONG}


async def test_r7_the_past_of_a_large_area_is_refused_not_cut_off(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, path = await a_surveyed_place(registry)
    monkeypatch.setattr(residing, "MAX_COUNTED_WHILE_WAITING", 1)
    civil = await registry(CIVIL)
    for address in ("/v1/duties/completion", f"{path}/completion", f"{path}/children"):
        reply = await civil.get(address, params=when(registry.clock.at))
        assert reply.status_code == 413, address


async def test_r7_the_past_of_a_village_is_counted_however_large_its_county_is(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{VILLAGE[:-1]}2"
    homes = [{"division": place, "since": "2025-06-01"} for place in (VILLAGE, other)]
    await surveyed(registry, *(survey(residence=home) for home in homes))
    monkeypatch.setattr(residing, "MAX_COUNTED_WHILE_WAITING", 1)
    civil = await registry(CIVIL)
    moment = registry.clock.at
    address = "/v1/duties/completion"
    assert (await civil.get(address, params=when(moment))).status_code == 413
    for place in (VILLAGE, other):
        told = await asked(civil, address, moment, within=place, by="village")
        assert {(one["division"], one["owed"]) for one in told["places"]} == {(place, 1)}


async def test_r7_a_round_that_was_to_open_goes_by_the_rules_of_then(
    registry: Registry, tmp_path: Any
) -> None:
    """Adopted after the question and before the round begins: the round has them, what was answered had not."""
    await going_by(registry, Profiles.load(SHIPPED))
    civil = await registry(CIVIL)
    path = await a_round(civil, opens_on="2026-04-01")
    before = (await civil.get(path)).json()
    moment = later(registry, 10)
    rule = '[[rules.survey_round]]\nlead = "civil_affairs"\nhelpers = ["child_director"]\n'
    rule += 'channels = ["home_visit"]\ncontractors = "not_configured"\nblocks = ["child"]'
    await dated_back(registry, tmp_path, "chongqing", rule, "")
    registry.clock.at += timedelta(days=40)
    assert (await civil.get(path)).json()["blocks"] == ["child"]
    assert await asked(civil, path, moment) == before


async def test_r58_a_calendar_is_told_as_it_was_known(registry: Registry) -> None:
    child = await pupil(registry, FIRST)
    civil = await registry("civil_affairs:429006")
    told = {"on": "2026-03-10"}
    before = (await civil.get("/v1/calendar-duties", params=told)).json()
    moment = later(registry)
    assert (await report(civil, school=FIRST)).status_code == 201
    await pupil(registry, SECOND)
    after = (await civil.get("/v1/calendar-duties", params=told)).json()
    second = later(registry)
    (lesson,) = [t for t in after["tasks"] if t["duty"] == "law_lesson"]
    assert (lesson["known"], lesson["fulfilled"]) == (2, 1)
    await moved(registry, child, JIULONGPO, registry.clock.at.date())
    assert await asked(civil, "/v1/calendar-duties", moment, **told) == before
    assert await asked(civil, "/v1/calendar-duties", second, **told) == after
    shielder = await registry("civil_affairs:500107")
    assert (await turn(shielder, child)).status_code < 300
    hidden = await asked(civil, "/v1/calendar-duties", second, **told)
    (lesson,) = [t for t in hidden["tasks"] if t["duty"] == "law_lesson"]
    assert lesson["known"] == 1, "its school would tell where it lived"


async def test_r31_placements_are_told_as_they_stood(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey())
    civil = await registry(CIVIL)
    none = later(registry)
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    path = made.headers["Location"]
    moment = later(registry)
    before = await answers(civil, {"/v1/placements": {}, path: {}})
    assert len(before["/v1/placements"]["placements"]) == 1
    ended = await civil.post(
        f"{path}/acts", json={"act": "end", "done_on": "2026-03-03"}, headers={"If-Match": '"1"'}
    )
    assert ended.status_code == 200, ended.text
    later(registry)
    assert (await civil.get("/v1/placements")).json()["placements"] == []
    for address, then in before.items():
        assert await asked(civil, address, moment) == then
    assert (await asked(civil, "/v1/placements", none))["placements"] == []
    assert (await civil.get(path, params=when(none))).status_code == 404
    stranger = await registry("civil_affairs:500112")
    assert (await asked(stranger, "/v1/placements", moment))["placements"] == []
    await moved(registry, child, JIULONGPO, registry.clock.at.date())
    assert (await asked(civil, "/v1/placements", moment))["placements"] == []
    assert (await civil.get(path, params=when(moment))).status_code == 404


async def test_r31_a_placement_is_told_to_who_sees_both_children_that_it_was_held_to_be_about(
    registry: Registry,
) -> None:
    (record,) = await push(registry, CIVIL, "surveys", survey())
    child, other = uuid4(), uuid4()
    await link(registry, [record], [child])
    civil = await registry(CIVIL)
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    path = made.headers["Location"]
    moment = later(registry)
    await link(registry, await push(registry, CIVIL, "surveys", survey()), [child])
    await link(registry, [record], [other])
    (now,) = (await civil.get("/v1/placements")).json()["placements"]
    (then,) = (await asked(civil, "/v1/placements", moment))["placements"]
    assert (now["child"], then["child"]) == (str(other), str(child))
    await moved(registry, other, JIULONGPO, registry.clock.at.date())
    assert (await asked(civil, "/v1/placements", moment))["placements"] == []
    assert (await civil.get(path, params=when(moment))).status_code == 404


async def test_r31_a_former_link_of_somebody_elses_making_carries_no_placement_to_another_child(
    registry: Registry,
) -> None:
    """Whoever can write to the database alone says that its anchor was the other child's then."""
    child, other = await surveyed(registry, survey(), survey())
    civil = await registry(CIVIL)
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    path = made.headers["Location"]
    moment = later(registry)
    (then,) = (await asked(civil, "/v1/placements", moment))["placements"]
    assert then["child"] == str(child)
    await registry.system(
        "INSERT INTO former_links (entry_id, link_seq, person, taken_at, replaced_at, mac)"
        " SELECT anchor, 1000000, $1, '2020-01-01', '9999-12-31', '\\x00' FROM placements",
        other,
    )
    assert (await asked(civil, "/v1/placements", moment))["placements"] == []
    assert (await civil.get(path, params=when(moment))).status_code == 404
    assert (await civil.get(path)).json()["child"] == str(child)


async def test_r10_rosters_are_told_as_they_had_come_back(registry: Registry) -> None:
    await surveyed(registry, survey(), survey())
    civil = await national(registry)
    none = later(registry)
    roster = await roster_made(civil, kind="national_system", division="500103")
    told = {"/v1/rosters": {}, f"/v1/rosters/{roster['id']}": {}}
    kept = []

    async def keep() -> None:
        kept.append((registry.clock.at, await answers(civil, told)))
        later(registry)

    await keep()
    first, second = await rows(civil, roster)
    await keep()
    await answered(civil, roster, {"row": first["row"], "verdict": "accepted"})
    await keep()
    await answered(civil, roster, {"row": first["row"], "verdict": "refused", "reason": "unknown"})
    await rows(civil, roster)  # it goes out again, later than first
    await keep()
    await answered(civil, roster, {"row": second["row"], "verdict": "accepted"})
    registry.clock.at += timedelta(days=400)
    await keep()
    counted = [then["/v1/rosters"]["rosters"][0] for _, then in kept]
    assert [(c["taken"], c["accepted"], c["refused"]) for c in counted] == [
        (0, 0, 0),
        (2, 0, 0),
        (2, 1, 0),
        (2, 0, 1),
        (2, 1, 1),
    ]
    for moment, then in kept:
        for address, was in then.items():
            assert await asked(civil, address, moment) == was, moment
    assert (await asked(civil, "/v1/rosters", none))["rosters"] == []
    path = f"/v1/rosters/{roster['id']}"
    assert (await civil.get(path, params=when(none))).status_code == 404
    stranger = await national(registry, "500112")
    assert (await asked(stranger, "/v1/rosters", kept[-1][0]))["rosters"] == []
    assert (await stranger.get(path, params=when(kept[-1][0]))).status_code == 404


async def test_r57_every_look_into_the_past_of_a_place_is_on_record(registry: Registry) -> None:
    child, _, path = await a_surveyed_place(registry)
    civil, survey_civil = await registry(CIVIL), await national(registry)
    made = await post(civil, "placements", **placement(child, basis="guardian_consent"))
    roster = await roster_made(survey_civil, kind="national_system", division="500103")
    moment = later(registry)
    ahead = registry.clock.at + timedelta(minutes=1)
    for who, address in (
        (civil, "/v1/duties/completion"),
        (civil, "/v1/duties/schools"),
        (civil, "/v1/calendar-duties"),
        (civil, "/v1/survey-rounds"),
        (civil, path),
        (civil, f"{path}/completion"),
        (civil, f"{path}/children"),
        (civil, "/v1/placements"),
        (civil, made.headers["Location"]),
        (survey_civil, "/v1/rosters"),
        (survey_civil, f"/v1/rosters/{roster['id']}"),
    ):
        await asked(who, address, moment)
        assert (await who.get(address, params=when(ahead))).status_code == 422, address
    found = {
        row["operation"]: row
        for row in await registry.system(
            "SELECT operation, subjects, detail FROM audit_entries WHERE operation LIKE '%\\_past'"
        )
    }
    assert set(found) == {
        f"{noun}.{verb}_past"
        for noun, verbs in {
            "duties": ("completion", "schools"),
            "calendar_duties": ("list",),
            "survey_rounds": ("list", "read", "completion", "children"),
            "placements": ("list", "read"),
            "rosters": ("list", "show"),
        }.items()
        for verb in verbs
    }
    assert all(moment.isoformat() in row["detail"] for row in found.values())
    assert len(found["survey_rounds.children_past"]["subjects"]) == 2
    for operation in ("placements.list_past", "placements.read_past"):
        assert found[operation]["subjects"] == [child]


async def test_r16_the_ledger_of_then_comes_in_the_form_that_was_asked_for(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry, survey())
    civil = await registry(CIVIL)
    await opened(civil, child)
    of = {"child": str(child)}

    async def forms(**more: str) -> tuple[Any, list[Any], Any]:
        page = await civil.get("/v1/key-care", params={**of, **more})
        lines = await civil.get(
            "/v1/key-care",
            params={**of, **more},
            headers={"Accept": "application/x-ndjson"},
        )
        assert lines.headers["content-type"].startswith("application/x-ndjson")
        book = await civil.get("/v1/key-care", params={**of, **more}, headers=XLSX)
        assert book.headers["content-type"] == XLSX["Accept"]
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.content))
        told = [json.loads(line) for line in lines.content.splitlines()]
        return page.json(), told, sheet.get_sheet_by_index(0).to_python()

    before = await forms()
    assert len(before[0]["entries"]) == 2
    assert before[1] == [*before[0]["entries"], {"end": "complete"}]
    assert len(before[2]) == 2
    moment = later(registry)
    for entry in before[0]["entries"]:
        kind = "confirm" if entry["state"] == "proposed" else "close"
        assert (await decide(civil, f"/v1/key-care/{entry['id']}", kind)).status_code == 200
    assert (await forms())[2] != before[2]
    assert await forms(known_at=moment.isoformat()) == before
    for accept in ("application/json", "application/x-ndjson", XLSX["Accept"]):
        reply = await civil.get("/v1/key-care", params=when(moment), headers={"Accept": accept})
        assert reply.status_code == 422, "of an area the past would have to be folded anew"
    rows_of = await registry.system(
        "SELECT DISTINCT operation FROM audit_entries WHERE operation LIKE 'key_care.%\\_past'"
    )
    assert {row["operation"] for row in rows_of} == {
        f"key_care.{one}_past" for one in ("list", "stream", "export")
    }
