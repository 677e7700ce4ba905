"""Profiles: what the shipped texts say, how layers and dates work, and how a fault is named."""

import re
from datetime import date
from pathlib import Path

import pytest

from services.registry.profiles import (
    NOT_CONFIGURED,
    SHIPPED,
    ProfileError,
    Profiles,
    open_points,
)

TODAY = date(2026, 3, 1)
FIVE = (
    "family_hardship",
    "disability",
    "missing_guardianship",
    "vagrancy",
    "psychological_behavioural",
)

SEVENTH = """
id = "seventh"
name_zh = "第七市"
name_en = "Seventh"
covers = ["4403"]

[documents.main]
name = "七民发〔2026〕1号"
valid_from = 2026-01-01

[documents.earlier]
name = "七民发〔2020〕9号"
valid_from = 2020-01-01
valid_until = 2025-12-31

[[rules.migrant_child]]
document = "earlier"
clause = "一"
cross_county = true
months = 12
months_inclusive = true
age_below = 14
accompanied = true

[[rules.migrant_child]]
clause = "一"
cross_county = true
months = 3
months_inclusive = true
age_below = 16
accompanied = false

[[rules.central_districts]]
clause = "二"
exempt = true
others = "none"

[[rules.central_districts.cities]]
area = "4403"
members = ["440303", "440304"]

[[rules.day_counting]]
clause = "三"
birthday = "day_after"

[[rules.hardship]]
clause = "四"
category = "family_hardship"
"""


@pytest.fixture(scope="module")
def shipped() -> Profiles:
    return Profiles.load(SHIPPED)


def load(folder: Path, **files: str) -> Profiles:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return Profiles.load(SHIPPED, folder)


@pytest.mark.parametrize(
    ("code", "profile"),
    [
        (150203000000, "baotou"),
        (150271000000, "baotou"),
        (150102000000, "inner_mongolia"),
        (150000000000, "inner_mongolia"),
        (429006001000, "tianmen"),
        (429005000000, None),
        (230102000000, "heilongjiang"),
        (371702000000, "heze"),
        (500103000000, "chongqing"),
        (500172000000, "chongqing"),
        (110101000000, None),
    ],
)
def test_the_narrowest_area_decides(shipped: Profiles, code: int, profile: str | None) -> None:
    found = shipped.for_division(code, TODAY)
    assert (found.id if found else None) == profile


@pytest.mark.parametrize("place", ["baotou", "tianmen", "heilongjiang", "heze", "chongqing"])
def test_r1_every_place_defines_a_migrant_child(shipped: Profiles, place: str) -> None:
    rule = shipped.by_id[place].definition(TODAY)
    assert rule is not None
    assert (rule.months, rule.months_inclusive, rule.age_below) == (6, True, 16)
    assert rule.cross_county
    assert rule.accompanied
    assert rule.clause


@pytest.mark.parametrize(
    ("place", "months", "wording"),
    [
        ("inner_mongolia", 6, "半年"),
        ("baotou", 6, "半年"),
        ("tianmen", 6, "半年"),
        ("heilongjiang", 6, "半年"),
        ("heze", 6, "半年"),
        ("chongqing", 3, "每季度"),
    ],
)
def test_r7_survey_cycle(shipped: Profiles, place: str, months: int, wording: str) -> None:
    cadence = shipped.by_id[place].cadence("survey", TODAY)
    assert cadence is not None
    assert cadence.every_months == months
    assert wording in cadence.wording


@pytest.mark.parametrize(
    ("place", "categories"),
    [
        ("inner_mongolia", {*FIVE, "self_request"}),
        ("baotou", {*FIVE, "self_request"}),
        ("tianmen", {*FIVE, "out_of_school", "self_request"}),
        ("heilongjiang", {*FIVE, "insurance_status", "self_request"}),
        ("heze", {*FIVE, "self_request"}),
        ("chongqing", {*FIVE, "self_request"}),
    ],
)
def test_r15_hardship_categories(shipped: Profiles, place: str, categories: set[str]) -> None:
    rules = shipped.by_id[place].hardship_categories(TODAY)
    assert {rule.category for rule in rules} == categories
    assert all(rule.clause for rule in rules)
    assert {rule.category for rule in rules if rule.cross_township} == {"self_request"}


def test_r3_heilongjiang_accepts_self_requests_promptly(shipped: Profiles) -> None:
    handling = {
        place: rule.handling
        for place, profile in shipped.by_id.items()
        for rule in profile.hardship_categories(TODAY)
        if rule.category == "self_request"
    }
    assert handling.pop("heilongjiang") == "accept_promptly"
    assert set(handling.values()) == {"ledger"}


