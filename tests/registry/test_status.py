"""Status: the truth tables of the definition, and the promise about the next day of change."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.profiles import SHIPPED, Profile, Profiles
from services.registry.status import ChildFacts, Episode, HukouSpell, Status, decide

PROFILES = Profiles.load(SHIPPED).by_id
CHONGQING, TIANMEN = PROFILES["chongqing"], PROFILES["tianmen"]
ONE_DAY = timedelta(days=1)

YUZHONG, YUBEI, JIANGBEI, BEIBEI = 500103000000, 500112000000, 500105000000, 500109000000
LIANGJIANG, LIANGJIANG_LOCAL, HIGH_TECH = 500157000000, 500171000000, 500172000000
WANZHOU, FULING = 500101000000, 500102000000
CAOXIAN, MUDAN = 371721000000, 371702000000
KUNDULUN, RARE_EARTH, GUYANG = 150203000000, 150271000000, 150222000000
XIANTAO, TIANMEN_CITY = 429004000000, 429006000000
TABLE_CHANGED = date(2025, 11, 6)


def child(hukou: int, *stays: Episode, born: date | None = date(2016, 5, 20)) -> ChildFacts:
    return ChildFacts(born, (HukouSpell(hukou),), stays)


def lives(code: int, since: date, until: date | None = None, *, alone: bool = False) -> Episode:
    return Episode(code, since, until, accompanied=not alone, confirmed=True)


def status(facts: ChildFacts, profile: Profile, day: date) -> str:
    return decide(facts, profile, day).status.value


def with_settings(folder: Path, **wanted: str | int) -> Profile:
    """Chongqing's own profile, with days counted as given by a place below it."""
    lines = "\n".join(f"{key} = {value!r}" for key, value in wanted.items())
    (folder / "below.toml").write_text(
        f"""
id = "below"
name_zh = "下"
name_en = "Below"
inherits = "chongqing"
covers = ["500101"]
[documents.main]
name = "test"
valid_from = 2000-01-01
[[rules.day_counting]]
clause = "1"
{lines}
""",
        encoding="utf-8",
    )
    return Profiles.load(SHIPPED, folder).by_id["below"]


# R1: six months, sixteen years, accompanied


@pytest.mark.parametrize(
    ("arrived", "complete"),
    [
        (date(2025, 1, 15), date(2025, 7, 15)),
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2025, 8, 28), date(2026, 2, 28)),
        (date(2024, 2, 29), date(2024, 8, 29)),
        (date(2025, 7, 1), date(2026, 1, 1)),
    ],
)
def test_r1_six_months_exactly(arrived: date, complete: date) -> None:
    facts = child(CAOXIAN, lives(WANZHOU, arrived))
    before = decide(facts, CHONGQING, complete - ONE_DAY)
    assert (before.status, before.migrant_from) == (Status.NOT_YET, complete)
    assert before.next_change_on == complete
    after = decide(facts, CHONGQING, complete)
    assert (after.status, after.migrant_from) == (Status.MIGRANT, complete)


@pytest.mark.parametrize(("arrival_day", "days"), [("counted", 0), ("not_counted", 1)])
def test_r1_arrival_day_is_a_setting(tmp_path: Path, arrival_day: str, days: int) -> None:
    profile = with_settings(tmp_path, arrival_day=arrival_day)
    facts = child(CAOXIAN, lives(WANZHOU, date(2025, 1, 15)))
    complete = date(2025, 7, 15) + days * ONE_DAY
    assert status(facts, profile, complete - ONE_DAY) == "not_yet"
    assert status(facts, profile, complete) == "migrant"


