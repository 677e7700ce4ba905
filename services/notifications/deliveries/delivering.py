"""Sending what is due.

Each step keeps the outcomes of finished attempts and leases the next deliveries in one transaction; the attempts run
between steps, outside any transaction.  An outcome is kept only while its lease holds, so that a worker that slept
cannot overwrite what its successor did.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.deliveries import queries
from services.notifications.deliveries.authenticity import MESSAGES
from services.notifications.deliveries.breaker import CLOSED, Breaker, after, spends_attempt
from services.notifications.deliveries.egress import Egress
from services.notifications.deliveries.queries import Claimed, Verdict
from services.notifications.deliveries.retry import NO_CONNECTION, Outcome, next_attempt
from services.notifications.notices import moving
from services.notifications.peers.queries import trusted
from services.notifications.subscriptions.entitling import Subscribers
from services.notifications.subscriptions.keys import KeyRing
from shared import signatures, telemetry
from shared.clock import SHANGHAI, Clock
from shared.database import SYSTEM, Database
from shared.keys import KeySet

log = structlog.get_logger()
#: How many seconds deliveries under way have when the worker is stopped.
PATIENCE = 5.0
#: No address: refused on the way out.
NOWHERE = ""
Attempted = tuple[Claimed, Outcome, int]


class Deliverer:
    """One worker's deliveries under way."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        egress: Egress,
        keys: KeyRing,
        audit: KeySet,
        subscribers: Subscribers,
        concurrency: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._egress = egress
        self._keys = keys
        self._audit = audit
        self._subscribers = subscribers
        self._concurrency = concurrency
        self._running: dict[asyncio.Task[Attempted], Claimed] = {}
        self._receivers: Counter[UUID] = Counter()

    @property
    def busy(self) -> bool:
        return bool(self._running)

    async def step(self) -> int:
        """Keep what is finished, claim and start more; how many of both."""
        done = {task for task in self._running if task.done()}
        if not done and self._running:
            done, _ = await asyncio.wait(
                self._running, timeout=0.1, return_when=asyncio.FIRST_COMPLETED
            )
        finished = [task.result() for task in done]
        free = self._concurrency - len(self._running) + len(done)
        ended = Counter(delivery.receiver for delivery, _, _ in finished)
        known = await self._subscribers.known()
        async with self._database.transaction(SYSTEM) as session:
            if finished:
                await self._keep(session, finished)
            now, running = self._clock.now(), self._receivers - ended
            taken = await queries.claim(session, now, running, free, peers_alone=not known)
            claimed = await self._entitled(session, taken)
            claimed = await self._addressed(session, claimed)
            signers = await self._keys.signers(session, claimed, self._clock.now())
        for task in done:
            del self._running[task]
        self._receivers -= ended
        for delivery in claimed:
            self._receivers[delivery.receiver] += 1
            self._running[asyncio.create_task(self._attempt(delivery, signers))] = delivery
        return len(finished) + len(taken)

    async def _entitled(self, session: AsyncSession, taken: Sequence[Claimed]) -> list[Claimed]:
        """Those whose receivers may still be told what they say; the others are cancelled, but not by what was heard a while ago:
        a client may have been given its grant since."""
        now = self._clock.now()
        day = now.astimezone(SHANGHAI).date()
        lost = [
            delivery
            for delivery in taken
            if delivery.client is not None
            and not self._subscribers.may_be_told(delivery.client, delivery.body, day)
        ]
        if not lost:
            return list(taken)
        if self._subscribers.just_asked:
            await queries.cancel(session, lost, now)
            log.warning("delivery.not_entitled", deliveries=len(lost))
        else:
            await queries.give_back(session, lost, now)
            self._subscribers.forget()
        return [delivery for delivery in taken if delivery not in lost]

    async def _addressed(self, session: AsyncSession, claimed: Sequence[Claimed]) -> list[Claimed]:
        """With the address that an operator gave each peer hub; what is not authentic has none and is not sent."""
        if all(delivery.client is not None for delivery in claimed):
            return list(claimed)
        peers = await trusted(session, self._audit)
        urls = {peer.receiver: peer.notifications_url for peer in peers.values()}
        return [
            delivery
            if delivery.client is not None
            else replace(delivery, url=self._address(delivery, urls))
            for delivery in claimed
        ]

    def _address(self, delivery: Claimed, urls: Mapping[UUID, str]) -> str:
        if not MESSAGES.authentic(self._audit, asdict(delivery)):
            return NOWHERE
        url = urls.get(delivery.receiver)
        return url + delivery.path if url is not None else NOWHERE

    async def drain(self) -> None:
        """Wait a little for what is under way and keep its outcomes; give the leases of the rest back."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        finished = [task.result() for task in self._running if not task.cancelled()]
        unsent = [delivery for task, delivery in self._running.items() if task.cancelled()]
        async with self._database.transaction(SYSTEM) as session:
            await queries.give_back(session, unsent, self._clock.now())
            if finished:
                await self._keep(session, finished)
        self._running.clear()
        self._receivers.clear()

    async def _attempt(
        self, delivery: Claimed, signers: Mapping[UUID, Sequence[Ed25519PrivateKey]]
    ) -> Attempted:
        started = time.perf_counter()
        try:
            now, keys = self._clock.now(), signers[delivery.receiver]
            headers = signatures.sign(keys, str(delivery.message_id), now, delivery.body)
            outcome = await self._egress.post(delivery.url, delivery.body, headers)
        except Exception as error:  # noqa: BLE001  (one message must not stop the others)
            log.warning(
                "delivery.failed",
                delivery=str(delivery.id),
                error=type(error).__name__,
                where=telemetry.where(error),
            )
            outcome = NO_CONNECTION
        return delivery, outcome, round((time.perf_counter() - started) * 1000)

    async def _keep(self, session: AsyncSession, finished: Sequence[Attempted]) -> None:
        now = self._clock.now()
        receivers = sorted({delivery.receiver for delivery, _, _ in finished})
        known = await queries.breakers(session, receivers)
        breakers = dict(known)
        verdicts = []
        for delivery, outcome, milliseconds in finished:
            before = breakers.get(delivery.receiver, CLOSED)
            breakers[delivery.receiver] = later = after(before, outcome, now, probe=delivery.probe)
            state, attempts, due_at = self._next(delivery, outcome, before, later)
            verdicts.append(
                Verdict(
                    delivery,
                    now,
                    outcome.failure or "success",
                    outcome.status,
                    milliseconds,
                    state,
                    attempts,
                    due_at,
                )
            )
        kept = await queries.keep(session, verdicts)
        for receiver in receivers:
            if breakers[receiver] != known.get(receiver):
                await queries.set_breaker(session, receiver, breakers[receiver])
        for delivery, outcome, _ in finished:
            if outcome.gone and delivery.id in kept:
                await queries.disable(session, delivery.receiver, "gone")
                log.warning("receiver.gone", receiver=str(delivery.receiver))
        arrived = [
            v.delivery.notice for v in verdicts if v.state == "delivered" and v.delivery.id in kept
        ]
        await moving.delivered(session, [notice for notice in arrived if notice], now)

    def _next(
        self, delivery: Claimed, outcome: Outcome, before: Breaker, later: Breaker
    ) -> tuple[str, int, datetime]:
        now = self._clock.now()
        if outcome.success:
            return "delivered", delivery.attempts + 1, now
        if not spends_attempt(before, outcome):
            return "pending", delivery.attempts, later.open_until or now
        attempts = delivery.attempts + 1
        # Spreads load; guards no secret.
        due_at = next_attempt(attempts, outcome, now, random.random())  # noqa: S311
        if due_at is None:
            log.warning("delivery.parked", delivery=str(delivery.id))
            return "parked", attempts, now
        return "pending", attempts, due_at
