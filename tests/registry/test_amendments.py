"""What a hub adds to the shipped profiles: places of its own, and amendments that settle a silence.

And what no change may do: decide a past day otherwise than it was decided.
"""

from datetime import date
from pathlib import Path

import pytest

from services.registry.profiles import (
    NOT_CONFIGURED,
    SHIPPED,
    Period,
    Profile,
    ProfileError,
    Profiles,
    open_points,
)
from services.registry.profiles.differing import differences
from services.registry.profiles.families.entitlements import ApplicationPlace
from services.registry.settings import RegistrySettings
from services.registry.status import ChildFacts, Episode, HukouSpell, Status, decide

DAY = date(2026, 6, 1)
AMENDMENT = """
id = "district-office"
amends = "{place}"

[documents.main]
name = "办公室会议纪要〔2026〕3号"
valid_from = 2026-03-01

{rules}
"""
INTERVAL = """
[[rules.cadence]]
duty = "key_care_home_visit"
clause = "一"
wording = "每两个月走访一次"
population = "key_care"
period = { unit = "month", count = 2 }
performers = ["child_director"]
"""
SETTLED = """
[[rules.application_place]]
item = "rehabilitation"
clause = "二"
wording = "在居住地申请"
place = "residence"
"""
SEVENTH = """
id = "seventh"
name_zh = "第七市"
name_en = "Seventh"
covers = ["4403"]

[documents.main]
name = "七民发〔2026〕1号"
valid_from = 2026-01-01

[[rules.migrant_child]]
clause = "一"
wording = "离开户籍地三个月以上"
cross_county = true
months = 3
months_inclusive = true
age_below = 14
accompanied = true

[[rules.central_districts]]
clause = "二"
wording = "中心城区之间除外"
exempt = true
others = "none"

[[rules.central_districts.cities]]
area = "4403"
members = ["440303", "440304"]

[[rules.hardship]]
category = ["family_hardship", "out_of_school"]
clause = "三"
wording = "生活困难、失学"

[[rules.report]]
event = "lives_alone"
clause = "四"
wording = "第一时间报告"
reporter = "village_committee"
to = "police"
urgency = "immediately"
reply_hours = 24
"""


def amended(folder: Path, place: str, rules: str) -> Profile:
    text = AMENDMENT.format(place=place, rules=rules)
    (folder / "office.toml").write_text(text, encoding="utf-8")
    return Profiles.of_hub(folder).by_id[place]


def living(code: int, *, hukou: int, since: date) -> ChildFacts:
    stay = Episode(code, since, accompanied=True, confirmed=True)
    return ChildFacts(date(2016, 5, 20), (HukouSpell(hukou),), (stay,))


def test_r18_an_administrator_sets_an_interval_from_a_day_on(tmp_path: Path) -> None:
    city = amended(tmp_path, "heze", INTERVAL)
    before, after = (
        city.cadence("key_care_home_visit", day) for day in (date(2026, 2, 28), date(2026, 3, 1))
    )
    assert before is not None and after is not None
    assert before.period is NOT_CONFIGURED
    assert after.period == Period("month", 2)
    assert after.clause == "办公室会议纪要〔2026〕3号 一"
    assert "cadence.key_care_home_visit" not in {point.rule for point in open_points(city)}


def test_r33_a_contradiction_is_settled_by_whoever_decides_it(tmp_path: Path) -> None:
    city = amended(tmp_path, "tianmen", SETTLED)
    rule = city.rule(ApplicationPlace, DAY, "rehabilitation")
    assert rule is not None
    assert rule.place == "residence"
    points = {(point.kind, point.rule) for point in open_points(city)}
    assert ("contradiction", "application_place.rehabilitation") not in points
    assert ("not_configured", "application_place.rehabilitation") not in points


def test_r63_an_amendment_of_the_region_holds_in_its_cities(tmp_path: Path) -> None:
    survey = """
[[rules.survey_round]]
clause = "三"
wording = "摸排内容"
lead = "civil_affairs"
channels = ["home_visit"]
blocks = ["child", "parents"]
contractors = "not_configured"
"""
    text = AMENDMENT.format(place="inner_mongolia", rules=survey)
    (tmp_path / "region.toml").write_text(text, encoding="utf-8")
    profiles = Profiles.of_hub(tmp_path)
    for place in ("inner_mongolia", "baotou"):
        layers = [layer.id for layer in profiles.by_id[place].layers]
        assert layers[-2:] == ["district-office", "inner_mongolia"]
        assert ("survey_round", "blocks") not in {
            (point.rule, point.setting) for point in open_points(profiles.by_id[place])
        }


