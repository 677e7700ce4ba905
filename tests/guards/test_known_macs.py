"""What was stored stays authentic: MACs, and what sealed notes are bound to, as they were made when these were written down.

A value here never changes.  Where a row is to say more, it says so only where it has more to say, so that older rows keep
their MACs; see ``shared.authenticity``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID
from zlib import crc32

import pytest

from services.notifications import proving as exchanges
from services.notifications import tables as notifications_tables
from services.notifications.authorities import queries as authorities
from services.notifications.authorities.models import Authority
from services.notifications.peers import queries as peers
from services.notifications.peers.models import Peer
from services.registry import proving
from services.registry import tables as registry_tables
from services.registry.identity import authenticity as clients
from services.registry.identity.models import Client
from shared.authenticity import Attested
from shared.keys import KeySet

KEYS = KeySet(2, {1: bytes(32), 2: bytes(range(32))})
TABLES = {**notifications_tables.METADATA.tables, **registry_tables.METADATA.tables}
ATTESTED = {one.table: one for one in (*proving.ATTESTED, *exchanges.ATTESTED)}
_CHINA = timezone(timedelta(hours=8))
_SAMPLES: Final[Mapping[type, Any]] = {
    bool: lambda n: bool(n % 2),
    int: lambda n: 500103000000 + n,
    str: lambda n: f"{n} 值",
    bytes: lambda n: bytes([0, 255, n]),
    UUID: lambda n: UUID(int=n + 1),
    datetime: lambda n: datetime(2026, 3, 2, 1, 2, 3, n, _CHINA),
    date: lambda n: date(2026, 1, n + 1),
    list: lambda n: ["乙", f"{n}"],
    dict: lambda n: {"b": n, "a": {"z": 1, "y": [None]}},
    object: lambda n: {"b": n, "a": {"z": 1, "y": [None]}},
}


def sample(table: str, *, bare: bool = False) -> dict[str, Any]:
    """A row that has all that it can have, or no more than it must."""
    return {
        column.name: None
        if bare and column.nullable
        else _SAMPLES[column.type.python_type](crc32(column.name.encode()) % 28)
        for column in TABLES[table].columns
    }


#: By table: of a full row, of a bare one.
MACS: Final[Mapping[str, Sequence[str]]] = {
    "child_changes": (
        "0002a4c1e6966973238eb56480b2c13b20ada9defd56035d66d59b4c6770c8289846",
        "0002fa8ae819f7a2c0e65f02e81a4a18e8eded2716f471d3b9cf2466f3663b3382c0",
    ),
    "change_positions": ("00022c45d8f04140f0427935fe44adca8b603c4690a1de433a290851a787b85457d5",),
    "former_links": (
        "00022f58089b02ffe4cd1be076c48c0a4e18d7c85331e3b529e42ea3ab256a83b42d",
        "00022f58089b02ffe4cd1be076c48c0a4e18d7c85331e3b529e42ea3ab256a83b42d",
    ),
    "survey_rounds": (
        "00020b99fff2112cbfb959bd9757242e4ccb44b51e09627c5c68cdcbdb334c04dadc",
        "00021b079015dc841ed7c29e55f09e536d38e36db4fb72a9aef63f0d09bf4259f2c0",
    ),
    "figures": (
        "00026409fc0100dfb398496e5181507e17ffb02acc3286b335d75c5c3410c755f212",
        "000286d1546ff127a16c32683301793e10fb09871ff849212bbab344872bef8aed01",
    ),
    "erasures": (
        "00022a81e15019da6a61e27d0f12c102c8f3033ff2d62272b26b34cd9dc0f7f99d48",
        "0002f265fad90c526d2f678077eff6367bdd7ea7bf77da599a9d22f899195ae786bc",
    ),
    "rosters": (
        "0002c0509ea925c3370305830747a3c6035a9df8322dd0123a66909dc8950449ce8c",
        "0002c0509ea925c3370305830747a3c6035a9df8322dd0123a66909dc8950449ce8c",
    ),
    "roster_rows": (
        "0002d23ebcf673d45439f53adbb6f36a2869529e1c1f1f168cd7f188b60bff73ec9e",
        "00025061021cbfc9770e6740533820aeaa4fd6d02a72805a4c0c31ff05a9a2f8f1cd",
    ),
    "roster_readings": (
        "0002cfe4c054021fbfb422f57fd62132c14eaa446c8807f8ea88005970e241d26a63",
        "00026663f60c1cc7f50b780d524a048ae0b2affaede71bc598884f06461c282e4af7",
    ),
    "rulebooks": ("00029d45c6790ff173c08f9bae50da6448cd4bedccbd7ca63689a72dabc8e849b977",),
    "notices": (
        "000268ba86a7f1753fe5d52ac20354d13d80be6a6e8ba06dccbb1cf7380e52ddb158",
        "000255d057ccfd070147c1699f91a941d300585530394f357d17b7c1f65ed36ee488",
    ),
    "deliveries": ("0002060082d220e22f96fc1d3a38c12047cb9664591475d5f0af3abbfc7ff9637dac",),
}
#: What a row bears beside its columns.
_BESIDE: Final[Mapping[tuple[str, bool], Mapping[str, Any]]] = {
    ("erasures", False): {"entries": [UUID(int=9), UUID(int=3)]},
    ("roster_rows", True): {"generation": 0},
    ("roster_readings", True): {"generation": 0},
}


@pytest.mark.parametrize("table", MACS)
def test_a_row_keeps_its_mac(table: str) -> None:
    attested: Attested = ATTESTED[table]
    for bare, told in zip((False, True), MACS[table], strict=False):
        row = sample(table, bare=bare) | dict(_BESIDE.get((table, bare), {}))
        assert attested.mac(KEYS, row).hex() == told
        assert attested.stands(KEYS, {**row, attested.mac_column: bytes.fromhex(told)})


def test_an_operators_row_keeps_its_mac() -> None:
    unlimited = {"contractor": False, "valid_from": None, "valid_until": None}
    rows = (
        clients.registered(Client(**sample("clients"))),
        clients.registered(Client(**sample("clients") | unlimited)),
        peers.registered(Peer(**sample("peers"))),
        authorities.registered(Authority(**sample("authorities"))),
    )
    assert [row.made(KEYS).hex() for row in rows] == [
        "000248a3fb8b616131bf6216bba41d3f590d46bd00dd0f102343385c085c4e9760d7",
        "00027ea0c3eeb8c616ca3bab79f59d5d80c945aa33241fd1b4af7fd819ece1c625ff",
        "0002ab6fdcf02cb5db85ef1fd934c09f2bce3038e0bc204dc9633e93f0b0988ca992",
        "0002ca14fc186959fa0a0e57ee9bbc3bb83325279e5d2d3d365dd4fc855db1ea84d2",
    ]


def test_every_row_with_a_mac_is_proven() -> None:
    bearing = {
        name for name, table in TABLES.items() if {"mac", "answer_mac"} & set(table.columns.keys())
    }
    trails = {"audit_entries", "outbox"}  # by ``shared.verification``
    assert bearing == ATTESTED.keys() | trails | {"clients", "peers", "authorities"}
    assert MACS.keys() == ATTESTED.keys()
