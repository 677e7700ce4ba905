"""`hutong audit verify|checkpoints|report` and `hutong rebuild --verify`: proofs that need databases and keys, no service."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.commands import tables
from services.commands.clients import Actor
from services.commands.transacting import transact
from services.matching import proving as links
from services.matching.entries.sealing import Strongroom
from services.matching.models import shipped
from services.matching.settings import MatchingSettings
from services.notifications import proving as exchanges
from services.notifications.settings import NotificationsSettings
from services.notifications.subscriptions import proving as signing_keys
from services.registry import adopting
from services.registry import proving as decisions
from services.registry.access_reports.reading import report_of
from services.registry.access_reports.reporting import AccessReport
from services.registry.application import kit_of
from services.registry.children import rebuilding
from services.registry.children.proving import Difference
from services.registry.settings import RegistrySettings
from shared import checkpoints, signatures, verification
from shared.checkpoints import AUDIT, OUTBOX, Checkpoint
from shared.clock import SystemClock
from shared.database import SYSTEM, Database, raw
from shared.registered import OPERATOR
from shared.settings import HubSettings
from shared.verification import Proof

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)

#: Every trail: its service, and its name there.
TRAILS: Mapping[str, tuple[str, str]] = {
    "registry-audit": ("registry", AUDIT),
    "registry-outbox": ("registry", OUTBOX),
    "notifications-audit": ("notifications", AUDIT),
}
_FAULTS = {AUDIT: verification.audit_faults, OUTBOX: verification.outbox_faults}


@audit.command("verify")
def verify_audit(
    at_least: Annotated[
        list[str] | None,
        typer.Option(help=f"TRAIL=NUMBER that was reached once; trails: {', '.join(TRAILS)}"),
    ] = None,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            help="a worker's log, or what `hutong audit checkpoints` printed, kept elsewhere",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Check audit trails, events, grants, erasures, figures, peers, answers, signing keys and links.

    Names what was forged, changed, moved or cut off.
    """
    told = [one for path in witness or () for one in _witnesses(path)]
    faults = asyncio.run(audit_faults(witnesses=told, at_least=_numbers(at_least or [])))
    faults += asyncio.run(matching_faults(MatchingSettings()))
    for fault in faults[:20]:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    seen = f", and {len(told)} witnesses agree" if told else ""
    typer.echo(f"audit and events: intact{seen}; links: intact")


@audit.command("adopt")
def adopt_rows(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    actor: Actor = OPERATOR,
) -> None:
    """Vouch for changes, positions in them, former links, survey rounds and posts from before they were authenticated or had a
    history: counted first."""
    settings = RegistrySettings()
    found = transact(settings.database_url("registry"), adopting.old)
    if not any(found.values()):
        typer.echo("nothing to adopt")
        return
    for table, rows in found.items():
        typer.echo(f"{table}: {rows} rows without a {'history' if table == 'posts' else 'MAC'}")
    if not yes:
        typer.confirm("All of them are as this hub made them?", abort=True)
    keys = settings.key_set("registry", "audit")
    done = transact(
        settings.database_url("registry"),
        lambda session: adopting.adopt(session, keys, SystemClock().now(), actor),
    )
    typer.echo(f"{sum(done.values())} adopted")


@audit.command("checkpoints")
def show_checkpoints() -> None:
    """Print the newest checkpoint of each trail as a line of JSON: keep it where the databases' administrators cannot."""
    for line in asyncio.run(newest_checkpoints()):
        typer.echo(line)


@audit.command("report")
def show_access_report(
    year: Annotated[int, typer.Argument(help="in Asia/Shanghai", min=2000, max=2200)],
    as_json: Annotated[bool, typer.Option("--json", help="as one line of JSON")] = False,
) -> None:
    """Report a year's access to children's data (未成年人个人信息访问年度报告), reconciled to the audit trail.

    Fails where the trail was tampered with, or still waits for numbers: nothing would add up.
    """
    report, faults = asyncio.run(access_report(RegistrySettings(), year))
    if as_json:
        typer.echo(json.dumps({**asdict(report), "reconciled": report.reconciled}))
    else:
        shown = Table("department", "purpose", "operation", "accesses", "children")
        for line in report.lines:
            numbers = (str(line.accesses), str(line.children))
            shown.add_row(line.department, line.purpose, line.operation, *numbers)
        tables.show(shown)
        typer.echo(
            f"{report.accesses} accesses to {report.children} children in {report.year};"
            f" trail up to {report.last} ({report.chain[:16]}):"
            f" {report.touching_nobody} entries about nobody, {report.other_years} of other years"
        )
    for fault in faults[:20]:
        typer.echo(fault, err=True)
    if faults or not report.reconciled:
        typer.echo(f"does not reconcile: {report.waiting} entries without a number", err=True)
        raise typer.Exit(1)


async def access_report(settings: RegistrySettings, year: int) -> tuple[AccessReport, list[str]]:
    """A year's report, and every fault of the trail that it was made of."""
    public = settings.home / "keys" / "public" / "registry-audit.pub"
    signer = signatures.public_key(public.read_text().strip())
    proof = Proof(settings.key_set("registry", "audit"), settings.hub, signer)
    database = Database(settings.database_url("registry"), 1)
    try:
        async with database.snapshot(SYSTEM) as session:
            report = await report_of(session, year)
            faults = [
                f"registry audit {fault.seq}: {fault.what}"
                async for fault in verification.audit_faults(session, proof)
            ]
    finally:
        await database.close()
    return report, faults


