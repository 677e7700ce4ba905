"""`hutong clients`: what an operator sees of grants."""

from pathlib import Path

import pytest

from services.commands.areas import EVERYWHERE, shown
from shared import divisions
from tests.commands.conftest import Done, Owner, Shell


async def test_clients_are_listed_whatever_their_area(done: Done, tmp_path: Path) -> None:
    for name, area in (("service", "all"), ("city", "3717"), ("county", "500103")):
        await done(
            *("clients", "add", name, "education", area, "--scope", "records:write"),
            *("--out", str(tmp_path / f"{name}.jwk")),
        )
    await done("clients", "revoke", "city")
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in (await done("clients", "list")).splitlines()
        if line.startswith("│")
    ]
    assert rows == [
        ["city", "education", "3717 菏泽市", "records:write", "", "revoked"],
        ["county", "education", "500103 渝中区", "records:write", "", "live"],
        ["service", "education", "all", "records:write", "", "live"],
    ]


@pytest.mark.parametrize("columns", ["20", "80"])
async def test_no_id_or_scope_is_cut_however_narrow(
    done: Done, tmp_path: Path, columns: str
) -> None:
    name, scopes = "a-client-with-quite-a-long-name", ("records:write", "children:read")
    given = [part for scope in scopes for part in ("--scope", scope)]
    key = ("--out", str(tmp_path / "one.jwk"))
    await done("clients", "add", name, "disease_control", "500103", *given, *key)
    listed = await done("clients", "list", COLUMNS=columns)
    (row,) = [line for line in listed.splitlines() if name in line]
    assert all(scope in row for scope in scopes) and "…" not in listed


async def states(done: Done) -> dict[str, str]:
    """What `hutong clients list` says of each client's state."""
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in (await done("clients", "list")).splitlines()
        if line.startswith("│")
    ]
    return {row[0]: row[-1] for row in rows}


async def test_a_grant_is_changed_by_a_command_and_by_nothing_else(
    done: Done, shell: Shell, owner: Owner, tmp_path: Path
) -> None:
    add = ("--scope", "records:write", "--out", str(tmp_path / "one.jwk"))
    await done("clients", "add", "one", "education", "500103", *add)
    await done("clients", "change", "one", "--area", "500101", "--scope", "records:read")
    listed = await done("clients", "list")
    assert "500101 万州区" in listed and "records:read" in listed and "records:write" not in listed
    await owner("registry", "UPDATE clients SET high = 999999999999")
    assert await states(done) == {"one": "FORGED"}
    for act in (
        ("rotate", "one", "--out", str(tmp_path / "two.jwk")),
        ("change", "one", "--area", "50"),
        ("adopt", "one"),
    ):
        refused = await shell("clients", *act)
        assert (refused.exit_code, "not authentic" in refused.output) == (1, True), act
    await done("clients", "revoke", "one")
    assert await states(done) == {"one": "revoked"}


async def test_a_client_of_an_older_release_is_adopted_by_name(
    done: Done, owner: Owner, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        out = str(tmp_path / f"{name}.jwk")
        await done(
            "clients", "add", name, "education", "5001", "--scope", "records:write", "--out", out
        )
    await owner("registry", "UPDATE clients SET mac = NULL, generation = 0")
    assert await states(done) == {"one": "not adopted", "two": "not adopted"}
    await done("clients", "adopt", "one", "--actor", "operator-3")
    assert await states(done) == {"one": "live", "two": "not adopted"}


async def test_who_changed_a_grant_is_in_the_audit_trail(
    done: Done, owner: Owner, tmp_path: Path
) -> None:
    out = str(tmp_path / "one.jwk")
    add = ("clients", "add", "one", "police", "5001", "--scope", "records:write", "--out", out)
    await done(*add, HUTONG_ACTOR="operator-3")
    await done("clients", "revoke", "one", "--actor", "operator-4")
    rows = await owner("registry", "SELECT operation, actor FROM audit_entries ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("clients.add", "operator-3"),
        ("clients.revoke", "operator-4"),
    ]


async def test_a_client_that_is_not_there_is_named(shell: Shell) -> None:
    refused = await shell("clients", "revoke", "nobody")
    assert (refused.exit_code, refused.output.strip()) == (1, "there is no client nobody")


@pytest.mark.parametrize("area", ["everything", "0", "50010", ""])
async def test_an_area_that_is_none_is_refused(shell: Shell, tmp_path: Path, area: str) -> None:
    key = tmp_path / "made.jwk"
    refused = await shell(
        *("clients", "add", "one", "education", area, "--scope", "records:write"),
        *("--out", str(key)),
    )
    assert refused.exit_code == 2
    assert not key.exists()


@pytest.mark.parametrize("code", ["50", "3717", "500103", "500103001", "500103001001"])
def test_an_area_is_shown_as_the_code_that_says_it(code: str) -> None:
    assert shown(*divisions.area_of(divisions.widen(code))).split()[0] == code
    assert shown(*EVERYWHERE) == "all"


async def test_r9_a_contractor_is_added_for_an_area_and_a_time(
    done: Done, shell: Shell, owner: Owner, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path / "one.jwk"))
    add = ("clients", "add", "agency", "civil_affairs", "500103", "--contractor", *out)
    for refused in (
        await shell(*add),
        await shell(*add, "--until", "2099-12-31", "--scope", "key-care:read"),
        await shell(*add, "--until", "2001-12-31"),
    ):
        assert (refused.exit_code, "refused: " in refused.output) == (1, True), refused.output
    await done(*add, "--until", "2099-12-31")
    assert await states(done) == {"agency": "live, contractor until 2099-12-31"}
    (row,) = await owner("registry", "SELECT scopes, purposes, sources, valid_until FROM clients")
    assert (row["scopes"], row["purposes"]) == (["records:read", "records:write"], ["survey"])
    assert row["sources"] == ["agency"]
    assert row["valid_until"].isoformat() == "2099-12-31T16:00:00+00:00"
    await done("clients", "change", "agency", "--until", "2098-06-30")
    assert await states(done) == {"agency": "live, contractor until 2098-06-30"}
    widened = await shell("clients", "change", "agency", "--scope", "children:read")
    assert (widened.exit_code, "never has children:read" in widened.output) == (1, True)
