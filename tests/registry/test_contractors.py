"""Contractors: what a social-work agency may push, how little it reads, and that its grant ends by the clock (R9)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.identity import clients, contractors
from services.registry.identity.contractors import NotAllowed
from services.registry.profiles import SHIPPED, Profiles
from shared import jwk, outbound
from shared.database import SYSTEM, Reach, raw
from shared.vocabulary import Department, Purpose, Scope
from tests.registry.conftest import ISSUER, Registry
from tests.registry.key_care import link, opened, survey, surveyed
from tests.registry.test_duties import visit

AGENCY = {"surveyor": "social_work_agency"}
HOUR = timedelta(hours=1)


async def agency(registry: Registry, until: datetime, **more: Any) -> httpx.AsyncClient:
    """A contractor of 渝中区 until an instant."""
    name = f"agency-{uuid4().hex[:8]}"
    private = jwk.new_key(name)
    async with registry.database.transaction(SYSTEM) as session:
        await clients.add(
            session,
            registry.app.state.kit.audit,
            client=name,
            department=Department.CIVIL_AFFAIRS,
            area="500103",
            scopes=sorted(contractors.SCOPES),
            purposes=sorted(contractors.PURPOSES),
            key=jwk.public(private),
            contractor=True,
            valid_until=until,
            now=datetime.now(UTC),
            **more,
        )
    credentials = outbound.ClientCredentials(
        name, private, ISSUER, sorted(contractors.SCOPES), transport=registry.transport
    )
    return await registry.stack.enter_async_context(
        outbound.client(
            ISSUER,
            auth=credentials,
            transport=registry.transport,
            headers={"Hutong-Purpose": "survey", "Hutong-Actor": "worker-1"},
        )
    )


async def pushed(client: httpx.AsyncClient, feed: str, item: dict[str, Any]) -> dict[str, Any]:
    reply = await client.post(f"/v1/{feed}", json=[item])
    assert reply.status_code == 207, reply.text
    (result,) = reply.json()["results"]
    found: dict[str, Any] = result
    return found


async def test_r9_a_contractor_cannot_open_key_care_files(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await registry("civil_affairs:500103")
    entry = await opened(civil, child)
    client = await agency(registry, datetime.now(UTC) + HOUR)
    for path in (
        "/v1/key-care",
        entry,
        f"/v1/children/{child}",
        "/v1/duties",
        "/v1/survey-rounds",
        "/v1/posts",
        "/v1/cases",
        "/v1/match-reviews",
    ):
        assert (await client.get(path)).status_code == 403, path
    found = await client.post("/v1/children/search", json={"id_number": "371721201705030126"})
    assert found.status_code == 403


async def test_r9_row_security_shows_a_contractor_no_child_even_without_any_filter(
    registry: Registry,
) -> None:
    (child,) = await surveyed(registry)
    await opened(await registry("civil_affairs:500103"), child)
    tables = ("children", "key_care", "duties", "survey_standings", "records")
    plain = Reach(500103000000, 500103999999, "civil_affairs", "x", ("vagrancy",), ("x",))
    narrow = Reach(
        *(getattr(plain, f) for f in ("low", "high")),
        "civil_affairs",
        "x",
        ("vagrancy",),
        ("x",),
        True,
    )
    for table in tables:
        counts = []
        for reach in (plain, narrow):
            async with registry.database.transaction(reach) as session:
                connection = await raw(session)
                counts.append(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        assert counts[0] > 0 == counts[1], table


async def test_r9_a_contractor_pushes_surveys_and_visits_as_a_contractor_alone(
    registry: Registry,
) -> None:
    client = await agency(registry, datetime.now(UTC) + HOUR)
    assert (await pushed(client, "surveys", survey(**AGENCY)))["status"] == "created"
    made = await pushed(client, "visits", visit(visitor="social_worker"))
    assert made["status"] == "created"
    for feed, item in (
        ("surveys", survey(surveyor="child_director")),
        ("surveys", survey()),
        ("visits", visit()),
    ):
        refused = await pushed(client, feed, item)
        assert refused["status"] == "refused"
        assert refused["errors"][0]["code"] == "contractor_unnamed"
    assistance = await client.post("/v1/assistance", json=[{}])
    assert assistance.status_code == 403
    lines = b'{"source_id": "A"}\n'
    bulk = await client.post(
        "/v1/imports/assistance", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert bulk.status_code == 403


async def test_r9_a_contractor_pushes_inside_its_area_and_reads_its_own_records_alone(
    registry: Registry,
) -> None:
    civil = await registry("civil_affairs:500103")
    others = (await pushed(civil, "surveys", survey()))["record"]
    client = await agency(registry, datetime.now(UTC) + HOUR)
    mine = (await pushed(client, "surveys", survey(**AGENCY)))["record"]
    elsewhere = await pushed(client, "surveys", survey("500104000000", **AGENCY))
    assert elsewhere["errors"][0]["code"] == "division_outside_grant"
    assert (await client.get(f"/v1/records/{mine}")).status_code == 200
    foreign, absent = (
        await client.get(f"/v1/records/{others}"),
        await client.get(f"/v1/records/{uuid4()}"),
    )
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    # Civil affairs, for whom it works, reads what it sent.
    assert (await civil.get(f"/v1/records/{mine}")).status_code == 200
    sources = [s for f in (await client.get("/v1/feeds")).json()["feeds"] for s in f["sources"]]
    assert {one["source"] for one in sources} == {sources[0]["source"]}
    assert sources[0]["source"].startswith("agency-")


async def test_r9_a_contractors_survey_completes_a_child_and_is_tagged(registry: Registry) -> None:
    client = await agency(registry, datetime.now(UTC) + HOUR)
    whole = {"parents": {"mother": {"name": "例春兰"}}, "family_life": {"housing": "rented"}}
    made = await pushed(client, "surveys", survey(**AGENCY, **whole))
    await link(registry, [UUID(made["record"])], [uuid4()])
    civil = await registry("civil_affairs:500103")
    round_ = await civil.post(
        "/v1/survey-rounds",
        json={"division": "500103", "opens_on": "2026-03-01"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    children = (await civil.get(f"{round_.headers['Location']}/children")).json()["children"]
    assert [(one["reached"], one["surveyor"]) for one in children] == [
        ("complete", "social_work_agency")
    ]


async def test_r9_an_expired_contractor_is_refused_at_once_with_tokens_already_issued(
    registry: Registry,
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=8)
    client = await agency(registry, until)
    assert (await pushed(client, "surveys", survey(**AGENCY)))["status"] == "created"
    token = client.auth._token  # type: ignore[union-attr]
    while datetime.now(UTC) < until:
        await asyncio.sleep(0.1)
    plain = await registry.stack.enter_async_context(
        httpx.AsyncClient(transport=registry.transport, base_url=ISSUER)
    )
    reply = await plain.post(
        "/v1/surveys",
        json=[survey(**AGENCY)],
        headers={"Authorization": f"Bearer {token}", "Hutong-Actor": "worker-1"},
    )
    assert reply.status_code == 401


async def test_r9_a_grant_that_has_not_begun_is_none(registry: Registry) -> None:
    begins = datetime.now(UTC) + HOUR
    client = await agency(registry, begins + HOUR, valid_from=begins)
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await client.post("/v1/surveys", json=[survey(**AGENCY)])


async def test_r9_the_limits_of_a_grant_are_authenticated(registry: Registry) -> None:
    """Whoever writes to the database alone cannot prolong a contract, nor make a contractor an office."""
    for change in ("valid_until = NULL", "contractor = false", "valid_until = now() + '9 years'"):
        client = await agency(registry, datetime.now(UTC) + HOUR)
        assert (await pushed(client, "surveys", survey(**AGENCY)))["status"] == "created"
        await registry.system(f"UPDATE clients SET {change} WHERE contractor")
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            await client.post("/v1/surveys", json=[survey(**AGENCY)])
        async with registry.database.transaction(SYSTEM) as session:
            faults = await clients.faults_of(session, registry.app.state.kit.audit)
        assert f"client {client.auth.client_id} was forged or changed" in faults  # type: ignore[union-attr]


NOW = datetime(2026, 3, 1, tzinfo=UTC)
COUNTY = (500103000000, 500103999999)
GIVEN: dict[str, Any] = {
    "department": Department.CIVIL_AFFAIRS,
    "area": COUNTY,
    "scopes": contractors.SCOPES,
    "purposes": contractors.PURPOSES,
    "begins": NOW,
    "until": NOW + timedelta(days=90),
    "profile": None,
}


@pytest.mark.parametrize(
    "more",
    [
        {"department": Department.EDUCATION},
        {"scopes": {Scope.KEY_CARE_READ}},
        {"scopes": {Scope.CHILDREN_READ, Scope.RECORDS_WRITE}},
        {"purposes": {Purpose.KEY_CARE}},
        {"until": None},
        {"until": NOW},
        {"area": (500000000000, 509999999999)},
        {"area": (0, 999_999_999_999)},
    ],
)
def test_r9_no_contractor_has_more_than_an_area_and_a_time(more: dict[str, Any]) -> None:
    contractors.check(**GIVEN)
    with pytest.raises(NotAllowed):
        contractors.check(**{**GIVEN, **more})


def test_r9_a_place_that_sets_days_and_level_is_followed(tmp_path: Path) -> None:
    (tmp_path / "amend.toml").write_text(
        """