def _witnesses(path: Path) -> list[Checkpoint]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        found = list(checkpoints.witnesses(lines))
    if not found:
        raise typer.BadParameter(f"{path} tells of no checkpoint", param_hint="--witness")
    return found


def _numbers(told: Sequence[str]) -> dict[str, int]:
    found = {}
    for one in told:
        trail, _, number = one.partition("=")
        if trail not in TRAILS or not number.isdecimal():
            raise typer.BadParameter(one, param_hint="--at-least")
        found[trail] = int(number)
    return found


def _both() -> tuple[HubSettings, ...]:
    return RegistrySettings(), NotificationsSettings()


async def audit_faults(
    settings: tuple[HubSettings, ...] | None = None,
    witnesses: Sequence[Checkpoint] = (),
    at_least: Mapping[str, int] | None = None,
) -> list[str]:
    """Every fault of both services' trails, and of their rows that carry a MAC of their own, as a line each."""
    every = dict(zip(("registry", "notifications"), settings or _both(), strict=True))
    found: list[str] = []
    strangers = set(witnesses)
    for name, (service, trail) in TRAILS.items():
        one = every[service]
        signer = signatures.public_key(
            (one.home / "keys" / "public" / f"{service}-audit.pub").read_text().strip()
        )
        mine = tuple(w for w in witnesses if w.trail == trail and w.signed_by(signer, one.hub))
        strangers.difference_update(mine)
        keys = one.key_set(service, "audit")
        proof = Proof(keys, one.hub, signer, mine, (at_least or {}).get(name, 0))
        database = Database(one.database_url(service), 1)
        try:
            async with database.transaction(SYSTEM) as session:
                async for fault in _FAULTS[trail](session, proof):
                    found.append(f"{service} {trail} {fault.seq}: {fault.what}")
                if name == "registry-audit":
                    found += [f"{service} {w}" async for w in decisions.faults_of(session, keys)]
                if name == "notifications-audit":
                    master = one.key_set(service, "master")
                    found += [
                        f"{service} {w}" async for w in signing_keys.faults_of(session, master)
                    ]
                    found += [f"{service} {w}" async for w in exchanges.faults_of(session, keys)]
        finally:
            await database.close()
    return found + [f"witness {w.trail} {w.seq}: not signed by this hub" for w in strangers]


async def matching_faults(settings: MatchingSettings) -> list[str]:
    """Every row of matching that is not as it was written, as a line each."""
    master, index = (settings.key_set("matching", name) for name in ("master", "index"))
    strongroom = Strongroom(master, index, shipped.model())
    database = Database(settings.database_url("matching"), 1)
    try:
        async with database.transaction(SYSTEM) as session:
            return [f"matching {what}" async for what in links.faults_of(session, strongroom)]
    finally:
        await database.close()


async def newest_checkpoints(settings: tuple[HubSettings, ...] | None = None) -> list[str]:
    """A line of JSON for each trail that has a checkpoint, as the workers' logs hold them."""
    every = dict(zip(("registry", "notifications"), settings or _both(), strict=True))
    lines = []
    for service, trail in TRAILS.values():
        one = every[service]
        database = Database(one.database_url(service), 1)
        try:
            async with database.transaction(SYSTEM) as session:
                row = await (await raw(session)).fetchrow(
                    f"SELECT seq, chain, signature, at FROM {trail}_checkpoints"
                    " ORDER BY seq DESC LIMIT 1"
                )
        finally:
            await database.close()
        if row is not None:
            told = Checkpoint(trail, row["seq"], row["chain"], row["signature"]).as_json()
            about = {"event": checkpoints.EVENT, "service": service, "hub": one.hub}
            lines.append(json.dumps({**about, **told, "timestamp": row["at"].isoformat()}))
    return lines


def rebuild(
    verify: Annotated[
        bool, typer.Option("--verify", help="change nothing; name what differs")
    ] = False,
) -> None:
    """Fold every child afresh from its records."""
    settings = RegistrySettings()
    if not verify:
        queued = asyncio.run(_queue_all(settings))
        typer.echo(f"{queued} children queued; the worker folds them")
        return
    differences = asyncio.run(differences_of(settings))
    for difference in differences[:20]:
        typer.echo(f"{difference.table} {difference.id}: {difference.what}")
    if differences:
        typer.echo(f"{len(differences)} differences")
        raise typer.Exit(1)
    typer.echo("registry: exactly what its records say")


async def differences_of(settings: RegistrySettings) -> list[Difference]:
    database = Database(settings.database_url("registry"), 2)
    try:
        return [d async for d in rebuilding.verify(database, kit_of(settings))]
    finally:
        await database.close()


async def _queue_all(settings: RegistrySettings) -> int:
    database = Database(settings.database_url("registry"), 2)
    try:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            done = await connection.execute(
                "INSERT INTO fold_queue (child_id, wanted) SELECT DISTINCT person, 1 FROM links"
                " WHERE person IS NOT NULL ON CONFLICT (child_id) DO UPDATE SET not_before = NULL"
            )
        return int(done.split()[-1])
    finally:
        await database.close()
