"""Fetching what a peer's notice is about, and keeping it as a record of our own registry.

The facts pass through memory alone: read from the peer's registry under our own token there, pushed to our registry as
``peer-facts``.  Nothing of them is stored or logged here; only the registry's entry id is kept on the notice.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

import httpx
import structlog
from joserfc.jwk import Key

from services.notifications.hub import Hub
from services.notifications.peers import queries
from services.notifications.peers.models import Peer
from shared import outbound, telemetry
from shared.clock import Clock, today
from shared.database import SYSTEM, Database, raw
from shared.divisions import text_of, widen
from shared.outbound import ClientCredentials
from shared.vocabulary import Purpose, Scope

log = structlog.get_logger()
BATCH = 100
LEASE_SECONDS = 75
#: How often a child that the peer does not show us is asked for.
TRIES = 6
HEADERS = {"Hutong-Purpose": Purpose.HUKOU_EXCHANGE, "Hutong-Actor": "system:notices"}

_CLAIM = (
    "UPDATE notices n SET tries = tries + 1,"
    " due_at = $1::timestamptz + make_interval(secs => $2)"
    " FROM (SELECT id FROM notices WHERE facts = 'waiting' AND due_at <= $1"
    "  AND peer = ANY($4) ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) AS due"
    " WHERE n.id = due.id RETURNING n.id, n.reference, n.remote_id, n.target_county, n.tries, n.peer,"
    " CASE WHEN n.kind = 'handover' THEN n.origin_county END AS handed_over_by"
)
IDENTITY = ("name", "id_number", "id_kind", "sex", "birth_date")
GUARDIAN = ("name", "relation", "id_number", "phone")


class PeerFault(Exception):
    """The other side answered with something that is no answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One notice whose facts are to be fetched; ``tries`` is also the version of what we push."""

    notice: UUID
    reference: str
    remote: UUID
    county: int
    tries: int
    handed_over_by: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A peer's registry, and the territory for which it speaks."""

    name: str
    registry_url: str
    issuer: str
    low: int
    high: int

    @classmethod
    def of(cls, peer: Peer) -> Self:
        return cls(peer.name, peer.registry_url, peer.issuer, peer.low, peer.high)

    def speaks_for(self, division: object) -> bool:
        """Whether the place lies in its territory; what cannot be read does not."""
        try:
            return self.low <= widen(str(division)) <= self.high
        except ValueError:
            return False


