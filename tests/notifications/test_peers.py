"""What hubs take from one another: a signed message of a known hub, for its own area, about its own notices."""

from dataclasses import dataclass
from uuid import uuid4

import httpx
import orjson
import pytest

from services.notifications import peers
from services.notifications.deliveries import payloads
from services.notifications.peers.schemas import ANSWER_EXAMPLE, NOTICE_EXAMPLE, RECEIPT_EXAMPLE
from shared import signatures
from shared.ids import uuid7
from tests.notifications.conftest import MakeHub
from tests.notifications.hubs import Hub


@dataclass
class Neighbours:
    chongqing: Hub
    heze: Hub

    def signed(self, body: bytes, hub: Hub | None = None) -> dict[str, str]:
        """Headers over the body, by Chongqing's hub key unless another hub is named."""
        key = peers.read_key((hub or self.chongqing).home / "keys" / "notifications" / "hub.key")
        return signatures.sign([key], str(uuid4()), self.heze.clock.now(), body)


@pytest.fixture
async def neighbours(make_hub: MakeHub) -> Neighbours:
    """Two hubs, of which Heze knows Chongqing."""
    chongqing = await make_hub("chongqing", "50", whole=False)
    heze = await make_hub("heze", "3717", whole=False)
    await heze.know(chongqing)
    return Neighbours(chongqing, heze)


PATHS = [("notices", NOTICE_EXAMPLE), ("answers", ANSWER_EXAMPLE), ("receipts", RECEIPT_EXAMPLE)]


async def test_only_a_known_hubs_untouched_message_is_taken(
    neighbours: Neighbours,
) -> None:
    for path, example in PATHS:
        await refuses_all_but_the_signed(neighbours, f"/v1/peer/{path}", orjson.dumps(example))


async def refuses_all_but_the_signed(neighbours: Neighbours, url: str, body: bytes) -> None:
    async with httpx.AsyncClient(
        transport=neighbours.heze.network, base_url=neighbours.heze.url("notifications")
    ) as wire:
        good = neighbours.signed(body)
        assert (await wire.post(url, content=body)).status_code == 401
        assert (
            await wire.post(url, content=body, headers=neighbours.signed(body, neighbours.heze))
        ).status_code == 401, "the receiver's own key is no peer's"
        for place in range(0, len(body), 37):
            flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            assert (await wire.post(url, content=flipped, headers=good)).status_code == 401
        for name in good:
            bad = [{**good, name: value} for value in ("", "x", "v1a,", "v1a,%%", "\xff", "9" * 30)]
            for headers in bad:
                encoded = {k: v.encode("latin-1") for k, v in headers.items()}
                assert (await wire.post(url, content=body, headers=encoded)).status_code == 401
        for wrong in (b"", b"{", b"[]", b"null", body.replace(b"1.0", b"9.9"), b"\xff" * 9):
            reply = await wire.post(url, content=wrong, headers=neighbours.signed(wrong))
            assert reply.status_code == 422, reply.text
        large = body + b" " * 5000
        assert (
            await wire.post(url, content=large, headers=neighbours.signed(large))
        ).status_code == 413
        neighbours.heze.clock.pass_by(minutes=10)
        assert (await wire.post(url, content=body, headers=good)).status_code == 401, "too old"
        neighbours.heze.clock.pass_by(minutes=-10)


async def test_a_hub_speaks_for_its_own_area_and_its_own_notices_alone(
    neighbours: Neighbours,
) -> None:
    data = {**NOTICE_EXAMPLE["data"], "origin_county": "440305000000"}
    elsewhere = orjson.dumps({**NOTICE_EXAMPLE, "data": data})
    unknown = orjson.dumps(
        payloads.envelope(
            "chongqing",
            payloads.PEER_ANSWER,
            uuid7(),
            neighbours.heze.clock.now(),
            None,
            {"notice": str(uuid4()), "outcome": "confirmed"},
            audience="heze",
        )
    )
    async with httpx.AsyncClient(
        transport=neighbours.heze.network, base_url=neighbours.heze.url("notifications")
    ) as wire:
        reply = await wire.post(
            "/v1/peer/notices", content=elsewhere, headers=neighbours.signed(elsewhere)
        )
        assert reply.status_code == 403
        reply = await wire.post(
            "/v1/peer/answers", content=unknown, headers=neighbours.signed(unknown)
        )
        assert reply.status_code == 404
    assert await neighbours.heze.rows("SELECT 1 FROM notices") == []