def test_r63_baotou_inherits_and_overrides(shipped: Profiles) -> None:
    baotou = shipped.by_id["baotou"]
    contact, visit = (baotou.cadence(d, TODAY) for d in ("key_care_contact", "key_care_home_visit"))
    assert contact is not None
    assert contact.every_months == 1
    assert contact.clause.startswith("内蒙古")
    assert visit is not None
    assert visit.wording == "入户频率不低于每季度一次"
    assert visit.clause.startswith("包头市")

    before_its_own_notice = date(2024, 11, 15)
    visit = baotou.cadence("key_care_home_visit", before_its_own_notice)
    assert visit is not None
    assert visit.clause.startswith("内蒙古")


@pytest.mark.parametrize("place", ["chongqing", "heze", "heilongjiang"])
def test_r18_regularly_is_no_interval(shipped: Profiles, place: str) -> None:
    profile = shipped.by_id[place]
    visit = profile.cadence("key_care_home_visit", TODAY)
    assert visit is not None
    assert "定期" in visit.wording
    assert visit.every_months is NOT_CONFIGURED
    settings = {(point.rule, point.setting) for point in open_points(profile)}
    assert ("cadence.key_care_home_visit", "period") in settings


def test_r18_who_is_visited_differs(shipped: Profiles) -> None:
    tianmen, region = shipped.by_id["tianmen"], shipped.by_id["inner_mongolia"]
    all_migrants = tianmen.cadence("migrant_home_visit", TODAY)
    assert all_migrants is not None
    assert (all_migrants.population, all_migrants.every_months) == ("migrant", 3)
    assert region.cadence("migrant_home_visit", TODAY) is None
    assert tianmen.cadence("key_care_home_visit", TODAY) is None


@pytest.mark.parametrize(
    ("place", "a", "b", "together"),
    [
        ("chongqing", 500103, 500112, True),
        ("chongqing", 500103, 500157, True),
        ("chongqing", 500103, 500172, True),
        ("chongqing", 500171, 500108, True),
        ("chongqing", 500103, 500101, False),
        ("chongqing", 500101, 500102, False),
        ("chongqing", 500103, 500103, False),
        ("chongqing", 500103, 150203, False),
        ("tianmen", 429006, 429005, False),
        ("baotou", 150203, 150271, None),
        ("baotou", 150203, 150204, None),
        ("baotou", 150203, 150222, False),
        ("baotou", 150203, 150102, False),
        ("heze", 371702, 371703, None),
        ("heze", 371702, 371721, False),
        ("heilongjiang", 230102, 230103, None),
        ("heilongjiang", 230102, 230202, False),
        ("heilongjiang", 230102, 230183, False),
    ],
)
def test_r2_central_districts(
    shipped: Profiles, place: str, a: int, b: int, together: bool | None
) -> None:
    profile = shipped.by_id[place]
    for one, other in ((a, b), (b, a)):
        assert profile.excluded_together(one * 10**6, other * 10**6, TODAY) is together


def test_r2_chongqing_names_eleven_units(shipped: Profiles) -> None:
    chongqing = shipped.by_id["chongqing"]
    rule = chongqing.central_districts(TODAY)
    assert rule is not None
    (city,) = rule.cities
    assert isinstance(city.members, frozenset)
    local = {code for code in city.members if chongqing.local_division(code)}
    assert local == {500171000000, 500172000000}
    assert len(city.members - {500157000000}) == 11


def test_silences_are_open_points(shipped: Profiles) -> None:
    points = {
        (place, point.kind, point.rule, point.setting)
        for place, profile in shipped.by_id.items()
        for point in open_points(profile)
    }
    assert ("baotou", "not_configured", "central_districts", "members of 1502") in points
    assert ("heze", "not_configured", "central_districts", "members of 3717") in points
    assert ("heilongjiang", "not_configured", "central_districts", "others") in points
    assert ("heilongjiang", "not_configured", "documents", "valid_until") in points
    assert ("chongqing", "not_configured", "documents", "valid_from") in points
    for place in shipped.by_id:
        assert (place, "assumed", "day_counting", "leap_birthday") in points
        assert (place, "assumed", "day_counting", "onward_move") in points
    assert ("tianmen", "not_configured", "school_calendar", "") in points
    assert not any(p[0] == "chongqing" and p[2] == "school_calendar" for p in points)


def test_a_seventh_city_is_a_file_and_nothing_else(tmp_path: Path) -> None:
    profiles = load(tmp_path, seventh=SEVENTH)
    city = profiles.for_division(440305000000, TODAY)
    assert city is not None
    assert city.id == "seventh"
    assert city.excluded_together(440303000000, 440304000000, TODAY)
    assert city.excluded_together(440303000000, 440305000000, TODAY) is False
    assert city.day_counting(TODAY).birthday == "day_after"
    assert "birthday" not in {p.setting for p in open_points(city)}
    assert city.definition(date(2019, 12, 31)) is None