@pytest.mark.parametrize(
    ("born", "wanted", "sixteen"),
    [
        (date(2010, 5, 20), {}, date(2026, 5, 20)),
        (date(2010, 5, 20), {"birthday": "day_after"}, date(2026, 5, 21)),
        (date(2008, 2, 29), {}, date(2024, 2, 29)),
        (date(2012, 2, 29), {}, date(2028, 2, 29)),
    ],
)
def test_r4_the_sixteenth_birthday(
    tmp_path: Path, born: date, wanted: dict[str, str], sixteen: date
) -> None:
    profile = with_settings(tmp_path, **wanted)
    facts = child(CAOXIAN, lives(WANZHOU, date(2020, 1, 1)), born=born)
    before = decide(facts, profile, sixteen - ONE_DAY)
    assert (before.status, before.next_change_on) == (Status.MIGRANT, sixteen)
    after = decide(facts, profile, sixteen)
    assert (after.status, after.next_change_on) == (Status.AGED_OUT, None)


@pytest.mark.parametrize(
    ("leap_birthday", "sixteen"), [("feb_28", date(2100, 2, 28)), ("mar_1", date(2100, 3, 1))]
)
def test_r4_a_leap_day_child_in_a_year_without_one(
    tmp_path: Path, leap_birthday: str, sixteen: date
) -> None:
    profile = with_settings(tmp_path, leap_birthday=leap_birthday)
    facts = child(CAOXIAN, lives(WANZHOU, date(2090, 1, 1)), born=date(2084, 2, 29))
    assert status(facts, profile, sixteen - ONE_DAY) == "migrant"
    assert status(facts, profile, sixteen) == "aged_out"


def test_r1_who_turns_sixteen_before_six_months_never_becomes_a_migrant_child() -> None:
    facts = child(CAOXIAN, lives(WANZHOU, date(2025, 1, 15)), born=date(2009, 7, 15))
    decision = decide(facts, CHONGQING, date(2025, 3, 1))
    assert (decision.status, decision.migrant_from) == (Status.NOT_YET, None)
    assert decision.next_change_on == date(2025, 7, 15)
    assert status(facts, CHONGQING, date(2025, 7, 15)) == "aged_out"


def test_r1_unaccompanied_is_no_exit_and_ends_with_company() -> None:
    facts = child(
        CAOXIAN,
        lives(WANZHOU, date(2024, 1, 1), date(2025, 3, 1), alone=True),
        lives(WANZHOU, date(2025, 3, 1)),
    )
    alone = decide(facts, CHONGQING, date(2025, 2, 1))
    assert (alone.status, alone.next_change_on) == (Status.UNACCOMPANIED, date(2025, 3, 1))
    assert status(facts, CHONGQING, date(2025, 3, 1)) == "migrant"


def test_r1_a_child_born_here_counts_from_birth() -> None:
    facts = child(CAOXIAN, lives(WANZHOU, date(2020, 1, 1)), born=date(2025, 3, 10))
    assert status(facts, CHONGQING, date(2025, 3, 9)) == "cannot_tell"
    assert decide(facts, CHONGQING, date(2025, 3, 10)).migrant_from == date(2025, 9, 10)


# R2: what is a move, and which moves do not count


