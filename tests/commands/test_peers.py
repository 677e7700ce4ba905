"""`hutong peers` and `hutong authorities`: from the command line to where notices go."""

from pathlib import Path

import pytest

from shared import signatures
from tests.commands.conftest import Done, Shell


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Another hub's hub.pub."""
    path = tmp_path / "hub.pub"
    public = signatures.new_private_key().public_key()
    path.write_text(signatures.public_text(public) + "\n")
    return path


def peer(key: Path, host: str = "heze.example") -> list[str]:
    return [
        *("peers", "add", "heze", "3717", "--key", str(key)),
        *("--notifications", f"https://n.{host}/", "--registry", f"https://r.{host}"),
    ]


async def test_a_peer_is_added_changed_and_listed(done: Done, key: Path) -> None:
    assert key.read_text().strip() in await done(*peer(key))
    listed = await done("peers", "list")
    assert "3717 菏泽市" in listed
    assert "https://n.heze.example " in listed and "live" in listed
    await done(*peer(key, "elsewhere.example"), "--issuer", "https://issuer.example")
    listed = await done("peers", "list")
    assert "heze.example" not in listed
    assert "https://n.elsewhere.example" in listed and "https://issuer.example" in listed


@pytest.mark.parametrize(
    "address",
    ["http://n.heze.example", "https://10.0.0.8", "n.heze.example", "https://u@h.example"],
)
async def test_an_address_that_would_never_be_called_is_refused(
    shell: Shell, key: Path, address: str
) -> None:
    command = peer(key)
    command[command.index("--notifications") + 1] = address
    assert (await shell(*command)).exit_code == 2


async def test_a_network_that_the_operator_allows_is_not(done: Done, key: Path) -> None:
    command = peer(key)
    command[command.index("--notifications") + 1] = "http://10.0.0.8:8102"
    await done(*command, HUTONG_NOTIFICATIONS_ALLOWED_NETWORKS="10.0.0.0/8")


async def test_a_key_that_is_none_is_refused(shell: Shell, done: Done, key: Path) -> None:
    key.write_text("whsk_private")
    assert (await shell(*peer(key))).exit_code == 2
    assert "heze" not in await done("peers", "list")


async def test_an_authority_is_named_replaced_and_listed(done: Done, key: Path) -> None:
    await done("authorities", "add", "菏泽市民政局", "3717", "--client", "civil-3717")
    await done("authorities", "add", "曹县民政局", "371721", "--client", "civil-371721")
    await done(*peer(key))
    await done("authorities", "add", "菏泽户童通", "3717", "--peer", "heze")
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in (await done("authorities", "list")).splitlines()
        if line.startswith("│")
    ]
    assert rows == [
        ["菏泽户童通", "3717 菏泽市", "", "heze", "live"],
        ["曹县民政局", "371721 曹县", "civil-371721", "", "live"],
    ]


@pytest.mark.parametrize(
    "receiver", [[], ["--peer", "nobody"], ["--client", "a", "--peer", "b"]], ids=str
)
async def test_an_authority_has_one_receiver_that_is_known(
    shell: Shell, done: Done, receiver: list[str]
) -> None:
    assert (await shell("authorities", "add", "民政局", "3717", *receiver)).exit_code == 2
    assert "民政局" not in await done("authorities", "list")