def test_versions_follow_one_another(tmp_path: Path) -> None:
    city = load(tmp_path, seventh=SEVENTH).by_id["seventh"]
    ages = {day: city.definition(day) for day in (date(2025, 12, 31), date(2026, 1, 1))}
    found = {day: (rule.age_below, rule.clause) for day, rule in ages.items() if rule}
    assert found == {
        date(2025, 12, 31): (14, "七民发〔2020〕9号 一"),
        date(2026, 1, 1): (16, "七民发〔2026〕1号 一"),
    }
    assert city.turning_days == (date(2020, 1, 1), date(2026, 1, 1))


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    first = load(tmp_path, seventh=SEVENTH).by_id["seventh"].fingerprint
    same = load(tmp_path, seventh=f"# a comment\n{SEVENTH}").by_id["seventh"].fingerprint
    other = load(tmp_path, seventh=SEVENTH.replace("months = 3", "months = 4"))
    assert first == same
    assert len(first) == 64
    assert other.by_id["seventh"].fingerprint != first


def test_a_change_above_changes_the_fingerprint_below(tmp_path: Path) -> None:
    child = (
        'id = "eighth"\nname_zh = "八"\nname_en = "E"\ninherits = "seventh"\ncovers = ["440303"]'
    )
    before = load(tmp_path, seventh=SEVENTH, eighth=child).by_id["eighth"].fingerprint
    changed = SEVENTH.replace("months = 3", "months = 4")
    assert load(tmp_path, seventh=changed).by_id["eighth"].fingerprint != before


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("age_below = 14", 'age_below = "14"', "rules.migrant_child[1].age_below"),
        ("age_below = 14\n", "", "rules.migrant_child[1].age_below"),
        ("months = 3", "months = 3\nmonth = 3", "rules.migrant_child[2].month"),
        ("2025-12-31", "2026-12-31", "rules.migrant_child[2].valid_from"),
        ("valid_until = 2025-12-31", "valid_until = 2019-12-31", "rules.migrant_child[1]."),
        ('"day_after"', '"never"', "rules.day_counting[1].birthday"),
        ("[[rules.hardship]]", "[[rules.hardships]]", "rules.hardships"),
        ("[[rules.hardship]]", "[rules.hardship]", "rules.hardship"),
        ('["440303", "440304"]', '["440303", "440399"]', "members"),
        ('["440303", "440304"]', '["440303", "500103"]', "cities[1].members"),
        ('["440303", "440304"]', '["440303", "sixth"]', "cities[1].members"),
        ('covers = ["4403"]', 'covers = ["44x3"]', "covers"),
        ('covers = ["4403"]', 'covers = ["50"]', "covers"),
        ('id = "seventh"', 'id = "heze"', "id"),
        ('id = "seventh"', 'id = "seventh"\ninherits = "nobody"', "inherits"),
        ('id = "seventh"', 'id = "seventh"\ninherits = "seventh"', "inherits"),
        ('document = "earlier"', 'document = "lost"', "rules.migrant_child[1].document"),
        ("valid_from = 2026-01-01", "", "documents.main.valid_from"),
        ('id = "seventh"', "id = seventh", "(file)"),
    ],
)
def test_a_fault_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SEVENTH
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, seventh=SEVENTH.replace(old, new))
    assert caught.value.file == "seventh.toml"
    assert key in caught.value.key


def test_no_python_names_a_place(shipped: Profiles) -> None:
    names = {
        word
        for profile in shipped.by_id.values()
        for word in (profile.id, profile.name_zh, profile.name_en)
    }
    folder = SHIPPED.parent
    for file in (*folder.glob("profiles/**/*.py"), *folder.glob("status/**/*.py")):
        text = file.read_text(encoding="utf-8")
        assert not [name for name in names if name in text], file.name


def test_what_was_kept_with_words_of_an_earlier_release_is_read_for_good() -> None:
    """A rulebook of the past must open, or nothing that it bore could be told."""
    today = Profiles.load(SHIPPED)
    before = Profiles.read(
        (name, re.sub(rb'"child_(director|supervisor)"', rb'"children_\1"', text))
        for name, text in today.files
    )
    assert any(b"children_director" in text for _, text in before.files)
    for place, profile in today.by_id.items():
        assert [layer.rules for layer in before.by_id[place].layers] == [
            layer.rules for layer in profile.layers
        ]
