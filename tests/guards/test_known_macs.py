"""What was stored stays authentic: MACs, and what sealed notes are bound to, as they were made when these were written down.

A value here never changes.  Where a row is to say more, it says so only where it has more to say, so that older rows keep
their MACs; see ``shared.authenticity``.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import partial
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
from services.registry.alerts import authenticity as alerts
from services.registry.assessments import authenticity as guardianship
from services.registry.break_glass import opening, reviewing
from services.registry.cases import authenticity as cases
from services.registry.compartments import authenticity as compartments
from services.registry.handovers import authenticity as handovers
from services.registry.identity import authenticity as clients
from services.registry.identity.models import Client
from services.registry.key_care import authenticity as key_care
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
    "post_acts": (
        "00023c5b99bc663bb473cd023d364a342d422520dc0e66008c331dbd75768c1d0149",
        "0002197c08ca8a3fac1aa0b0a09c41993137ace48dca014715c4fbd603dbd8a89d83",
    ),
    "roster_acts": ("0002b2d4ccddfe20e87c858bc5a4e65e0cec6a71a2ab370ee921cd026b697e81f0ba",),
    "rulebooks": ("00029d45c6790ff173c08f9bae50da6448cd4bedccbd7ca63689a72dabc8e849b977",),
    "notices": (
        "000268ba86a7f1753fe5d52ac20354d13d80be6a6e8ba06dccbb1cf7380e52ddb158",
        "000255d057ccfd070147c1699f91a941d300585530394f357d17b7c1f65ed36ee488",
    ),
    "deliveries": ("0002060082d220e22f96fc1d3a38c12047cb9664591475d5f0af3abbfc7ff9637dac",),
}
#: What a row bears beside its columns.
_BESIDE: Final[Mapping[tuple[str, bool], Mapping[str, Any]]] = {
    ("notices", False): {"settled": None},  # not bound before it is said
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


def _part(part: str, row: Any) -> bytes:
    return compartments._bound(row, part)


#: By table: SHA-256 of what a sealed note is bound to, of a full row and of a bare one.
BOUND: Final[Sequence[tuple[str, Callable[[Any], bytes], tuple[str, str]]]] = (
    (
        "alert_acts",
        alerts.bound,
        (
            "4923694ae968f4491631fcb28e11f94162a43e02c3d7d61980ad7b3a4583fe27",
            "9bee4adbfa48ce3d2f0c9948949a631df7bb0beb5bd58d355f8642db4ec78ab6",
        ),
    ),
    (
        "cases",
        cases.case_bound,
        (
            # Of one that names a record; one that names none, as from before they did, is bound as it was.
            "17dc2b87b7e251f1cf02ed038a670aefcfa2bd5f9a7b69862345c712616cd645",
            "8d4f96806da7a3e8df152c3a6a28213665672bb1987baa77826fbd697fc8a6d7",
        ),
    ),
    (
        "case_acts",
        cases.act_bound,
        (
            "78cf6577cc208781ae52e4767b228aa24ef882c1a42dbf36d9f87c9b783e4a3c",
            "78cf6577cc208781ae52e4767b228aa24ef882c1a42dbf36d9f87c9b783e4a3c",
        ),
    ),
    (
        "handover_acts",
        handovers.bound,
        (
            "ce19ccf31a91e8cb73b87f9aa39b36d8e95dbce5e604bae138ae4a29f0a1711c",
            "da1476e6a42ef49b93e05c3e3b0b9915f054855dbef55c843dc4a93fb2fd4b8b",
        ),
    ),
    (
        "break_glass",
        opening.bound,
        (
            "605610ec11d742ebfc4a957bcf80771b1e682e9ef0e19601449f346bd70a44f2",
            "1e66fe6013c04e213aa047ec56ded61f7b477bb05f31163876c83308c94f31fa",
        ),
    ),
    (
        "assessments",
        partial(guardianship.bound, "assessments"),
        (
            "7d2770d516687fee13a2669a95e9fe5b70c9e6470100b5b7e656d7fca367a38b",
            "3363fd770b961401c98ad938d675f60bec58421616e52510c45a9413f3ebd382",
        ),
    ),
    (
        "placements",
        partial(guardianship.bound, "placements"),
        (
            "a23679163812629725d34a4daff1295a2ef4c46c0b8bdef7402b203d7d57fe45",
            "a23679163812629725d34a4daff1295a2ef4c46c0b8bdef7402b203d7d57fe45",
        ),
    ),
    (
        "placement_acts",
        partial(guardianship.bound, "placement_acts"),
        (
            "0cfe5f0d82353d93d61f2506e8cdc0b6f95ccdecaa722cd41e7fd0bca1db83dc",
            "0cfe5f0d82353d93d61f2506e8cdc0b6f95ccdecaa722cd41e7fd0bca1db83dc",
        ),
    ),
    (
        "compartment_entries",
        partial(_part, "level"),
        (
            "80a1cbebdbf3135d9673eec3fd2c3690d25c80caa23b1ffd4c8e92bb3657cee0",
            "80a1cbebdbf3135d9673eec3fd2c3690d25c80caa23b1ffd4c8e92bb3657cee0",
        ),
    ),
    (
        "compartment_entries",
        partial(_part, "words"),
        (
            "0fe81fe2c87584d08527211269b4fd7e205ab1ef59fe17288f3550a2f3939e0d",
            "0fe81fe2c87584d08527211269b4fd7e205ab1ef59fe17288f3550a2f3939e0d",
        ),
    ),
    (
        "compartment_acts",
        partial(_part, "level"),
        (
            "44bb1dafdaaccd317ae293025db605a9272150c6d30ef3730bfec9917721a3eb",
            "44bb1dafdaaccd317ae293025db605a9272150c6d30ef3730bfec9917721a3eb",
        ),
    ),
    (
        "compartment_acts",
        partial(_part, "words"),
        (
            "0e0d4ce52ef9736b58e1fcc4edbccc2138d5eda66dc661dd2f32fde74dd96a10",
            "0e0d4ce52ef9736b58e1fcc4edbccc2138d5eda66dc661dd2f32fde74dd96a10",
        ),
    ),
)


@pytest.mark.parametrize(("table", "bound", "told"), BOUND)
def test_what_a_sealed_note_is_bound_to_stays(
    table: str, bound: Callable[[Any], bytes], told: tuple[str, str]
) -> None:
    rows = (sample(table), sample(table, bare=True))
    assert tuple(hashlib.sha256(bound(row)).hexdigest() for row in rows) == told


def test_what_a_decision_and_a_review_are_bound_to_stays() -> None:
    basis = [UUID(int=7), UUID(int=8)]
    found = (
        key_care.bound({**sample("decisions"), "basis": basis}),
        key_care.bound({**sample("decisions", bare=True), "basis": []}),
        reviewing._bound(sample("break_glass")),
    )
    assert [hashlib.sha256(one).hexdigest() for one in found] == [
        "b9e69349269146b01f5b2fb24f447e0479c68c504020618ded2c2a405b522555",
        "de3b036332aa669d614ff67365e21b45b90b3ca080c618dbecded62675b474b9",
        "b126461645a4e0dd4e987be82176c10486a24da391ec84c862625b6f381575e7",
    ]
