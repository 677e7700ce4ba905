"""The fold: properties that hold for any records in any order."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.population import generate
from services.registry.children import residing, state
from services.registry.children.claims import CompanyClaim, Source, Stay
from services.registry.children.folding import fold
from services.registry.children.residing import reside
from services.registry.records.feeds import FEEDS
from services.registry.records.models import FACT, RECALL
from services.registry.records.vault import Opened, Plain
from shared import divisions

NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
YUZHONG, WANZHOU, CAOXIAN = 500103_000000, 500101_000000, 371721_000000


def record(
    feed: str, department: str, item: dict[str, Any], number: int, kind: int = FACT
) -> Opened:
    entry = uuid5(NAMESPACE, f"{feed}/{item['source_id']}")
    plain = Plain(
        id=uuid5(entry, f"{item['version']}/{kind}"),
        entry_id=entry,
        version=item["version"],
        kind=kind,
        feed=feed,
        source=department,
        department=department,
        client=department,
        division=divisions.widen(item["division"]),
        observed_on=date.fromisoformat(item["observed_on"]),
        received_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        birth_on=None,
        residence_code=None,
        hukou_code=None,
        findings=(),
        content_mac=b"",
    )
    model = None if kind == RECALL else FEEDS[feed].model.model_validate(item)
    return Opened(plain, model)


def lives() -> list[list[Opened]]:
    """The records of invented children, a list a child."""
    population = generate(60, 5)
    by_child: dict[str, list[Opened]] = {}
    for number, push in enumerate(population.pushes):
        # Each hub's departments count their ids by themselves.
        item = {**push.item, "source_id": f"{push.hub}/{push.item['source_id']}"}
        made = record(push.feed, push.department, item, number)
        by_child.setdefault(push.truth_child, []).append(made)
    return list(by_child.values())


LIVES = lives()


@given(st.sampled_from(LIVES), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_of_records_changes_nothing(life: list[Opened], chance: random.Random) -> None:
    shuffled = list(life)
    chance.shuffle(shuffled)
    assert state.write(state.state_of(fold(shuffled))) == state.write(state.state_of(fold(life)))


@given(st.sampled_from([life for life in LIVES if len(life) > 2]), st.data())
@settings(max_examples=150)
def test_a_recalled_record_leaves_no_trace(life: list[Opened], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(life))
    recall = Opened(
        gone.plain._replace(
            id=uuid5(gone.plain.id, "recall"),
            kind=RECALL,
            version=max(r.plain.version for r in life if r.plain.entry_id == gone.plain.entry_id),
        ),
        None,
    )
    without = [r for r in life if r.plain.entry_id != gone.plain.entry_id]
    assert state.state_of(fold([*life, recall])) == state.state_of(fold(without))


@given(st.sampled_from(LIVES))
@settings(max_examples=100)
def test_every_value_names_a_record_of_the_child(life: list[Opened]) -> None:
    known = {str(r.plain.id) for r in life}
    folded = state.state_of(fold(life))
    for value in folded["fields"].values():
        assert value["record"] in known
    for episode in folded["episodes"]:
        assert set(episode["records"]) <= known


@given(st.sampled_from(LIVES))
@settings(max_examples=100)
def test_r6_episodes_follow_one_another(life: list[Opened]) -> None:
    episodes = fold(life).residing.episodes
    for one, following in zip(episodes, episodes[1:], strict=False):
        assert one.until is not None
        assert one.since <= following.since
        assert one.until <= following.since or one.until >= one.since


def stay(
    code: int,
    since: str,
    department: str = "police",
    until: str | None = None,
    seen: str | None = None,
    office: int = 0,
) -> Stay:
    observed = date.fromisoformat(seen or since)
    entry = uuid5(NAMESPACE, f"{code}{since}{department}{until}{seen}")
    received = datetime.combine(observed, datetime.min.time(), UTC)
    source = Source(entry, entry, "x", department, observed, office or code, received)
    ended = date.fromisoformat(until) if until else None
    return Stay(code, date.fromisoformat(since), ended, "", source)


def both(code: int, since: str, *others: str) -> list[Stay]:
    """Two departments' word on one stay."""
    return [stay(code, since), *(stay(code, since, d) for d in others or ("education",))]


