"""The notifications worker: events become notices and deliveries, deliveries are made, answers travel back.

Each step takes its work from the database, so any number of workers may run; each may be killed at any moment.
"""

from collections.abc import Mapping
from datetime import date

import httpx

from services.notifications import retention
from services.notifications.application import SERVICE, registry_client
from services.notifications.deliveries.delivering import Deliverer
from services.notifications.deliveries.egress import Egress, Vetted
from services.notifications.events.dispatching import dispatch
from services.notifications.hub import Hub
from services.notifications.notices.carrying import carry
from services.notifications.notices.handing import hand_over
from services.notifications.notices.pushing import push_answers
from services.notifications.peers.fetching import Fetcher
from services.notifications.peers.keys import read_key
from services.notifications.peers.telling import tell
from services.notifications.settings import NotificationsSettings
from services.notifications.subscriptions.entitling import Subscribers
from services.notifications.subscriptions.keys import KeyRing
from shared import jwk, sequencing, work
from shared.clock import Clock, SystemClock, today
from shared.database import SYSTEM, Database
from shared.vocabulary import Scope

#: Steps that rest this many seconds or longer go by the clock; the others follow a cause.
CLOCKED = 1.0


class Worker:
    """The steps of this service's background work, over one database pool."""

    def __init__(
        self,
        settings: NotificationsSettings,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``transport`` replaces the network to registries, peers and subscribers."""
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database(settings.database_url(SERVICE), settings.pool_size)
        self.hub = Hub.of(settings)
        self._carried_on: date | None = None
        self.registry = registry_client(settings, Scope.PEER_FACTS_WRITE, transport)
        self.asking = registry_client(settings, Scope.REVOCATIONS_READ, transport)
        self.checkpoint_signer = read_key(settings.audit_signing_key_file)
        self.egress = Egress(
            settings.allowed_networks, settings.delivery_timeout_seconds, transport
        )
        self.subscribers = Subscribers(self.asking, self.hub.codes)
        self.deliverer = Deliverer(
            self.database,
            self.clock,
            self.egress,
            KeyRing(settings.key_set(SERVICE, "master"), read_key(settings.hub_key_file)),
            self.hub.audit,
            self.subscribers,
            settings.delivery_concurrency,
        )
        self.fetcher = Fetcher(
            self.database,
            self.clock,
            self.hub,
            jwk.load(settings.home / "keys" / "clients" / "hub.jwk"),
            self.registry,
            lambda: Vetted(settings.allowed_networks, transport),
        )

    async def dispatch(self) -> int:
        """Events into notices and announcements; on each day, first, what ended counties leave behind."""
        if (done := await self._carry()) is not None:
            return done
        return await dispatch(self.database, self.clock, self.hub)

    async def _carry(self) -> int | None:
        """How much was carried over; None once nothing is left of this day."""
        day = today(self.clock)
        if self._carried_on == day:
            return None
        if not await self.subscribers.known():
            return 0  # which local codes have ended, the registry alone knows
        async with self.database.transaction(SYSTEM) as session:
            done = await carry(session, self.hub, self.clock.now())
        if not done:
            self._carried_on = day
        return done or None

    async def hand_over(self) -> int:
        return await hand_over(self.database, self.clock, self.hub)

    async def tell(self) -> int:
        return await tell(self.database, self.clock, self.hub)

    async def push_answers(self) -> int:
        return await push_answers(self.database, self.clock, self.hub, self.registry)

    async def sequence(self) -> int:
        async with self.database.transaction(SYSTEM) as session:
            return await sequencing.number(session, "audit_entries")

    async def checkpoint(self) -> int:
        async with self.database.transaction(SYSTEM) as session:
            await sequencing.checkpoint(session, self.settings.hub, self.checkpoint_signer)
        return 0

    async def clear(self) -> int:
        return await retention.clear(self.database, self.clock)

    def steps(self) -> Mapping[str, tuple[work.Step, float]]:
        """Every step by name, with its rest in seconds after it found nothing to do."""
        return {
            "dispatch": (self.dispatch, 0.2),
            "hand_over": (self.hand_over, 0.2),
            "deliver": (self.deliverer.step, 0.2),
            "tell": (self.tell, 0.3),
            "fetch": (self.fetcher.step, 0.3),
            "push_answers": (self.push_answers, 0.3),
            "sequence": (self.sequence, 0.2),
            "checkpoint": (self.checkpoint, 5.0),
            "clear": (self.clear, 600.0),
        }

    async def settle(self) -> int:
        """Repeat every step that follows a cause until none finds anything to do; how much was done."""
        steps = [step for step, rest in self.steps().values() if rest < CLOCKED]
        total = 0
        while (done := sum([await step() for step in steps])) or self.deliverer.busy:
            total += done
        return total

    async def close(self) -> None:
        """Finish deliveries under way and let everything go."""
        await self.deliverer.drain()
        await self.fetcher.close()
        await self.registry.aclose()
        await self.asking.aclose()
        await self.egress.close()
        await self.database.close()


async def work_on(settings: NotificationsSettings) -> None:
    """Run the worker until it is told to stop."""
    worker = Worker(settings)
    try:
        await work.run(SERVICE, worker.steps())
    finally:
        await worker.close()