@pytest.mark.parametrize(
    ("hukou", "residence", "place", "day", "expected"),
    [
        (YUZHONG, YUBEI, "chongqing", date(2025, 11, 5), "excluded"),
        (YUZHONG, YUBEI, "chongqing", date(2025, 11, 6), "excluded"),
        (YUBEI, YUZHONG, "chongqing", date(2025, 11, 5), "excluded"),
        (YUBEI, YUZHONG, "chongqing", date(2026, 6, 1), "excluded"),
        (YUZHONG, LIANGJIANG, "chongqing", date(2026, 6, 1), "excluded"),
        (YUZHONG, LIANGJIANG_LOCAL, "chongqing", date(2025, 6, 1), "excluded"),
        (YUZHONG, LIANGJIANG_LOCAL, "chongqing", date(2026, 6, 1), "excluded"),
        (JIANGBEI, YUBEI, "chongqing", date(2025, 11, 5), "excluded"),
        (JIANGBEI, YUBEI, "chongqing", date(2025, 11, 6), "not_cross_county"),
        (LIANGJIANG, LIANGJIANG_LOCAL, "chongqing", date(2026, 6, 1), "not_cross_county"),
        (YUZHONG, HIGH_TECH, "chongqing", date(2025, 6, 1), "excluded"),
        (HIGH_TECH, BEIBEI, "chongqing", date(2026, 6, 1), "excluded"),
        (HIGH_TECH, WANZHOU, "chongqing", date(2026, 6, 1), "migrant"),
        (WANZHOU, HIGH_TECH, "chongqing", date(2026, 6, 1), "migrant"),
        (YUZHONG, WANZHOU, "chongqing", date(2025, 6, 1), "migrant"),
        (WANZHOU, YUBEI, "chongqing", date(2026, 6, 1), "migrant"),
        (WANZHOU, WANZHOU + 1001, "chongqing", date(2025, 6, 1), "not_cross_county"),
        (XIANTAO, TIANMEN_CITY, "tianmen", date(2026, 6, 1), "migrant"),
        (TIANMEN_CITY, TIANMEN_CITY + 1000, "tianmen", date(2026, 6, 1), "not_cross_county"),
        (KUNDULUN, RARE_EARTH, "baotou", date(2025, 6, 1), "cannot_tell"),
        (RARE_EARTH, KUNDULUN, "baotou", date(2025, 6, 1), "cannot_tell"),
        (GUYANG, RARE_EARTH, "baotou", date(2025, 6, 1), "migrant"),
        (MUDAN, RARE_EARTH, "baotou", date(2025, 6, 1), "migrant"),
        (RARE_EARTH, RARE_EARTH, "baotou", date(2025, 6, 1), "not_cross_county"),
        (MUDAN, 371703000000, "heze", date(2026, 6, 1), "cannot_tell"),
        (CAOXIAN, MUDAN, "heze", date(2026, 6, 1), "migrant"),
        (YUZHONG, MUDAN, "heze", date(2026, 6, 1), "migrant"),
        (HIGH_TECH, MUDAN, "heze", date(2026, 6, 1), "migrant"),
        (441900000000, 441900003000, "chongqing", date(2026, 6, 1), "not_cross_county"),
    ],
)
def test_r2_crossing_counties(
    hukou: int, residence: int, place: str, day: date, expected: str
) -> None:
    facts = child(hukou, lives(residence, date(2022, 1, 1)))
    assert status(facts, PROFILES[place], day) == expected


@pytest.mark.parametrize(
    ("hukou", "residence", "place", "missing"),
    [
        (KUNDULUN, RARE_EARTH, "baotou", ("central_districts",)),
        (500100000000, YUZHONG, "chongqing", ("hukou_division",)),
        (YUZHONG, 500000000000, "chongqing", ("residence_division",)),
        (500199000000, WANZHOU, "chongqing", ("hukou_division",)),
        (990101000000, WANZHOU, "chongqing", ("hukou_division",)),
    ],
)
def test_cannot_tell_names_what_is_missing(
    hukou: int, residence: int, place: str, missing: tuple[str, ...]
) -> None:
    facts = child(hukou, lives(residence, date(2022, 1, 1)))
    decision = decide(facts, PROFILES[place], date(2026, 6, 1))
    assert (decision.status, decision.missing) == (Status.CANNOT_TELL, missing)


def test_a_wide_code_is_enough_where_the_areas_do_not_meet() -> None:
    facts = child(370000000000, lives(WANZHOU, date(2022, 1, 1)))
    assert status(facts, CHONGQING, date(2026, 6, 1)) == "migrant"


# Facts that are missing or contradict each other

