"""The database is stolen tomorrow: no personal value in it, and nothing moved or edited opens."""

import base64
from uuid import UUID

import pytest

from services.local import secrets as key_files
from services.matching.entries.sealing import Strongroom, hashes
from services.matching.linkage.normalization import Features
from services.matching.linkage.persons import Person, Sight
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
        " WHERE table_schema = 'public'"
    )
    assert {t["name"] for t in tables} >= {"public.entries", "public.persons"}

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


ENTRY = UUID(int=1)


def test_an_entry_that_was_sealed_opens(strongroom: Strongroom) -> None:
    made = strongroom.prepare(ENTRY, 7, CHILD)

    assert strongroom.open_entry(ENTRY, 7, made.sealed) == CHILD


def test_a_person_that_was_sealed_opens(strongroom: Strongroom) -> None:
    made = strongroom.prepare(ENTRY, 7, CHILD)
    person = Person(UUID(int=9), {made.features: {ENTRY: Sight(5)}}, made.keys)

    opened = strongroom.open_person(UUID(int=9), strongroom.seal_person(person), doubtful=False)

    assert (opened.cards, opened.keys) == (person.cards, person.keys)


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_what_was_altered_does_not_open(strongroom: Strongroom, at: int) -> None:
    made = strongroom.prepare(ENTRY, 7, CHILD)
    person = strongroom.seal_person(
        Person(UUID(int=9), {made.features: {ENTRY: Sight(5)}}, made.keys)
    )

    for sealed, opening in (
        (made.sealed, lambda changed: strongroom.open_entry(ENTRY, 7, changed)),
        (person, lambda changed: strongroom.open_person(UUID(int=9), changed, doubtful=False)),
    ):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(Unsealable):
            opening(bytes(changed))


def test_what_was_moved_does_not_open(strongroom: Strongroom) -> None:
    made = strongroom.prepare(ENTRY, 7, CHILD)
    person = strongroom.seal_person(
        Person(UUID(int=9), {made.features: {ENTRY: Sight(5)}}, made.keys)
    )

    for opening in (
        lambda: strongroom.open_entry(UUID(int=2), 7, made.sealed),
        lambda: strongroom.open_entry(ENTRY, 8, made.sealed),
        lambda: strongroom.open_person(UUID(int=8), person, doubtful=False),
        lambda: strongroom.open_person(ENTRY, made.sealed, doubtful=False),
    ):
        with pytest.raises(Unsealable):
            opening()


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
    assert set(before.sought) < set(after.sought)
    assert set(before.numbers) < set(after.numbers)
    assert before.faint < after.faint < set(after.sought)


def test_init_makes_the_keys_that_matching_reads(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    key_files.make(home)

    for name in ("master", "index"):
        assert keys.load(home / "keys" / "matching" / f"{name}.json").key
