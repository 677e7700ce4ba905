"""`hutong audit`: what an operator learns, with the log or a line of JSON kept elsewhere, of a trail that was cut off."""

import json
from pathlib import Path

import pytest
import structlog

from shared import sequencing, signatures
from shared.checkpoints import AUDIT, OUTBOX, witnesses
from shared.database import SYSTEM, Database
from tests.commands.conftest import Done, Owner, Shell
from tests.databases import MakeDatabase

HUB = "hutong"


@pytest.fixture
async def trail(done: Done, databases: MakeDatabase, tmp_path: Path) -> Path:
    """Three entries, numbered and signed for twice; the log of the worker that did so."""
    log = tmp_path / "work-registry.log"
    signer = signatures.private_key(
        (tmp_path / "keys" / "registry" / "audit-signing.key").read_text().strip()
    )
    database = Database((await databases("registry")).app, 1)
    with log.open("w") as file, structlog.testing.capture_logs() as told:
        for name in ("one", "two", "three"):
            out = str(tmp_path / f"{name}.jwk")
            await done(
                *("clients", "add", name, "police", "5001", "--scope", "records:write"),
                *("--out", out),
            )
            async with database.transaction(SYSTEM) as session:
                assert await sequencing.number(session, "audit_entries") == 1
            for of in (AUDIT, OUTBOX):
                async with database.transaction(SYSTEM) as session:
                    grown = await sequencing.checkpoint(session, HUB, signer, of)
                assert grown == (of == AUDIT)
        file.write("not JSON\n")
        file.writelines(json.dumps(line) + "\n" for line in told)
    await database.close()
    return log


async def cut(owner: Owner, seq: int) -> None:
    """The tail and its checkpoints, and what they told of: as if it had never been."""
    await owner("registry", f"DELETE FROM audit_entries WHERE seq > {seq}")
    await owner("registry", f"DELETE FROM audit_checkpoints WHERE seq > {seq}")
    await owner("registry", "DELETE FROM clients WHERE id = 'three'")


async def test_every_checkpoint_is_told_to_the_log(trail: Path, done: Done) -> None:
    with trail.open() as lines:
        assert [one.seq for one in witnesses(lines)] == [1, 2, 3]
    said = await done("audit", "verify", "--witness", str(trail))
    assert "intact, and 3 witnesses agree" in said


@pytest.mark.parametrize("kept", ["log", "printed", "number"])
async def test_a_tail_cut_off_with_its_checkpoints_is_noticed(
    trail: Path, done: Done, shell: Shell, owner: Owner, tmp_path: Path, kept: str
) -> None:
    printed = tmp_path / "checkpoints.jsonl"
    printed.write_text(await done("audit", "checkpoints"))
    options = {
        "log": ("--witness", str(trail)),
        "printed": ("--witness", str(printed)),
        "number": ("--at-least", "registry-audit=3"),
    }
    assert "intact" in await done("audit", "verify", *options[kept])
    await cut(owner, 2)
    assert "intact" in await done("audit", "verify")
    found = await shell("audit", "verify", *options[kept])
    assert found.exit_code == 1
    assert "registry audit 3: " in found.output and "cut off" in found.output


async def test_a_witness_that_the_hub_did_not_sign_is_named(
    trail: Path, shell: Shell, tmp_path: Path
) -> None:
    forged = tmp_path / "forged.jsonl"
    (*_, line) = trail.read_text().splitlines()
    forged.write_text(json.dumps({**json.loads(line), "seq": 900}))
    found = await shell("audit", "verify", "--witness", str(forged))
    assert (found.exit_code, found.output.strip()) == (
        1,
        "witness audit 900: not signed by this hub",
    )


async def test_what_tells_of_nothing_is_asked_back(shell: Shell, tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.write_text("nothing\n")
    for more in (
        ("--witness", str(empty)),
        ("--at-least", "3"),
        ("--at-least", "registry-audit=x"),
        ("--at-least", "matching-audit=3"),
    ):
        assert (await shell("audit", "verify", *more)).exit_code == 2


async def test_r57_a_years_access_report_is_reconciled_to_the_trail(
    trail: Path, shell: Shell, owner: Owner
) -> None:
    rows = await owner("registry", "SELECT at FROM audit_entries LIMIT 1")
    year = str(rows[0]["at"].year)
    said = await shell("audit", "report", year, "--json")
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert (report["last"], report["touching_nobody"], report["reconciled"]) == (3, 3, True)
    assert "0 accesses to 0 children" in (await shell("audit", "report", year)).stdout
    await owner("registry", "DELETE FROM audit_entries WHERE seq = 2")
    said = await shell("audit", "report", year)
    assert said.exit_code == 1
    assert "entry 2 is missing" in said.output
