"""`hutong clients`: what an operator sees of grants."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.commands.areas import EVERYWHERE, shown
from shared import divisions
from tests.commands.conftest import Shell

Done = Callable[..., Awaitable[str]]


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
