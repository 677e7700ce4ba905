"""What an integrator is told of the events of a file: each kind with its keys, in one word for one thing (R17)."""

import re
from datetime import timedelta

from services.registry.dossiers.events import DossierEventKind
from services.registry.dossiers.retracing import DutyEnd
from services.registry.dossiers.schemas import DossierEventOut
from services.registry.dossiers.telling import ANNOUNCED
from tests.contracts.test_manual import rows, words
from tests.registry.conftest import Registry
from tests.registry.key_care import decide, fold, the_entry
from tests.registry.test_dossiers import dossier, lived

TABLE = rows("integrating.md", "### One child, one file (一人一档)")[2:]
KEYS = {kind: set(words(keys)) for kinds, keys, _ in TABLE for kind in words(kinds)}


def test_every_kind_of_event_is_in_the_manual() -> None:
    assert set(KEYS) == set(DossierEventKind)


def test_every_word_of_ours_in_an_event_is_in_the_manual_and_in_the_schema() -> None:
    told = {kind: last for kinds, _, last in TABLE for kind in words(kinds)}
    assert set(words(told["announced"])) == set(ANNOUNCED)
    said = DossierEventOut.model_fields["detail"].description or ""
    for why in DutyEnd:
        assert re.search(rf"`{why}` [\u4e00-\u9fff]", told["duty_ended"]), why
        assert re.search(rf"`{why}` [\u4e00-\u9fff]", said), why
    assert "`lapsed`" in told["key_care_proposed"] and "`lapsed`" in said


async def test_r17_a_thing_is_named_alike_in_every_event_about_it(registry: Registry) -> None:
    """An act leads to the case, alert or placement that it is about by the key that bears that thing's name."""
    child = await lived(registry)
    civil = await registry("civil_affairs:500103")
    registry.clock.at += timedelta(days=1)
    path, _ = await the_entry(civil, category="family_hardship")
    assert (await decide(civil, path, "close")).status_code == 200
    await fold(registry)
    _, events = await dossier(civil, child)
    found = {one["kind"] for one in events}
    assert found >= {"case_act", "alert_act", "placement_act", "handover_act"}
    for one in events:
        assert set(one.get("detail", {})) <= KEYS[one["kind"]], one
    for thing, begins in {
        "case": "case_opened",
        "alert": "alert_raised",
        "placement": "placement",
        "assessment": "assessment",
    }.items():
        begun = {one["id"] for one in events if one["kind"] == begins}
        named = [one for one in events if thing in one.get("detail", {})]
        assert begun and {one["detail"][thing] for one in named} == begun, thing
    (report,) = [e for e in events if e.get("detail", {}).get("topic") == "lives_alone"]
    assert (report["detail"]["kind"], report["detail"]["to"]) == ("report", "police")
    entries = {one["detail"]["key_care"] for one in events if one["kind"] == "key_care_proposed"}
    assert path.rsplit("/", 1)[1] in entries
