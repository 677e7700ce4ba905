"""Following the regime: every process links by the model and the keyings in force, without a restart."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.matching.entries.sealing import Strongroom
from services.matching.keyings import queries
from services.matching.links.linker import Linker
from services.matching.models import activating, shipped
from shared.clock import Clock
from shared.database import raw
from shared.keys import KeySet
from shared.problems import Unavailable
from shared.settings import HubSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Keys:
    """Matching's key sets as its files hold them."""

    master: KeySet
    index: KeySet


def keys_of(settings: HubSettings) -> Keys:
    """The key sets as the files of this machine hold them now."""
    return Keys(settings.key_set("matching", "master"), settings.key_set("matching", "index"))


class Following:
    """One process's linker. ``linker`` is by the regime that was last met, or by the shipped model for so many ``children``."""

    def __init__(self, load: Callable[[], Keys], clock: Clock, children: int) -> None:
        self._load = load
        self._clock = clock
        self._children = children
        model, keys = shipped.model(children), load()
        self.linker = Linker(
            model, Strongroom(keys.master, keys.index, model), clock, renew=self.current
        )

    async def current(self, session: AsyncSession) -> Linker:
        """The linker by the regime in force, which nobody changes before the caller's transaction ends:
        it holds the linker's lock or shares the regime.

        Unavailable where this process's key file lacks an index key that is looked under.
        """
        connection = await raw(session)
        regime = await queries.regime(connection)
        if regime is None:
            keys = self._load()
            active = await self._active(session, keys)
            rules = list(active.model.blocking)
            await queries.begin(connection, keys.index.current, rules, self._clock.now())
            regime = await queries.regime(connection)
        assert regime is not None
        if self.linker.regime != regime:
            self.linker = await self._by(session, regime)
        return self.linker

    async def _by(self, session: AsyncSession, regime: queries.Regime) -> Linker:
        keys = self._load()
        if missing := {k.index_key for k in regime.keyings} - keys.index.keys.keys():
            log.error("regime.index_key_missing", index_keys=sorted(missing))
            raise Unavailable
        active = await self._active(session, keys)
        strongroom = Strongroom(keys.master, keys.index, active.model, regime.keyings)
        log.info(
            "regime.met",
            rule_version=active.model.rule_version,
            prior=active.model.prior,
            keying=regime.current.number,
        )
        return Linker(active.model, strongroom, self._clock, active.frequency, regime, self.current)

    async def _active(self, session: AsyncSession, keys: Keys) -> activating.Effective:
        return await activating.active(session, keys.master, self._clock.now(), self._children)