SETTLED = child(CAOXIAN, lives(WANZHOU, date(2022, 1, 1)))
DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (SETTLED._replace(birth_on=None), ("birth_on",)),
        (SETTLED._replace(hukou=()), ("hukou",)),
        (SETTLED._replace(episodes=()), ("residence",)),
        (SETTLED._replace(episodes=(lives(WANZHOU, DAY + ONE_DAY),)), ("residence",)),
        (SETTLED._replace(episodes=(lives(WANZHOU, date(2022, 1, 1), DAY - ONE_DAY),)), None),
        (SETTLED._replace(episodes=(Episode(WANZHOU, date(2022, 1, 1)),)), ("accompanied",)),
        (SETTLED._replace(hukou=(HukouSpell(CAOXIAN), HukouSpell(MUDAN))), ("hukou",)),
        (ChildFacts(), ("residence", "hukou", "birth_on")),
    ],
)
def test_a_missing_fact_is_named(facts: ChildFacts, missing: tuple[str, ...] | None) -> None:
    decision = decide(facts, CHONGQING, DAY)
    assert decision.status is Status.CANNOT_TELL
    assert decision.missing == (missing or ("residence",))
    assert decision.reasons


def test_without_a_profile_nothing_can_be_told() -> None:
    decision = decide(SETTLED, None, DAY)
    assert (decision.status, decision.missing) == (Status.CANNOT_TELL, ("profile",))


def test_before_a_text_holds_there_is_no_definition() -> None:
    facts = child(XIANTAO, lives(TIANMEN_CITY, date(2022, 1, 1)))
    decision = decide(facts, TIANMEN, date(2025, 7, 29))
    assert decision.missing == ("definition",)
    assert decision.next_change_on == date(2025, 7, 30)


def test_what_is_certain_outranks_what_is_missing() -> None:
    grown = SETTLED._replace(birth_on=date(2005, 1, 1), hukou=(), episodes=())
    assert status(grown, CHONGQING, DAY) == "aged_out"
    local = SETTLED._replace(birth_on=None, hukou=(HukouSpell(WANZHOU),))
    assert status(local, CHONGQING, DAY) == "not_cross_county"


def test_two_stays_begun_together_contradict_unless_one_is_confirmed() -> None:
    here, there = (Episode(code, date(2022, 1, 1), None, True) for code in (WANZHOU, FULING))
    doubtful = SETTLED._replace(episodes=(here, there))
    assert decide(doubtful, CHONGQING, DAY).missing == ("residence",)
    settled = SETTLED._replace(episodes=(here, there._replace(confirmed=True)))
    assert status(settled, CHONGQING, DAY) == "migrant"


# Episodes (R6), out and in, gaps and returns


@pytest.mark.parametrize(
    ("left", "came", "expected"),
    [
        (date(2025, 5, 1), date(2025, 5, 1), date(2025, 7, 1)),
        (date(2025, 5, 1), date(2025, 5, 2), date(2025, 7, 1)),
        (date(2025, 5, 1), date(2025, 5, 3), date(2025, 11, 3)),
    ],
)
def test_r6_only_days_without_a_residence_interrupt(left: date, came: date, expected: date) -> None:
    facts = child(CAOXIAN, lives(WANZHOU, date(2025, 1, 1), left), lives(WANZHOU + 1000, came))
    assert decide(facts, CHONGQING, date(2025, 6, 1)).migrant_from == expected


@pytest.mark.parametrize(
    ("tolerated", "expected"), [(8, date(2025, 11, 10)), (9, date(2025, 7, 1))]
)
def test_r6_a_gap_may_be_tolerated(tmp_path: Path, tolerated: int, expected: date) -> None:
    profile = with_settings(tmp_path, tolerated_gap_days=tolerated)
    facts = child(
        CAOXIAN,
        lives(WANZHOU, date(2025, 1, 1), date(2025, 4, 30)),
        lives(WANZHOU, date(2025, 5, 10)),
    )
    assert decide(facts, profile, date(2025, 6, 1)).migrant_from == expected


@pytest.mark.parametrize(
    ("onward_move", "expected"),
    [("continues", date(2025, 7, 1)), ("restarts", date(2025, 11, 1))],
)
def test_r6_moving_on_to_another_county_is_a_setting(
    tmp_path: Path, onward_move: str, expected: date
) -> None:
    profile = with_settings(tmp_path, onward_move=onward_move)
    facts = child(
        CAOXIAN,
        lives(FULING, date(2025, 1, 1), date(2025, 5, 1)),
        lives(WANZHOU, date(2025, 5, 1)),
    )
    assert decide(facts, profile, date(2025, 6, 1)).migrant_from == expected


