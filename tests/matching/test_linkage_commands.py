"""`hutong linkage preview|apply|rekey|verify|reread|resend`, as an operator gives them."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from services.commands.linkage import linkage
from services.matching.linkage.normalization import Features
from services.matching.models import shipped
from shared import keys as key_files
from shared.database import SYSTEM
from tests.databases import MakeDatabase, Urls
from tests.matching.children import FAMILY, ID
from tests.matching.linkers import LinkedHub, model_with

CHILD: Features = {"name": "逄韫芷", "birth_date": "2015-03-07", "sex": "female", **FAMILY}
SECRETS = ("逄韫芷", ID, "2015-03-07", "13908123457")


async def test_an_operator_changes_model_and_keys_and_has_everything_told_again(
    database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, matching = await database("registry"), await database("matching")
    folder = tmp_path / "keys" / "matching"
    folder.mkdir(parents=True)
    hub = LinkedHub.make(folder, matching)
    (tmp_path / "keys" / "registry").mkdir()
    key_files.save(key_files.new_key_set(), tmp_path / "keys" / "registry" / "master.json")
    _, two = await hub.push((1, 1, CHILD), (2, 1, {**CHILD, "school": "人和街小学"}))
    await _care_for(registry, two.person)
    for name, value in {
        "HUTONG_HOME": str(tmp_path),
        "HUTONG_MATCHING_OWNER_URL": matching.owner,
        "HUTONG_MATCHING_DATABASE_URL": matching.app,
        "HUTONG_REGISTRY_DATABASE_URL": registry.app,
    }.items():
        monkeypatch.setenv(name, value)
    model = tmp_path / "strict.toml"
    model.write_bytes(model_with(certain=1000))

    told = json.loads(await _done("preview", str(model), "--json"))
    assert told["counts"]["entries_moved"] == 1
    assert told["in_key_care"] == [str(two.person)]
    said = await _done("preview", str(model))
    assert "1 entries moved" in " ".join(said.split())
    assert "in key care" in said
    assert "is active; 1 entries moved" in await _done(
        "apply", str(model), "--preview", told["preview"]
    )
    again = await _run("apply", str(model), "--preview", told["preview"])
    assert (again.exit_code, "applied before" in again.output) == (1, True)

    monkeypatch.setenv("HUTONG_CHILDREN", "20000")
    said = (await _run("preview", "shipped")).output
    assert "made for 20,000 children (HUTONG_CHILDREN): prior -14.5 bits" in said
    assert shipped.model(20_000).rule_version in said
    monkeypatch.delenv("HUTONG_CHILDREN")
    named = said.split("hutong linkage apply ")[1].split()
    assert "is active" in await _done("apply", *named)
    assert await hub.active() == shipped.model(20_000).rule_version

    assert "key 2 is looked under" in await _done("rekey")
    assert hub.keys.index.keys.keys() == {2}
    assert "agrees" in await _done("verify")
    assert "0 entries read anew" in await _done("reread")
    assert "0 entries queued" in await _done("resend")

    await hub.rows("UPDATE persons SET sealed = overlay(sealed PLACING '\\x0000' FROM 20)")
    broken = await _run("verify")
    assert broken.exit_code == 1
    assert f"persons {two.person}: " in broken.output
    unread = await _run("reread")
    assert (unread.exit_code, "do not open" in unread.output) == (1, True)
    await hub.close()


async def _care_for(registry: Urls, child: UUID | None) -> None:
    connection = await asyncpg.connect(registry.owner)
    try:
        await connection.execute(
            "SELECT set_config('hutong.department', $1, false)", SYSTEM.department
        )
        await connection.execute(
            "INSERT INTO key_care (id, child_id, category, state, residence_stated_by, hukou_stated_by, detail,"
            " since) VALUES (gen_random_uuid(), $1, 'disability', 'proposed', '{}', '{}', '{}', now())",
            child,
        )
    finally:
        await connection.close()


async def _run(*command: str) -> Any:
    result = await asyncio.to_thread(CliRunner().invoke, linkage, list(command))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not [secret for secret in SECRETS if secret in result.output]
    return result


async def _done(*command: str) -> str:
    result = await _run(*command)
    assert result.exit_code == 0, result.output
    out: str = result.stdout
    return out
