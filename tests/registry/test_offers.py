"""What another hub offers changes nobody's file before a county of ours has accepted, and nothing if that comes to nothing.

Cast: *Cao* (曹县) lies in another hub's territory, which says that it has the child; its hub's facts about a child come with each
offer.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.registry import handing
from tests.registry.conftest import Registry
from tests.registry.handing import (
    JIULONGPO,
    NANAN,
    YUZHONG,
    civil,
    listed,
    moved,
    offered,
    rebuilt,
    responsible,
    said,
    told,
)
from tests.registry.handing import item as handing_item
from tests.registry.key_care import CAO, link, push

TODAY = date(2026, 3, 2)
JANUARY, FEBRUARY = date(2026, 1, 5), date(2026, 2, 9)
LIVES_THERE = {"residence": {"division": CAO}, "since": "2025-09-01"}


async def a_voice(registry: Registry, child: UUID) -> list[UUID]:
    return await told(registry, child, YUZHONG, JANUARY, "education")


async def two_voices(registry: Registry, child: UUID) -> list[UUID]:
    return await moved(registry, child, YUZHONG, JANUARY)


async def its_civil_affairs(registry: Registry, child: UUID) -> list[UUID]:
    return await told(registry, child, YUZHONG, JANUARY, "civil_affairs")


async def its_hukou(registry: Registry, child: UUID) -> list[UUID]:
    """Nobody says where it lives."""
    return await told(
        registry, child, YUZHONG, JANUARY, "education", residence=None, hukou={"division": YUZHONG}
    )


async def an_office(registry: Registry, child: UUID) -> list[UUID]:
    return await told(registry, child, YUZHONG, JANUARY, "education", residence=None)


HEARD = [a_voice, two_voices, its_civil_affairs, its_hukou, an_office]


@pytest.mark.parametrize("facts", [{}, LIVES_THERE], ids=["bare", "with a residence"])
@pytest.mark.parametrize("heard", HEARD)
async def test_r6_an_offer_makes_nobody_responsible_and_nobody_is_it_after_a_refusal(
    registry: Registry, heard: Any, facts: dict[str, Any]
) -> None:
    """Offered to the county that has the child, or to another: nobody has answered, or said no; either is told to nobody here."""
    for to in (YUZHONG, JIULONGPO):
        child = uuid4()
        records = await heard(registry, child)
        await link(registry, records, [child] * len(records))
        city = await civil(registry, "50")
        records += await offered(registry, to, **facts)
        await link(registry, records, [child] * len(records))
        assert await responsible(city, child) == YUZHONG
    assert await rebuilt(registry) == []


@pytest.mark.parametrize("heard", HEARD)
async def test_r6_a_correction_of_what_was_heard_before_an_offer_hands_nothing_over(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    """Its newest version came after the offer, and the county that has the child has had it all along."""
    sent: list[tuple[str, dict[str, Any]]] = []

    def item(department: str, *about: Any, **more: Any) -> dict[str, Any]:
        sent.append((department, whole := handing_item(department, *about, **more)))
        return whole

    monkeypatch.setattr(handing, "item", item)
    child = uuid4()
    records = await heard(registry, child)
    await link(registry, records, [child] * len(records))
    city = await civil(registry, "50")
    records += await offered(registry, JIULONGPO, **LIVES_THERE)
    await link(registry, records, [child] * len(records))
    assert await responsible(city, child) == YUZHONG
    registry.clock.at += timedelta(minutes=1)
    for department, whole in sent:
        feed = handing._FEEDS[department][0]
        again = {**whole, "version": 2}
        records += await push(registry, f"{department}:{YUZHONG[:6]}", feed, again)
    await link(registry, records, [child] * len(records))
    assert await responsible(city, child) == YUZHONG
    assert await rebuilt(registry) == []


@pytest.mark.parametrize(
    "heard", [a_voice, two_voices, its_civil_affairs], ids=lambda h: h.__name__
)
async def test_r6_what_spoke_of_somebody_else_before_an_offer_takes_no_file(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    """An office need only send an old entry of its own again, with the offered child in it."""
    sent: list[tuple[str, dict[str, Any]]] = []
    somebody = {"name": "示别人", "birth_date": "2016-01-01", "sex": "male"}

    def item(department: str, *about: Any, **more: Any) -> dict[str, Any]:
        sent.append((department, whole := handing_item(department, *about, **more)))
        return {**whole, "child": somebody}

    monkeypatch.setattr(handing, "item", item)
    other, child = uuid4(), uuid4()
    before = await heard(registry, other)
    facts = await offered(registry, JIULONGPO, hukou={"division": NANAN}, **LIVES_THERE)
    await link(registry, facts, [child])
    city = await civil(registry, "50")
    assert await responsible(city, child) == CAO
    registry.clock.at += timedelta(minutes=1)
    turned = [
        record
        for department, whole in sent
        for record in await push(
            registry,
            f"{department}:{YUZHONG[:6]}",
            handing._FEEDS[department][0],
            {**whole, "version": 2},
        )
    ]
    records = [*before, *turned, *facts]
    await link(registry, records, [child] * len(records))
    assert await responsible(city, child) == CAO
    assert await rebuilt(registry) == []


async def test_r6_an_acceptance_lets_the_offering_county_have_it_and_a_void_one_takes_it_back(
    registry: Registry,
) -> None:
    """Yuzhong had the child by its own evidence; it agrees that Cao has it until a day, and Cao takes that back."""
    child, notice, day = uuid4(), uuid4(), date(2026, 4, 1)
    records = await moved(registry, child, YUZHONG, JANUARY)
    (facts,) = await offered(registry, YUZHONG)
    records.append(facts)
    await link(registry, records, [child] * len(records))
    city = await civil(registry, "50")
    assert (await said(registry, facts, notice, YUZHONG, "propose")).status_code == 200
    assert await responsible(city, child) == CAO
    (seen,) = await listed(city)
    assert (seen["state"], seen["giving"], seen["taking"]) == ("proposed", CAO, YUZHONG)
    assert (await said(registry, facts, notice, YUZHONG, "revoke")).status_code == 200
    for on in (JANUARY, TODAY, day):
        assert await responsible(city, child, on) == YUZHONG
    assert await rebuilt(registry) == []

    again, kept = uuid4(), {"effective_on": day.isoformat()}
    assert (await said(registry, facts, again, YUZHONG, "propose")).status_code == 200
    assert (await said(registry, facts, again, YUZHONG, "accept", **kept)).status_code == 200
    assert await responsible(city, child, day - timedelta(days=1)) == CAO
    assert await responsible(city, child, day) == YUZHONG
    assert await rebuilt(registry) == []


@pytest.mark.parametrize("known", [False, True])
async def test_r6_an_acceptance_outweighs_one_voice_only_where_the_child_is_known(
    registry: Registry, known: bool
) -> None:
    """A school of Nanan told first; another hub says that its Cao has the file, and Jiulongpo accepts it."""
    child, notice = uuid4(), uuid4()
    records = await told(registry, child, NANAN, JANUARY, "education")
    if known:
        registry.clock.at += timedelta(minutes=1)
        records += await told(registry, child, JIULONGPO, FEBRUARY, "education")
    (facts,) = await offered(registry, JIULONGPO)
    records.append(facts)
    await link(registry, records, [child] * len(records))
    city = await civil(registry, "50")
    assert await responsible(city, child) == NANAN
    reply = await said(registry, facts, notice, JIULONGPO, "propose")
    assert reply.status_code == (200 if known else 409)
    assert await responsible(city, child) == (CAO if known else NANAN)
    assert (await said(registry, facts, notice, JIULONGPO, "revoke")).status_code == 200
    assert await responsible(city, child) == NANAN
    assert await rebuilt(registry) == []


async def test_r6_who_has_it_by_an_act_gives_way_to_no_offer(registry: Registry) -> None:
    """Two departments know the child in Nanan, and its file passed to Jiulongpo: Cao offers it to either, in vain."""
    child = uuid4()
    records = await moved(registry, child, NANAN, JANUARY)
    for to in (YUZHONG, NANAN):
        (facts,) = await offered(registry, to)
        records.append(facts)
        await link(registry, records, [child] * len(records))
        city = await civil(registry, "50")
        reply = await said(registry, facts, uuid4(), to, "propose")
        assert reply.status_code == (200 if to == NANAN else 409), "the county itself agrees"
        assert await responsible(city, child) == (CAO if to == NANAN else NANAN)


async def test_r6_of_a_child_nobody_here_knew_the_county_that_offers_it_has_it(
    registry: Registry,
) -> None:
    """Neither the county that is asked nor its hukou county has it by an offer; what is heard here counts from then on."""
    bare, living = uuid4(), uuid4()
    for child, facts in ((bare, {}), (living, LIVES_THERE)):
        records = await offered(registry, JIULONGPO, hukou={"division": NANAN}, **facts)
        await link(registry, records, [child] * len(records))
        city = await civil(registry, "50")
        assert await responsible(city, child) == CAO
        registry.clock.at += timedelta(minutes=1)
        records += await moved(registry, child, NANAN, FEBRUARY)
        await link(registry, records, [child] * len(records))
    assert await responsible(city, bare) == NANAN
    assert await responsible(city, living) == CAO, "the other hub said first that it lives there"
    assert await rebuilt(registry) == []
