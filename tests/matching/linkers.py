"""A linker of flesh: a database of its own, key files on disk, and what every process of matching does with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from services.matching.keyings.following import Following, Keys
from services.matching.keyings.rekeying import Act, Rekeying
from services.matching.linkage.decisions import Ruling
from services.matching.linkage.normalization import Features
from services.matching.links import linking, retracting
from services.matching.links.linking import Item
from services.matching.links.queries import StoredLink
from services.matching.links.retracting import Retraction
from services.matching.models import activating, shipped
from services.matching.models.registering import register
from services.matching.previews import applying, previewing
from services.matching.previews.previewing import Previewed
from services.matching.rulings import ruling as ruling_
from services.matching.searches import searching
from shared import keys as key_files
from shared.clock import SystemClock
from shared.database import SYSTEM, Database, raw
from tests.databases import Urls

CLOCK = SystemClock()


@dataclass
class LinkedHub:
    """``served`` is one process of matching; ``owner`` is whom commands work as."""

    home: Path
    served: Database
    owner: Database
    following: Following

    @classmethod
    def make(cls, home: Path, urls: Urls, children: int = shipped.MADE_FOR) -> "LinkedHub":
        for name in ("master", "index"):
            if not (path := home / f"{name}.json").exists():
                key_files.save(key_files.new_key_set(), path)
        served, owner = Database(urls.app, 2), Database(urls.owner, 2)
        return cls(home, served, owner, Following(lambda: keys_in(home), CLOCK, children))

    async def close(self) -> None:
        await self.served.close()
        await self.owner.close()

    def another_process(self) -> Following:
        return Following(lambda: keys_in(self.home), CLOCK, shipped.MADE_FOR)

    @property
    def keys(self) -> Keys:
        return keys_in(self.home)

    # What the registry asks

    async def push(self, *items: tuple[int, int, Features]) -> list[StoredLink]:
        """(number, version, features); the links."""
        wanted = [Item(UUID(int=number), version, said) for number, version, said in items]
        return await self.resolve(wanted)

    async def resolve(self, items: Sequence[Item]) -> list[StoredLink]:
        async with self.served.transaction(SYSTEM) as session:
            return await linking.resolve(session, self.following.linker, items)

    async def retract(self, *numbers: int, erased: bool = False) -> list[StoredLink]:
        wanted = [Retraction(UUID(int=number), erased) for number in numbers]
        async with self.served.transaction(SYSTEM) as session:
            return await retracting.retract(session, self.following.linker, wanted)

    async def rule(self, ruling: Ruling) -> list[StoredLink]:
        async with self.served.transaction(SYSTEM) as session:
            return await ruling_.rule(session, self.following.linker, [ruling])

    async def withdraw(self, ruling: UUID) -> list[StoredLink]:
        async with self.served.transaction(SYSTEM) as session:
            return await ruling_.rule(session, self.following.linker, (), [ruling])

    async def search(self, features: Features) -> list[UUID]:
        async with self.served.transaction(SYSTEM) as session:
            found = await searching.find(session, self.following.linker, features, 10)
        return [person for person, _ in found.persons]

    # What commands do

    def rekeying(self) -> Rekeying:
        return Rekeying(
            self.owner, self.home / "index.json", self.keys.master, shipped.model(), CLOCK
        )

    async def rekey(self) -> list[Act]:
        rekeying = self.rekeying()
        if not await rekeying.is_begun():
            await rekeying.begin(await rekeying.add_key())
        return [step.act async for step in rekeying.steps()]

    async def register(self, text: bytes) -> str:
        async with self.owner.transaction(SYSTEM) as session:
            model = await register(session, text, {}, self.keys.master, CLOCK.now())
        return model.rule_version

    async def preview(self, rule_version: str) -> Previewed:
        return await previewing.preview(self.owner, self.keys, rule_version, CLOCK)

    async def apply(self, previewed: Previewed) -> Any:
        made = previewed.preview
        return await applying.apply(self.owner, self.keys, made.rule_version, made.preview, CLOCK)

    async def active(self) -> str | None:
        async with self.owner.transaction(SYSTEM) as session:
            return await activating.active_version(session)

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        async with self.owner.transaction(SYSTEM) as session:
            found: list[Any] = await (await raw(session)).fetch(statement, *values)
            return found


def keys_in(home: Path) -> Keys:
    return Keys(*(key_files.load(home / f"{name}.json") for name in ("master", "index")))


def model_with(*, certain: float | None = None, blocking: tuple[str, ...] = ()) -> bytes:
    """The shipped model with another threshold, or by these blocking rules alone."""
    text = shipped.text().decode()
    if certain is not None:
        text = re.sub(r"(?m)^certain = .*$", f"certain = {certain}", text)
    if blocking:
        rules = ", ".join(f'"{rule}"' for rule in blocking)
        text, count = re.subn(r"(?m)^blocking = \[[^\]]*\]", f"blocking = [{rules}]", text)
        assert count == 1
    return text.encode()
