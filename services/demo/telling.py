"""Telling the demo's story: run it, print what came of it, and fail loudly where a figure is not as it must be."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.commands.proofs import audit_faults, differences_of, matching_faults
from services.demo.figures import HubFigures, gather
from services.demo.hubs import Pair, two_hubs
from services.demo.officials import Answered, answer_all, notices_of
from services.demo.pushing import Pushed, push_all
from services.demo.waiting import until_quiet
from services.matching.settings import MatchingSettings
from services.notifications.settings import NotificationsSettings
from services.population import Population, crossings, generate
from services.registry.settings import RegistrySettings
from shared.clock import SystemClock, today
from shared.embedded_postgres import EmbeddedPostgres, discard

console = Console(width=118)


@dataclass
class Verdict:
    """What must hold, and what did not."""

    failures: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        console.print(f"  {'[green]✓[/]' if holds else '[bold red]✗[/]'} {what}")
        if not holds:
            self.failures.append(what)


def run(state: Path, children: int, seed: int) -> int:
    """The exit status of the demo: 0 when every figure is as it must be."""
    if (state / "postgres").exists():
        discard(state / "postgres")
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    began = time.monotonic()
    with EmbeddedPostgres(state / "postgres") as server:
        verdict = asyncio.run(_story(server, state, children, seed))
    console.print(
        f"\n{time.monotonic() - began:.0f} s in all; logs and keys of both hubs are in {state.name}/"
    )
    if verdict.failures:
        console.print(f"[bold red]FAILED:[/] {'; '.join(verdict.failures)}")
        return 1
    console.print("[bold green]Every figure is as it must be.[/]")
    return 0


@contextmanager
def _bar(title: str, total: int) -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.advance(task, done)


async def _story(server: EmbeddedPostgres, state: Path, children: int, seed: int) -> Verdict:
    day = today(SystemClock())
    population = generate(children, seed, on=day)
    console.rule("Hutong 户童通: two hubs, Chongqing 重庆 and Heze 菏泽")
    console.print(
        f"{len(population.children):,} invented children, {len(population.pushes):,} department records"
    )
    async with two_hubs(server, state) as pair:
        return await play(pair, population, day)


async def play(pair: Pair, population: Population, day: date) -> Verdict:
    """Push the population through two running hubs, let them answer each other, and tell what came of it."""
    began = time.monotonic()
    with _bar("pushing", len(population.pushes)) as step:
        pushed = await push_all(pair, population, step)
    await until_quiet(*pair.hubs.values())
    seconds = time.monotonic() - began
    console.print(
        f"pushed, linked, folded and announced in {seconds:.1f} s ({len(population.pushes) / seconds:,.0f} records/s)"
    )
    answered = await _exchange(pair)
    await until_quiet(*pair.hubs.values())
    verdict = Verdict()
    _tell_pushes(pushed, population, verdict)
    true_child = {}
    for hub in pair.hubs.values():
        figures, true_child[hub.name] = await gather(hub, population, pushed, day)
        _tell_hub(hub.name, figures, verdict)
    await _tell_notices(pair, population, answered, verdict)
    await _tell_child(pair, population, true_child)
    await _tell_proofs(pair, verdict)
    _tell_addresses(pair)
    return verdict


async def _exchange(pair: Pair, seconds: float = 90) -> dict[str, Answered]:
    """Both places answer each other's notices until none is left open."""
    answered = {name: Answered() for name in pair.hubs}
    until, quiet = time.monotonic() + seconds, 0
    while quiet < 3 and time.monotonic() < until:
        open_here = [await answer_all(pair, name, answered[name]) for name in pair.hubs]
        quiet = quiet + 1 if not any(open_here) and await _nothing_under_way(pair) else 0
        await asyncio.sleep(0.4)
    return answered


async def _nothing_under_way(pair: Pair) -> bool:
    for name in pair.hubs:
        caller = await pair.caller(name, "civil_affairs", "hukou_exchange", "notifications")
        notices = await notices_of(caller, "issued", direction="outgoing")
        if any(n["direction"] == "outgoing" for n in notices):
            return False
    return True


def _tell_pushes(pushed: Pushed, population: Population, verdict: Verdict) -> None:
    console.rule("What the departments pushed")
    table = Table("department", *AREA_NAMES)
    for department in sorted({d for _, d in pushed.sent}):
        table.add_row(department, *(f"{pushed.sent[hub, department]:,}" for hub in AREA_NAMES))
    console.print(table)
    console.print(
        f"outcomes {dict(pushed.outcomes)}; commonest quality findings {dict(pushed.findings.most_common(6))}"
    )
    verdict.must(
        sum(pushed.sent.values()) == len(population.pushes) and not pushed.refusals,
        f"all {len(population.pushes):,} records were taken, none refused {dict(pushed.refusals) or ''}",
    )


AREA_NAMES = ("chongqing", "heze")