MOVES: list[tuple[str, list[Stay], list[tuple[int, str, str | None]], int]] = [
    ("one home", [stay(YUZHONG, "2024-01-05")], [(YUZHONG, "2024-01-05", None)], 0),
    (
        "two departments report a move",
        [*both(YUZHONG, "2024-01-05"), *both(WANZHOU, "2025-03-01")],
        [(YUZHONG, "2024-01-05", "2025-03-01"), (WANZHOU, "2025-03-01", None)],
        0,
    ),
    *(
        (
            f"one word of {department} moves nobody",
            [*both(YUZHONG, "2024-01-05"), stay(WANZHOU, "2025-03-01", department)],
            [(YUZHONG, "2024-01-05", None)],
            1,
        )
        for department in ("education", "police", "civil_affairs")
    ),
    (
        "nor where only one department knew the old home",
        [stay(YUZHONG, "2024-01-05"), stay(WANZHOU, "2025-03-01", "civil_affairs")],
        [(YUZHONG, "2024-01-05", None)],
        1,
    ),
    (
        "nor by a first day before the first home",
        [
            stay(YUZHONG, "2024-01-05", seen="2024-01-05"),
            stay(WANZHOU, "2020-01-01", "education", seen="2025-03-01"),
        ],
        [(YUZHONG, "2024-01-05", None)],
        1,
    ),
    (
        "nor by ending the old stay from elsewhere",
        [
            *both(YUZHONG, "2024-01-05"),
            stay(
                YUZHONG,
                "2024-01-05",
                "education",
                until="2025-02-28",
                seen="2025-03-01",
                office=WANZHOU,
            ),
            stay(WANZHOU, "2025-03-01", "education"),
        ],
        [(YUZHONG, "2024-01-05", None)],
        1,
    ),
    (
        "another hub speaks for its own territory",
        [*both(YUZHONG, "2024-01-05"), stay(CAOXIAN, "2025-03-01", "hub")],
        [(YUZHONG, "2024-01-05", "2025-03-01"), (CAOXIAN, "2025-03-01", None)],
        0,
    ),
    (
        "a school and an insurer move a child",
        [
            *both(YUZHONG, "2024-01-05"),
            stay(WANZHOU, "2025-03-01", "education"),
            stay(WANZHOU, "2025-04-01", "medical_insurance"),
        ],
        [(YUZHONG, "2024-01-05", "2025-03-01"), (WANZHOU, "2025-03-01", None)],
        0,
    ),
    (
        "a first claim stands alone",
        [stay(WANZHOU, "2025-03-01", "education")],
        [(WANZHOU, "2025-03-01", None)],
        0,
    ),
    (
        "gone and back: two episodes, one child",
        [
            stay(YUZHONG, "2023-01-01", until="2023-12-31"),
            stay(YUZHONG, "2023-02-01", "education", seen="2023-02-01"),
            *both(CAOXIAN, "2024-01-01"),
            *both(YUZHONG, "2025-01-01"),
        ],
        [
            (YUZHONG, "2023-01-01", "2023-12-31"),
            (CAOXIAN, "2024-01-01", "2025-01-01"),
            (YUZHONG, "2025-01-01", None),
        ],
        0,
    ),
    (
        "one word does not bring it back",
        [*both(YUZHONG, "2023-01-01"), *both(CAOXIAN, "2024-01-01"), stay(YUZHONG, "2025-01-01")],
        [(YUZHONG, "2023-01-01", "2024-01-01"), (CAOXIAN, "2024-01-01", None)],
        1,
    ),
    (
        "a permit cancelled ends the stay",
        [
            stay(YUZHONG, "2024-01-05"),
            stay(YUZHONG, "2024-01-05", until="2025-06-30", seen="2025-07-01"),
        ],
        [(YUZHONG, "2024-01-05", "2025-06-30")],
        0,
    ),
    (
        "seen again after the stated end: it did not end",
        [
            stay(YUZHONG, "2024-01-05", until="2025-06-30", seen="2025-07-01"),
            stay(YUZHONG, "2024-01-05", "civil_affairs", seen="2025-09-01"),
        ],
        [(YUZHONG, "2024-01-05", None)],
        0,
    ),
]


@pytest.mark.parametrize(("_what", "stays", "expected", "aside"), MOVES, ids=[m[0] for m in MOVES])
def test_r6_stays_become_episodes(
    _what: str, stays: list[Stay], expected: list[tuple[int, str, str | None]], aside: int
) -> None:
    for order in (stays, stays[::-1]):
        residing = reside(order, [])
        assert [
            (e.code, e.since.isoformat(), e.until.isoformat() if e.until else None)
            for e in residing.episodes
        ] == expected
        assert len(residing.unconfirmed) == aside


def test_the_newest_word_on_company_inside_the_stay_holds() -> None:
    old, new = (
        Source(NAMESPACE, NAMESPACE, "surveys", "civil_affairs", date(2025, month, 1))
        for month in (2, 8)
    )
    residing = reside(
        [stay(YUZHONG, "2025-01-01")], [CompanyClaim(True, old), CompanyClaim(False, new)]
    )
    assert residing.episodes[0].accompanied is False


def test_a_benefit_that_ended_speaks_no_more() -> None:
    common = {"version": 1, "division": "500103", "child": {}, "kind": "minimum_living"}
    started, ended = (
        record(
            "assistance",
            "civil_affairs",
            {**common, "source_id": event, "observed_on": on, "event": event, "on": on},
            number,
        )
        for number, (event, on) in enumerate([("started", "2025-01-10"), ("ended", "2025-06-01")])
    )
    for order in ([started, ended], [ended, started]):
        (evidence,) = fold(order).evidence
        assert evidence.holds(date(2025, 5, 31))
        assert not evidence.holds(date(2025, 6, 1))


def test_where_a_child_lives_is_found_by_looking_at_each_claim_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many there are: a thousand offices that state an end of one stay are no million looks."""
    looked: list[object] = []
    of_the_place = residing._of_the_place

    def counted(stay: Stay, in_line: Any) -> bool:
        looked.append(stay)
        return of_the_place(stay, in_line)

    monkeypatch.setattr(residing, "_of_the_place", counted)
    day, end, county = date(2025, 1, 1), date(2030, 1, 1), 500103000000
    for places in ((county,), (county, 500107000000)):
        looked.clear()
        stays = [
            Stay(
                places[at % len(places)],
                day,
                end,
                "",
                Source(
                    UUID(int=at),
                    UUID(int=at),
                    "surveys",
                    ("police", "civil_affairs")[at // 2 % 2],
                    day,
                    county,
                ),
            )
            for at in range(1000)
        ]
        assert reside(stays, []).episodes
        assert len(looked) <= 5 * len(stays)