def test_a_local_code_may_be_chosen_by_the_hub(tmp_path: Path) -> None:
    zone = '[[local_divisions]]\ncode = "371771"\nname = "鲁西新区"\nbasis = "chosen by the city"\n'
    city = amended(tmp_path, "heze", zone)
    assert city.local_division(371771000000) is not None
    assert "local_divisions" not in {point.rule for point in open_points(city)}


@pytest.mark.parametrize(
    ("place", "more", "key"),
    [
        ("nowhere", "", "amends"),
        ("district-office", "", "amends"),
        ("heze", 'covers = ["3717"]', "covers"),
        ("heze", 'inherits = "tianmen"', "inherits"),
    ],
)
def test_an_amendment_is_of_a_place_and_nothing_more(
    tmp_path: Path, place: str, more: str, key: str
) -> None:
    text = f"{more}\n{AMENDMENT.format(place=place, rules='')}"
    (tmp_path / "office.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        Profiles.of_hub(tmp_path)
    assert (caught.value.file, caught.value.key) == ("office.toml", key)


def test_a_folder_that_is_not_there_is_no_silence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is not there"):
        Profiles.of_hub(tmp_path / "lost")


def test_r63_a_seventh_city_is_a_file_that_the_hub_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seventh.toml").write_text(SEVENTH, encoding="utf-8")
    monkeypatch.setenv("HUTONG_PROFILES", str(tmp_path))
    profiles = Profiles.of_hub(RegistrySettings().profiles)
    city = profiles.for_division(440305000000, DAY)
    assert city is not None and city.id == "seventh"
    cases = {
        (371721000000, 440305000000, date(2026, 3, 1)): "migrant",
        (371721000000, 440305000000, date(2026, 3, 2)): "not_yet",
        (440303000000, 440304000000, date(2026, 1, 1)): "excluded",
        (440303000000, 440305000000, date(2026, 1, 1)): "migrant",
    }
    for (hukou, residence, since), expected in cases.items():
        facts = living(residence, hukou=hukou, since=since)
        assert decide(facts, city, DAY).status.value == expected
    assert [rule.category for rule in city.hardship_categories(DAY)] == [
        "family_hardship",
        "out_of_school",
    ]
    assert set(profiles.by_id) == {*Profiles.load(SHIPPED).by_id, "seventh"}


def test_a_changed_rule_leaves_decisions_on_earlier_days_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "seventh.toml").write_text(SEVENTH, encoding="utf-8")
    old = Profiles.of_hub(tmp_path).by_id["seventh"]
    stricter = SEVENTH.split("[[rules.central_districts]]")[0].split("[[rules.migrant_child]]")[1]
    rules = f"[[rules.migrant_child]]{stricter.replace('months = 3', 'months = 12')}"
    new = amended(tmp_path, "seventh", rules)
    assert new.fingerprint != old.fingerprint
    facts = living(440305000000, hukou=371721000000, since=date(2025, 11, 1))
    for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28)):
        then, now = (decide(facts, profile, day) for profile in (old, new))
        assert then._replace(profile=None, next_change_on=None) == now._replace(
            profile=None, next_change_on=None
        )
        assert (then.profile, now.profile) == (old.fingerprint, new.fingerprint)
    assert decide(facts, old, date(2026, 3, 1)).status is Status.MIGRANT
    assert decide(facts, new, date(2026, 3, 1)).status is Status.NOT_YET
    assert decide(facts, new, date(2026, 2, 28)).next_change_on == date(2026, 3, 1)


def test_profiles_differ_by_what_they_ask_for() -> None:
    places = Profiles.load(SHIPPED).by_id
    city, region = places["baotou"], places["inner_mongolia"]
    found = {(one.rule, one.setting): one for one in differences(region, DAY, city, DAY)}
    screening = found["cadence.psychological_screening", ""]
    assert screening.before.clause == ""
    assert screening.after.clause.endswith("附件2第21项")
    visit = found["cadence.key_care_home_visit", "categories"]
    assert visit.before.value == []
    assert "self_request" not in visit.after.value
    assert ("cadence.key_care_contact", "") not in found
    assert differences(city, DAY, city, DAY) == ()


def test_a_profile_differs_between_two_days() -> None:
    city = Profiles.load(SHIPPED).by_id["tianmen"]
    found = differences(city, date(2025, 7, 29), city, date(2025, 7, 30))
    assert "migrant_child" in {one.rule for one in found}
    assert {one.setting for one in found} == {""}
    assert differences(city, date(2025, 7, 30), city, DAY) == ()