def _tell_hub(name: str, figures: HubFigures, verdict: Verdict) -> None:
    console.rule(name)
    console.print(
        f"children {figures.children:,}; status {figures.statuses}; cannot tell for want of {figures.missing}"
    )
    quality = figures.linkage
    console.print(
        f"linkage against the truth: precision {quality.precision:.4f}  recall {quality.recall:.4f}  F1 {quality.f1:.4f}"
    )
    console.print(f"key care (重点关爱): {figures.key_care}")
    verdict.must(quality.precision >= 0.985, "linkage precision ≥ 0.985")
    verdict.must(quality.recall >= 0.95, "linkage recall ≥ 0.95")
    verdict.must(
        figures.agreeing >= 0.75,
        f"status as in truth for {figures.agreeing:.1%} of children (≥ 75 %)",
    )
    verdict.must(bool(figures.key_care), "key care was proposed")


async def _tell_notices(
    pair: Pair, population: Population, answered: dict[str, Answered], verdict: Verdict
) -> None:
    console.rule("Notices between the two hubs")
    known = {push.truth_child for push in population.pushes}
    due = Counter((a, b) for child, a, b in crossings(population) if child.id in known)
    table = Table(
        "from → to", "true crossings", "issued", "delivered", "read", "answered", "outcomes"
    )
    for one, other in (AREA_NAMES, AREA_NAMES[::-1]):
        caller = await pair.caller(one, "civil_affairs", "hukou_exchange", "notifications")
        sent = [
            n
            for n in await notices_of(caller, direction="outgoing")
            if n["direction"] == "outgoing" and n.get("peer") == other
        ]
        stage = {s: sum(f"{s}_at" in n for n in sent) for s in ("issued", "delivered", "read")}
        done = sum(n["state"] == "answered" for n in sent)
        outcomes = dict(Counter(n.get("outcome", "-") for n in sent))
        table.add_row(
            f"{one} → {other}",
            f"{due[one, other]}",
            *(str(stage[s]) for s in ("issued", "delivered", "read")),
            str(done),
            str(outcomes),
        )
        arrived = sum(n["kind"] == "arrived" for n in sent)
        verdict.must(
            arrived >= 0.8 * due[one, other],
            f"{one} told {other} of {arrived} arrivals ({due[one, other]} true crossings)",
        )
        left = [
            {k: n.get(k) for k in ("kind", "state", "unroutable", "replaced_by")}
            for n in sent
            if n["state"] not in ("answered", "withdrawn")
        ]
        verdict.must(
            bool(sent) and not left,
            f"{other} answered {done} of {len(sent)} notices; open: {left[:3]}",
        )
    console.print(table)


async def _tell_child(
    pair: Pair, population: Population, true_child: dict[str, dict[Any, str]]
) -> None:
    """One child's whole story: the child that crossed and of whom most records speak."""
    console.rule("One child's story, as civil affairs sees it for supervision (identities masked)")
    told = Counter(push.truth_child for push in population.pushes)
    crossed = {child.id: where for child, where, _ in crossings(population)}
    child_id = max(crossed, key=lambda c: told[c])
    hub = crossed[child_id]
    person = next(p for p, c in true_child[hub].items() if c == child_id)
    caller = await pair.caller(hub, "civil_affairs", "supervision")
    reply = await caller.get(f"/v1/children/{person}")
    reply.raise_for_status()
    child = reply.json()
    table = Table("field", "value", "from", "observed on", "record")
    for name, held in child["fields"].items():
        table.add_row(
            name, held["value"], held["feed"], held["observed_on"], held["record"][:13] + "…"
        )
    for kind in ("hukou", "episodes"):
        for place in child.get(kind, []):
            span = f"{place.get('since', '?')} – {place.get('until', '')}"
            table.add_row(
                kind,
                f"{place['place']} {place['division']}",
                span,
                "",
                f"{len(place['records'])} records",
            )
    console.print(table)
    status = child["status"]
    console.print(
        f"status {status['status']}: "
        + "; ".join(f"{r['code']} ({r['clause']})" for r in status["reasons"])
    )
    console.print(f"next change by itself: {status.get('next_change_on', 'none')}")


async def _tell_proofs(pair: Pair, verdict: Verdict) -> None:
    console.rule("Proofs")
    for hub in pair.hubs.values():
        values = {k.removeprefix("HUTONG_").lower(): v for k, v in hub.environment().items()}
        registry = RegistrySettings.model_validate(values)
        faults = await audit_faults((registry, NotificationsSettings.model_validate(values)))
        verdict.must(not faults, f"{hub.name}: audit and events verify {faults[:3] or ''}")
        unlinked = await matching_faults(MatchingSettings.model_validate(values))
        verdict.must(not unlinked, f"{hub.name}: links verify {unlinked[:3] or ''}")
        differences = await differences_of(registry)
        verdict.must(
            not differences,
            f"{hub.name}: a rebuild reproduces the registry {differences[:3] or ''}",
        )


def _tell_addresses(pair: Pair) -> None:
    console.rule("Addresses (while the demo ran)")
    for hub in pair.hubs.values():
        console.print(
            f"{hub.name}: registry {hub.url('registry')}/docs  notifications {hub.url('notifications')}/docs"
        )