id = "cq-contractors"
amends = "chongqing"
[documents.main]
name = "示例"
valid_from = 2025-01-01
[[rules.survey_round]]
clause = "一"
wording = "示例"
lead = "civil_affairs"
channels = ["home_visit"]
blocks = ["child"]
contractors = { condition = "where_needed", area = "township", days = 30 }
""",
        encoding="utf-8",
    )
    profile = Profiles.load(SHIPPED, tmp_path).for_division(500103000000, date(2026, 3, 1))
    town = {"area": (500103001000, 500103001999), "until": NOW + timedelta(days=30)}
    contractors.check(**{**GIVEN, **town, "profile": profile})
    for beyond in ({"area": COUNTY}, {"until": NOW + timedelta(days=31)}):
        with pytest.raises(NotAllowed):
            contractors.check(**{**GIVEN, **town, **beyond, "profile": profile})


#: Protected by the client that owns the row, a contractor's own among them.
OWN = {"import_jobs", "import_verdicts", "idempotency_keys"}


async def test_r9_every_protected_table_is_closed_to_contractors(registry: Registry) -> None:
    """A new table of children needs the restrictive policy too: ``migrations/security.py``."""
    rows = await registry.system(
        "SELECT c.relname, EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid"
        " AND p.polname = 'no_contractor' AND NOT p.polpermissive) AS closed"
        " FROM pg_class c WHERE c.relrowsecurity AND c.relkind IN ('r', 'p')"
    )
    assert {row["relname"] for row in rows if not row["closed"]} == OWN
