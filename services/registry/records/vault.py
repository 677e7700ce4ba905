"""Sealing and opening records: one data key a record, every plain column bound to the sealed item.

Wrapped data keys stand in ``vault.data_keys``; without the row there the record can never be read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from services.registry.records.feeds import FEEDS, Item
from services.registry.records.models import RECALL
from shared.sealing import Sealer, Unsealable, WrappedKey, seal, unseal

COLUMNS = (
    "id",
    "entry_id",
    "version",
    "kind",
    "feed",
    "source",
    "department",
    "client",
    "division",
    "observed_on",
    "received_at",
    "birth_on",
    "residence_code",
    "hukou_code",
    "findings",
    "content_mac",
)
#: A record with its key, as every opener selects it; ``r`` is ``records`` and ``k`` is ``vault.data_keys``.
SELECT = (
    "SELECT " + ", ".join(f"r.{name}" for name in COLUMNS) + ", r.sealed, k.master, k.wrapped"
    " FROM records r LEFT JOIN vault.data_keys k ON k.id = r.id"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """The plain columns of a record."""

    id: UUID
    entry_id: UUID
    version: int
    kind: int
    feed: str
    source: str
    department: str
    client: str
    division: int
    observed_on: date
    received_at: datetime
    birth_on: date | None
    residence_code: int | None
    hukou_code: int | None
    findings: tuple[str, ...]
    content_mac: bytes

    def bound(self) -> bytes:
        """Every plain column as unambiguous bytes: a JSON array, which is twenty times as fast as ``binding``."""
        return orjson.dumps(
            (
                self.id.hex,
                self.entry_id.hex,
                self.version,
                self.kind,
                self.feed,
                self.source,
                self.department,
                self.client,
                self.division,
                self.observed_on.toordinal(),
                int(self.received_at.timestamp() * 1_000_000),
                self.birth_on.toordinal() if self.birth_on else None,
                self.residence_code,
                self.hukou_code,
                self.findings,
                self.content_mac.hex(),
            )
        )

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Plain":
        values = {name: row[name] for name in COLUMNS}
        values["findings"] = tuple(values["findings"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Opened:
    """A record with its item; a recall has none."""

    plain: Plain
    item: Item | None


def close(sealer: Sealer, plain: Plain, payload: bytes) -> tuple[bytes, WrappedKey]:
    """Seal an item under a fresh data key: the sealed bytes and the wrapped key to store."""
    data_key, wrapped = sealer.new_key(plain.id)
    return seal(data_key, payload, plain.bound()), wrapped


def open_row(sealer: Sealer, row: Mapping[str, Any]) -> Opened | None:
    """A row of ``SELECT``; None when its key was destroyed; ``Unsealable`` when anything was changed."""
    if row["wrapped"] is None:
        return None
    plain = Plain.of(row)
    data_key = sealer.unwrap(plain.id, row["master"], row["wrapped"])
    payload = unseal(data_key, row["sealed"], plain.bound())
    if plain.kind == RECALL:
        return Opened(plain, None)
    try:
        return Opened(plain, FEEDS[plain.feed].model.model_validate_json(payload))
    except (ValidationError, KeyError) as error:
        raise Unsealable(f"record {plain.id} does not fit its feed any more") from error
