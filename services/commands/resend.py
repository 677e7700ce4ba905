"""`hutong linkage resend`: the registry tells matching everything again."""

import asyncio

import typer


def resend() -> None:
    """Queue every entry for resolution, as a bulk load: after matching's database was lost or made anew.

    Rulings in force are held before anything else, and bind what has come already. Repeating it queues nothing twice;
    what departments send meanwhile overtakes it.
    """
    from services.commands.backup import owner_urls
    from services.matching.keyings.following import Following, keys_of
    from services.matching.linkage.decisions import Ruling
    from services.matching.relearning.preparing import Held, prepare
    from services.registry.records.resending import queue_all, told
    from shared.clock import SystemClock
    from shared.database import SYSTEM, Database
    from shared.sealing import Sealer
    from shared.settings import HubSettings

    async def run() -> tuple[int, int]:
        registry = Database(HubSettings().database_url("registry"), 1)
        matching = Database(owner_urls("matching")["matching"], 1)
        try:
            async with registry.transaction(SYSTEM) as session:
                said = await told(session, Sealer(HubSettings().key_set("registry", "master")))
            rulings = [Ruling(one.id, one.same, one.one, one.other) for one in said.constraints]
            held = Held(said.link_seq, said.review_seq, rulings)
            children = HubSettings().children
            linker = Following(lambda: keys_of(HubSettings()), SystemClock(), children).linker
            async with matching.transaction(SYSTEM) as session:
                new = await prepare(session, linker, held)
            return new, await queue_all(registry)
        finally:
            await registry.close()
            await matching.close()

    rulings, entries = asyncio.run(run())
    typer.echo(f"{rulings:,} rulings held anew, {entries:,} entries queued")
