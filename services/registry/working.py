"""The registry's worker: resolve → fold → announce, reviews in, rulings out, clock, successions, cases, figures, trails, upkeep."""

from contextlib import suppress
from datetime import date
from uuid import UUID

import httpx
from sqlalchemy.exc import SQLAlchemyError

from services.registry.alerts.reporting import FIRST_OF_ALL, settle
from services.registry.application import SERVICE, kit_of, matching_client
from services.registry.cases.announcing import press
from services.registry.changes.numbering import number_changes
from services.registry.children.registration import fold_batch
from services.registry.children.turning import turn_batch
from services.registry.figures.publishing import count_next
from services.registry.match_reviews.mirroring import follow_reviews
from services.registry.pruning import prune
from services.registry.records.resolving import follow_changes, resolve_batch
from services.registry.rulebooks.adopting import adopt
from services.registry.rulings.delivering import deliver
from services.registry.settings import RegistrySettings
from services.registry.successions.carrying import carry
from shared import checkpoints, jwk, relay, sequencing, signatures, work
from shared.clock import Clock, SystemClock, today
from shared.database import SYSTEM, Database, raw
from shared.outbound import ClientCredentials, client
from shared.vocabulary import Scope

DAY_SECONDS = 24 * 3600.0
#: What each step's work makes work for.  Another process's work is found by looking, after a rest.
WAKES = {
    "resolve": ("fold",),
    "follow": ("fold",),
    "rule": ("resolve",),
    "fold": ("sequence",),
    "sweep": ("fold", "sequence"),
    "carry": ("fold", "sequence"),
    "press": ("sequence",),
    "sequence": ("relay",),
}
#: Whom the relay posts events to; also the name of its position.
RELAYED_TO = "notifications"


class Worker:
    """The steps of the registry's background work; each may run in any number of processes at once."""

    def __init__(
        self,
        settings: RegistrySettings,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database(settings.database_url(SERVICE), settings.pool_size)
        self.kit = kit_of(settings)
        self._adopted_on: date | None = None
        self._carried_on: date | None = None
        self._settled_to: UUID | None = None
        self.matching = matching_client(settings, transport)
        key = jwk.load(settings.home / "keys" / "clients" / "registry.jwk")
        self.notifications = client(
            settings.notifications_url,
            auth=ClientCredentials(
                SERVICE,
                key,
                settings.issuer,
                [Scope.EVENTS_WRITE],
                transport=transport,
                token_url=settings.token_url,
            ),
            transport=transport,
        )
        keys = settings.home / "keys" / SERVICE
        self.signer = signatures.private_key((keys / "relay.key").read_text().strip())
        self.checkpoint_signer = signatures.private_key(
            (keys / "audit-signing.key").read_text().strip()
        )

    async def resolve(self) -> int:
        return await resolve_batch(
            self.database,
            self.kit.sealer,
            self.kit.audit,
            self.kit.entries,
            self.matching,
            self.settings.resolve_batch,
            self.clock,
        )

    async def follow(self) -> int:
        return await follow_changes(self.database, self.kit.audit, self.matching, clock=self.clock)

    async def follow_reviews(self) -> int:
        return await follow_reviews(self.database, self.matching)

    async def rule(self) -> int:
        return await deliver(self.database, self.kit, self.matching, self.clock)

    async def fold(self) -> int:
        async with self.database.transaction(SYSTEM) as session:
            return await fold_batch(
                session,
                self.kit,
                self.settings.fold_batch,
                today(self.clock),
                self.clock.now(),
            )

    async def count(self) -> int:
        return await count_next(self.database, self.kit, self.clock)

    async def sweep(self) -> int:
        day = today(self.clock)
        if self._adopted_on != day:
            async with self.database.transaction(SYSTEM) as session:
                connection = await raw(session)
                await adopt(connection, self.kit.audit, self.kit.profiles, self.clock.now())
            self._adopted_on, self._settled_to = day, FIRST_OF_ALL
        if self._settled_to is not None:
            # By itself: whoever folds a child holds it before its alerts.
            async with self.database.transaction(SYSTEM) as session:
                connection = await raw(session)
                now, after = self.clock.now(), self._settled_to
                self._settled_to = await settle(connection, self.kit, now, after)
        async with self.database.transaction(SYSTEM) as session:
            limit = self.settings.fold_batch
            return await turn_batch(session, self.kit, limit, day, self.clock.now())

    async def carry(self) -> int:
        """What ended divisions leave behind: again and again on one day until nothing is left of it."""
        day = today(self.clock)
        if self._carried_on == day:
            return 0
        async with self.database.transaction(SYSTEM) as session:
            done = await carry(session, self.kit, day, self.clock.now())
        if not done:
            self._carried_on = day
        return done

    async def press(self) -> int:
        async with self.database.transaction(SYSTEM) as session:
            return await press(session, self.kit, self.settings.fold_batch, self.clock.now())

    async def sequence(self) -> int:
        done = 0
        for table in ("outbox", "audit_entries"):
            async with self.database.transaction(SYSTEM) as session:
                done += await sequencing.number(session, table)
        async with self.database.transaction(SYSTEM) as session:
            return done + await number_changes(session, self.kit.audit)

    async def checkpoint(self) -> int:
        for trail in (checkpoints.AUDIT, checkpoints.OUTBOX):
            async with self.database.transaction(SYSTEM) as session:
                hub, signer = self.settings.hub, self.checkpoint_signer
                await sequencing.checkpoint(session, hub, signer, trail)
        return 0

    async def relay(self) -> int:
        return await relay.pass_on(
            self.database, self.notifications, RELAYED_TO, self.signer, self.clock
        )

    async def prune(self) -> int:
        return await prune(self.database, self.kit.audit, self.clock)

    def steps(self) -> dict[str, tuple[work.Step, float]]:
        return {
            "resolve": (self.resolve, 0.1),
            "follow": (self.follow, 1.0),
            "follow_reviews": (self.follow_reviews, 1.0),
            "rule": (self.rule, 0.5),
            "fold": (self.fold, 0.5),
            "sweep": (self.sweep, self.settings.clock_seconds),
            "carry": (self.carry, self.settings.clock_seconds),
            "press": (self.press, self.settings.clock_seconds),
            "count": (self.count, 5.0),
            "sequence": (self.sequence, 0.5),
            "checkpoint": (self.checkpoint, 5.0),
            "relay": (self.relay, 0.5),
            "prune": (self.prune, DAY_SECONDS),
        }

    async def close(self) -> None:
        """Let everything go, the relay's lease first: the next worker need not wait until it ends by itself."""
        with suppress(SQLAlchemyError, OSError):  # without the database, the lease ends in its time
            await relay.give_back(self.database, RELAYED_TO)
        await self.matching.aclose()
        await self.notifications.aclose()
        await self.database.close()


async def work_on(settings: RegistrySettings) -> None:
    """Run the registry's worker until it is told to stop."""
    worker = Worker(settings)
    try:
        await work.run(SERVICE, worker.steps(), WAKES)
    finally:
        await worker.close()