@pytest.mark.parametrize("onward_move", ["continues", "restarts"])
def test_r6_moving_within_an_excluded_centre_never_starts_anew(
    tmp_path: Path, onward_move: str
) -> None:
    profile = with_settings(tmp_path, onward_move=onward_move)
    facts = child(
        CAOXIAN,
        lives(YUZHONG, date(2025, 8, 1), date(2025, 10, 1)),
        lives(YUBEI, date(2025, 10, 1), date(2025, 12, 1)),
        lives(BEIBEI, date(2025, 12, 2)),
    )
    assert decide(facts, profile, date(2026, 1, 1)).migrant_from == date(2026, 2, 1)


@pytest.mark.parametrize("home", [CAOXIAN, CAOXIAN + 2000])
def test_r6_a_return_home_ends_the_stay(home: int) -> None:
    facts = child(
        CAOXIAN,
        lives(WANZHOU, date(2024, 1, 1), date(2025, 3, 1)),
        lives(home, date(2025, 3, 1), date(2025, 3, 20)),
        lives(WANZHOU, date(2025, 3, 20)),
    )
    assert status(facts, CHONGQING, date(2025, 2, 1)) == "migrant"
    assert status(facts, CHONGQING, date(2025, 3, 5)) == "not_cross_county"
    assert decide(facts, CHONGQING, date(2025, 4, 1)).migrant_from == date(2025, 9, 20)


def test_r6_years_in_the_excluded_centre_do_not_count_afterwards() -> None:
    facts = child(
        YUZHONG, lives(BEIBEI, date(2020, 1, 1), date(2025, 5, 1)), lives(WANZHOU, date(2025, 5, 1))
    )
    assert status(facts, CHONGQING, date(2025, 4, 1)) == "excluded"
    assert decide(facts, CHONGQING, date(2025, 6, 1)).migrant_from == date(2025, 11, 1)


def test_r6_an_open_stay_ends_when_the_next_one_begins() -> None:
    facts = child(CAOXIAN, lives(WANZHOU, date(2024, 1, 1)), lives(CAOXIAN, date(2025, 3, 1)))
    assert decide(facts, CHONGQING, date(2025, 2, 1)).next_change_on == date(2025, 3, 1)
    assert status(facts, CHONGQING, date(2026, 2, 1)) == "not_cross_county"


def test_a_moved_hukou_starts_the_count() -> None:
    facts = ChildFacts(
        date(2016, 5, 20),
        (HukouSpell(WANZHOU), HukouSpell(CAOXIAN, date(2025, 2, 1))),
        (lives(WANZHOU, date(2020, 1, 1)),),
    )
    assert status(facts, CHONGQING, date(2025, 1, 31)) == "not_cross_county"
    assert decide(facts, CHONGQING, date(2025, 2, 1)).migrant_from == date(2025, 8, 1)


@pytest.mark.parametrize(("earlier", "expected"), [("same", "migrant"), ("unknown", "cannot_tell")])
def test_days_before_the_first_known_hukou_are_a_setting(
    tmp_path: Path, earlier: str, expected: str
) -> None:
    profile = with_settings(tmp_path, earlier_hukou=earlier)
    facts = ChildFacts(
        date(2016, 5, 20),
        (HukouSpell(CAOXIAN, date(2025, 5, 1)),),
        (lives(WANZHOU, date(2024, 1, 1)),),
    )
    assert status(facts, profile, date(2025, 6, 1)) == expected
    assert status(facts, profile, date(2025, 11, 1)) == "migrant"


# Explaining, and the next change


