"""Two children whom the model cannot tell apart for sure, in a whole hub: real registry, matching and notifications.

Cast: *two* bear one valid identity number, but other names and sexes, so that a person must say whether somebody mistyped
it.  The *elder* is told of by enrolments, the *younger* by residence permits; every pair is another family's.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.registry.children.building import judge, read
from services.registry.children.gathering import decisions_of
from services.registry.records.vault import SELECT, open_row
from shared.database import SYSTEM, raw
from shared.hashes import entry_id
from shared.resident_id import checksum_ok
from shared.vocabulary import Department
from tests.guards.story import ENROLLED, HOME, HUKOU, World, push
from tests.notifications.hubs import settle

NOBODY = UUID(int=0)
_pairs = itertools.count(1)
_ELDER = "云海山川林泉松柏风雷雨雪星月江河湖岳"
_YOUNGER = "梅兰竹菊桃李杏梨荷桂棠榴槐榆枫桐棉麻"
GIVEN: dict[str, dict[str, Any]] = {
    "enrolments": ENROLLED,
    "residence-permits": {
        "event": "registered",
        "role": "accompanying",
        "registered_on": "2026-01-02",
    },
    "assistance": {"kind": "temporary", "event": "started", "on": "2026-02-01"},
}
FEED = {True: "enrolments", False: "residence-permits"}
BY = {
    "enrolments": Department.EDUCATION,
    "residence-permits": Department.POLICE,
    "assistance": Department.CIVIL_AFFAIRS,
}


def number(born: str, order: int) -> str:
    """A resident identity number with a right check character."""
    seventeen = f"{HUKOU}{born.replace('-', '')}{order:03}"
    return next(seventeen + c for c in "0123456789X" if checksum_ok(seventeen + c))


@dataclass
class Pair:
    """Two children, what was told of each, and the review that asks who they are."""

    world: World
    at: int
    elder: UUID = NOBODY
    younger: UUID = NOBODY
    review: str = ""
    places: tuple[str, str] = (HOME, HOME)
    hukous: tuple[str, str] = (HUKOU, HUKOU)
    """Where the elder lives and belongs, and the younger."""
    told: dict[str, int] = field(default_factory=dict)
    """Source id of everything pushed → its newest version."""

    @property
    def born(self) -> str:
        return f"2014-{self.at % 12 + 1:02}-{self.at % 27 + 1:02}"

    def facts(self, elder: bool) -> dict[str, Any]:
        names = _ELDER if elder else _YOUNGER
        return {
            "name": "示"
            + names[self.at % len(names)]
            + names[(self.at // len(names) + 5) % len(names)],
            "id_number": number(self.born, self.at),
            "birth_date": self.born,
            "sex": "male" if elder else "female",
        }

    def place(self, elder: bool) -> str:
        return self.places[0 if elder else 1]

    def item(self, elder: bool, source_id: str, version: int = 1, **more: Any) -> dict[str, Any]:
        home, hukou = self.place(elder), self.hukous[0 if elder else 1]
        parent = {
            "name": f"示{'父' if elder else '母'}{self.at}",
            "relation": "father" if elder else "mother",
        }
        return {
            "source_id": source_id,
            "version": version,
            "observed_on": "2026-11-01",
            "division": home,
            "child": self.facts(elder),
            "guardians": [{**parent, "phone": f"142{self.at:04}{'11' if elder else '22'}00"}],
            "hukou": {"division": hukou},
            "residence": {"division": home, "address": f"示例街{self.at}号", "since": "2026-01-01"},
            **more,
        }

    async def tell(self, elder: bool, feed: str = "", source_id: str = "", **more: Any) -> str:
        """Push something of one of the two, new or a newer version; its source id."""
        feed = feed or FEED[elder]
        source_id = source_id or f"{'E' if elder else 'Y'}-{self.at}-{len(self.told) + 1}"
        version = self.told[source_id] = self.told.get(source_id, 0) + 1
        item = self.item(elder, source_id, version, **{**GIVEN[feed], **more})
        await push(await self.world(BY[feed], self.place(elder)), feed, item)
        return source_id

    def entry(self, elder: bool, source_id: str, feed: str = "") -> str:
        """The id of the entry behind something that was told."""
        feed = feed or FEED[elder]
        source = f"{BY[feed]}-{self.place(elder)}"
        return str(
            entry_id(self.world.hub.apps["registry"].state.kit.entries, source, feed, source_id)
        )


async def doubted(world: World, **where: tuple[str, str]) -> Pair:
    """A new pair, registered and in doubt."""
    pair = Pair(world, next(_pairs), **where)
    before = {row["id"] for row in await world.rows("SELECT id FROM children")}
    await pair.tell(elder=True)
    await settle(world.hub)
    (elder,) = [
        row["id"] for row in await world.rows("SELECT id FROM children") if row["id"] not in before
    ]
    await pair.tell(elder=False)
    await settle(world.hub)
    (younger,) = [
        row["id"]
        for row in await world.rows("SELECT id FROM children")
        if row["id"] not in {*before, elder}
    ]
    (review,) = await world.rows("SELECT id FROM match_reviews WHERE one = $1 OR other = $1", elder)
    pair.elder, pair.younger, pair.review = elder, younger, str(review["id"])
    return pair


async def reviewer(world: World, area: str = HOME, actor: str = "staff-7") -> httpx.AsyncClient:
    return await world(Department.CIVIL_AFFAIRS, area, actor=actor)


async def decide(
    civil: httpx.AsyncClient, review: str, decision: str, reason: str = "verified", **more: Any
) -> httpx.Response:
    """Read the review and decide on it."""
    read = await civil.get(f"/v1/match-reviews/{review}")
    return await civil.post(
        f"/v1/match-reviews/{review}/decisions",
        json={"decision": decision, "reason": reason, **more},
        headers={"If-Match": read.headers.get("ETag", '"1"'), "Idempotency-Key": str(uuid4())},
    )


async def undo(
    civil: httpx.AsyncClient, path: str, reason: str = "wrongly_joined", **body: Any
) -> httpx.Response:
    return await civil.post(
        f"/v1/{path}",
        json={"reason": reason, **body},
        headers={"Idempotency-Key": str(uuid4())},
    )


async def second(civil: httpx.AsyncClient, ruling: str, answer: str = "agree") -> httpx.Response:
    read = await civil.get(f"/v1/rulings/{ruling}")
    reason = "agreed" if answer == "agree" else "not_convinced"
    return await civil.post(
        f"/v1/rulings/{ruling}/second",
        json={"answer": answer, "reason": reason},
        headers={"If-Match": read.headers.get("ETag", '"1"')},
    )


async def entries_of(world: World, child: UUID) -> list[str]:
    rows = await world.rows("SELECT entry_id FROM links WHERE person = $1 ORDER BY 1", child)
    return [str(row["entry_id"]) for row in rows]


async def alive(world: World, *children: UUID) -> list[bool]:
    rows = await world.rows("SELECT id FROM children WHERE id = ANY($1)", list(children))
    found = {row["id"] for row in rows}
    return [child in found for child in children]


async def digest_of(world: World, child: UUID) -> bytes:
    (row,) = await world.rows("SELECT digest FROM children WHERE id = $1", child)
    digest: bytes = row["digest"]
    return digest


async def digest_by(world: World, child: UUID, entries: Collection[str]) -> bytes:
    """What the child would be if it had never had any but these entries."""
    app = world.hub.apps["registry"]
    async with app.state.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        rows = await connection.fetch(
            SELECT + " WHERE r.entry_id = ANY($1)", [UUID(e) for e in entries]
        )
        records = [r for row in rows if (r := open_row(app.state.kit.sealer, row)) is not None]
        sealer = app.state.kit.sealer
        decisions = (await decisions_of(connection, sealer, [child], set())).get(child, [])
        day = await connection.fetchval("SELECT folded_on FROM children WHERE id = $1", child)
    made = judge(app.state.kit, child, read(app.state.kit, records), decisions, day)
    return made.digest(app.state.kit.entries.key)


async def listed(civil: httpx.AsyncClient, **filters: Any) -> list[str]:
    """The ids of a list of reviews."""
    reply = await civil.get("/v1/match-reviews", params={"limit": 500, **filters})
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["reviews"]]


async def open_review(world: World, pair: Pair, **more: Any) -> dict[str, Any]:
    """The review as a reviewer reads it."""
    reply = await (await reviewer(world, **more)).get(f"/v1/match-reviews/{pair.review}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found