@dataclass
class Fetcher:
    """Holds one client per registry, so that tokens are reused."""

    database: Database
    clock: Clock
    hub: Hub
    hub_client_key: Key
    registry: httpx.AsyncClient
    way_out: Callable[[], httpx.AsyncBaseTransport]
    """Makes a transport that vets addresses: peers are called by the same rules as webhooks."""
    _peers: dict[Source, httpx.AsyncClient] = field(default_factory=dict)

    async def step(self) -> int:
        """Fetch the facts of the next notices; how many notices were claimed.

        Whatever goes wrong with one peer, or whatever it answers, the others are asked.
        """
        claimed = await self._claim()
        left = dict(claimed)
        try:
            for source, wanted in claimed.items():
                try:
                    await self._fetch(source, wanted)
                except Exception as error:  # noqa: BLE001  (one peer's nonsense is not the others' harm)
                    log.warning(
                        "peer.unfetched",
                        peer=source.name,
                        count=len(wanted),
                        error=type(error).__name__,
                        where=telemetry.where(error),
                    )
                    await self._again(wanted)
                del left[source]
        finally:
            await self._give_back([one for wanted in left.values() for one in wanted])
        return sum(map(len, claimed.values()))

    async def close(self) -> None:
        for client in self._peers.values():
            await client.aclose()

    async def _claim(self) -> Mapping[Source, list[Wanted]]:
        claimed: dict[Source, list[Wanted]] = defaultdict(list)
        async with self.database.transaction(SYSTEM) as session:
            known = await queries.trusted(session, self.hub.audit)
            connection = await raw(session)
            for r in await connection.fetch(
                _CLAIM, self.clock.now(), LEASE_SECONDS, BATCH, sorted(known)
            ):
                claimed[Source.of(known[r["peer"]])].append(
                    Wanted(
                        r["id"],
                        r["reference"],
                        r["remote_id"],
                        r["target_county"],
                        r["tries"],
                        r["handed_over_by"],
                    )
                )
        return claimed

    async def _fetch(self, source: Source, wanted: Sequence[Wanted]) -> None:
        results = await self._read(source, [one.reference for one in wanted])
        found = [one for one in wanted if results.get(one.reference) is not None]
        missing = [one for one in wanted if results.get(one.reference) is None]
        lost = [one for one in missing if one.tries >= TRIES]
        items = [self._item(source, one, results[one.reference] or {}) for one in found]
        entries = await self._push(items) if items else {}
        await self._keep(found, entries, lost)
        unpushed = [one for one in found if "status" not in entries.get(str(one.notice), {})]
        await self._again([one for one in missing if one.tries < TRIES] + unpushed)

    async def _read(
        self, source: Source, references: list[str]
    ) -> dict[str, dict[str, Any] | None]:
        """Reference → child; None where the peer says there is none for us (any more)."""
        reply = await self._peer(source).post(
            "/v1/references/read",
            json={"references": list(dict.fromkeys(references))},
            headers=HEADERS,
        )
        reply.raise_for_status()
        try:
            return {
                result["reference"]: result["child"] if result["found"] else None
                for result in reply.json()["results"]
            }
        except (ValueError, KeyError, TypeError):
            raise PeerFault("references/read") from None

    def _item(self, source: Source, wanted: Wanted, child: dict[str, Any]) -> dict[str, Any]:
        hukou, residence = child.get("hukou"), child.get("residence")
        item: dict[str, Any] = {
            "source_id": str(wanted.notice),
            "version": wanted.tries,
            "observed_on": today(self.clock).isoformat(),
            "division": text_of(wanted.county),
            "child": _known(child, IDENTITY),
            "guardians": [_known(g, GUARDIAN) for g in child.get("guardians") or []][:8],
            "hub": source.name,
            "notice_ref": str(wanted.remote),
        }
        giving = wanted.handed_over_by
        if giving is not None and source.speaks_for(text_of(giving)):
            item["handed_over_by"] = text_of(giving)
        if hukou:
            item["hukou"] = _known(hukou, ("division", "address"))
            item["own_hukou"] = source.speaks_for(hukou.get("division"))
        if residence and source.speaks_for(residence.get("division")):
            item["residence"] = _known(residence, ("division", "address", "since", "until"))
            if residence.get("since"):
                item["since"] = residence["since"]
        return item

    async def _push(self, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Notice → our registry's result for it."""
        reply = await self.registry.post("/v1/peer-facts", json=items, headers=HEADERS)
        reply.raise_for_status()
        try:
            return {str(result["source_id"]): result for result in reply.json()["results"]}
        except (ValueError, KeyError, TypeError):
            raise PeerFault("peer-facts") from None

    async def _keep(
        self, found: Sequence[Wanted], results: Mapping[str, dict[str, Any]], lost: Sequence[Wanted]
    ) -> None:
        rows = []
        for one in found:
            result = results.get(str(one.notice), {})
            status = result.get("status")
            if status == "refused":
                log.warning("peer.facts_refused", notice=str(one.notice))
            facts = "refused" if status == "refused" else "kept"
            if status is not None:
                rows.append((one.notice, one.tries, facts, result.get("entry")))
        rows += [(one.notice, one.tries, "absent", None) for one in lost]
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await connection.executemany(
                "UPDATE notices SET facts = $3, entry = $4::uuid, version = version + 1"
                " WHERE id = $1 AND tries = $2 AND facts = 'waiting'",
                rows,
            )

    async def _again(self, wanted: Sequence[Wanted]) -> None:
        """Hand the lease back: try again after a pause that grows from two seconds to an hour."""
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await connection.executemany(
                "UPDATE notices SET due_at = $3::timestamptz + make_interval(secs => $4)"
                " WHERE id = $1 AND tries = $2 AND facts = 'waiting'",
                [
                    (one.notice, one.tries, self.clock.now(), min(2.0 ** min(one.tries, 12), 3600))
                    for one in wanted
                ],
            )

    async def _give_back(self, wanted: Sequence[Wanted]) -> None:
        """Hand back at once what was not come to: the worker is being stopped."""
        if not wanted:
            return
        async with self.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            await connection.executemany(
                "UPDATE notices SET due_at = $3, tries = tries - 1"
                " WHERE id = $1 AND tries = $2 AND facts = 'waiting'",
                [(one.notice, one.tries, self.clock.now()) for one in wanted],
            )

    def _peer(self, source: Source) -> httpx.AsyncClient:
        if source not in self._peers:
            auth = ClientCredentials(
                f"hub-{self.hub.name}",
                self.hub_client_key,
                source.issuer,
                [Scope.REFERENCES_READ],
                transport=self.way_out(),
                token_url=f"{source.registry_url}/oauth2/token",
            )
            self._peers[source] = outbound.client(
                source.registry_url, auth=auth, transport=self.way_out()
            )
        return self._peers[source]


def _known(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}