@pytest.mark.parametrize(
    ("facts", "place", "code", "clause"),
    [
        (child(YUZHONG, lives(YUBEI, date(2022, 1, 1))), "chongqing", "central_districts", "13号"),
        (SETTLED, "chongqing", "months_away", "渝民发〔2024〕13号 二(一)1"),
        (child(CAOXIAN, lives(KUNDULUN, date(2022, 1, 1))), "baotou", "other_county", "内蒙古"),
    ],
)
def test_a_decision_cites_its_clause(facts: ChildFacts, place: str, code: str, clause: str) -> None:
    decision = decide(facts, PROFILES[place], DAY)
    assert decision.profile == PROFILES[place].fingerprint
    assert [clause in r.clause for r in decision.reasons if r.code == code] == [True]


CODES = st.sampled_from(
    [
        *(YUZHONG, YUBEI, JIANGBEI, LIANGJIANG, LIANGJIANG_LOCAL, HIGH_TECH, WANZHOU, FULING),
        *(CAOXIAN, MUDAN, KUNDULUN, RARE_EARTH, GUYANG, TIANMEN_CITY, XIANTAO, 441900000000),
        *(500000000000, 500100000000, 500199000000, WANZHOU + 1001),
    ]
)
NEAR = st.dates(date(2024, 6, 1), date(2026, 6, 1))
BIRTHS = st.dates(date(2008, 6, 1), date(2011, 1, 1)) | st.dates(date(2016, 1, 1), date(2025, 6, 1))


@st.composite
def histories(
    draw: st.DrawFn,
    codes: st.SearchStrategy[int],
    days: st.SearchStrategy[date],
    births: st.SearchStrategy[date],
) -> ChildFacts:
    maybe = st.none() | st.booleans()
    return ChildFacts(
        draw(st.none() | births),
        tuple(draw(st.lists(st.builds(HukouSpell, codes, st.none() | days), max_size=3))),
        tuple(
            draw(
                st.lists(
                    st.builds(Episode, codes, days, st.none() | days, maybe, st.booleans()),
                    max_size=4,
                )
            )
        ),
    )


@settings(max_examples=60)
@given(facts=histories(CODES, NEAR, BIRTHS), place=st.sampled_from(sorted(PROFILES)), day=NEAR)
def test_nothing_changes_before_the_day_of_the_next_change(
    facts: ChildFacts, place: str, day: date
) -> None:
    profile = PROFILES[place]
    now = decide(facts, profile, day)
    last = now.next_change_on or day + 400 * ONE_DAY
    for days in range(1, min((last - day).days, 400)):
        assert decide(facts, profile, day + days * ONE_DAY).status is now.status
    if now.next_change_on is not None:
        assert decide(facts, profile, now.next_change_on).status is not now.status


ANY_CODE = CODES | st.integers(-(10**13), 10**13)


@settings(max_examples=150)
@given(
    facts=histories(ANY_CODE, st.dates(), st.dates()),
    place=st.sampled_from(sorted(PROFILES)),
    day=st.dates() | st.sampled_from([date.min, date.max]),
)
def test_every_input_has_an_answer(facts: ChildFacts, place: str, day: date) -> None:
    decision = decide(facts, PROFILES[place], day)
    assert (decision.status is Status.CANNOT_TELL) == bool(decision.missing)
    assert decision.reasons
    assert decision.next_change_on is None or decision.next_change_on > day


@settings(max_examples=100)
@given(facts=histories(CODES, NEAR, BIRTHS), day=NEAR, data=st.data())
def test_the_order_of_facts_does_not_matter(
    facts: ChildFacts, day: date, data: st.DataObject
) -> None:
    shuffled = facts._replace(
        hukou=tuple(data.draw(st.permutations(facts.hukou))),
        episodes=tuple(data.draw(st.permutations(facts.episodes))),
    )
    assert decide(shuffled, CHONGQING, day) == decide(facts, CHONGQING, day)


def test_the_table_of_divisions_alone_can_change_a_status() -> None:
    facts = child(JIANGBEI, lives(YUBEI, date(2022, 1, 1)))
    assert decide(facts, CHONGQING, date(2025, 10, 1)).next_change_on == TABLE_CHANGED
