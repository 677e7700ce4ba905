"""The database is stolen tomorrow: no personal value in it, and nothing moved or edited opens."""

import base64
from uuid import UUID

import pytest

from services.local import secrets as key_files
from services.matching.entries.sealing import SealedEntry, Strongroom, hashes
from services.matching.linkage.normalization import Features
from shared import keys
from shared.keys import KeySet
from shared.sealing import Unsealable
from tests.matching.children import FAMILY, FATHER_ID, ID, MODEL
from tests.matching.conftest import Matching

CHILD: Features = {"name": "逄韫芷", "birth_date": "2015-03-07", "id_number": ID, **FAMILY}
SECRETS = (
    "逄韫芷",
    "pangyunzhi",
    "张强",
    ID,
    FATHER_ID,
    "13908123456",
    "13908123457",
    "2015-03-07",
)


async def test_no_personal_value_is_in_the_database(matching: Matching) -> None:
    await matching.resolve((1, 1, CHILD), (2, 1, {**CHILD, "id_number": ""}), (3, 1, {**FAMILY}))
    tables = await matching.rows(
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
        " WHERE table_schema IN ('public', 'vault')"
    )
    assert len(tables) == 8

    found = ""
    for table in tables:
        rows = await matching.rows(f"SELECT t::text AS line FROM {table['name']} t")
        found += "\n".join(row["line"] for row in rows).casefold()

    assert len(found) > 1000
    for secret in SECRETS:
        raw = secret.encode()
        for form in (secret, raw.hex(), base64.b64encode(raw).decode().rstrip("=")):
            assert form.casefold() not in found


@pytest.fixture(scope="module")
def strongroom() -> Strongroom:
    return Strongroom(keys.new_key_set(), keys.new_key_set(), MODEL)


def stored(strongroom: Strongroom) -> SealedEntry:
    made = strongroom.prepare(UUID(int=1), 7, CHILD)
    return SealedEntry(
        made.entry, made.version, made.sealed, made.data_key.master, made.data_key.wrapped
    )


def test_what_was_sealed_opens(strongroom: Strongroom) -> None:
    made = strongroom.prepare(UUID(int=1), 7, CHILD)

    assert strongroom.open(stored(strongroom)) == made.standard


@pytest.mark.parametrize("changed", ["entry", "version", "sealed", "master", "wrapped"])
def test_what_was_altered_does_not(strongroom: Strongroom, changed: str) -> None:
    entry = stored(strongroom)
    values = {name: getattr(entry, name) for name in SealedEntry.__slots__}
    values[changed] = {
        "entry": UUID(int=2),
        "version": 8,
        "sealed": entry.sealed[:-1] + bytes([entry.sealed[-1] ^ 1]),
        "master": 2,
        "wrapped": bytes([entry.wrapped[0] ^ 1]) + entry.wrapped[1:],
    }[changed]

    with pytest.raises(Unsealable):
        strongroom.open(SealedEntry(**values))


def test_blocking_hashes_need_the_key() -> None:
    one, other = keys.new_key_set(), keys.new_key_set()

    assert hashes(one.key, ["identifier|x"]) == hashes(one.key, ["identifier|x"])
    assert hashes(one.key, ["identifier|x"]) != hashes(other.key, ["identifier|x"])


def test_while_index_keys_rotate_both_are_looked_for() -> None:
    old = keys.new_key_set()
    new: KeySet = keys.rotated(old)
    master = keys.new_key_set()
    before = Strongroom(master, old, MODEL).prepare(UUID(int=1), 1, CHILD)
    after = Strongroom(master, new, MODEL).prepare(UUID(int=2), 1, CHILD)

    assert not set(before.keys) & set(after.keys)
    assert set(before.keys) < set(after.sought)
    assert set(after.keys) < set(after.sought)


def test_init_makes_the_keys_that_matching_reads(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    key_files.make(home)

    for name in ("master", "index"):
        assert keys.load(home / "keys" / "matching" / f"{name}.json").key
