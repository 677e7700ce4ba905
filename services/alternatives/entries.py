"""The entries of a corpus as one Arrow table, in standard form: what every alternative starts from."""

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow

from services.evaluation.corpus import Corpus, Record
from services.evaluation.kinship import kinship
from services.evaluation.merges import Kinship
from services.evaluation.truth import Truth
from services.matching.linkage.births import Birth
from services.matching.linkage.lunar import solar_days
from services.matching.linkage.normalization import Standard, standardise

_BATCH = 20_000
_COUNTY, _TOWNSHIP = 10**6, 10**3
_LISTS = pyarrow.list_(pyarrow.string())
SCHEMA = pyarrow.schema(
    {
        "id_number": pyarrow.string(),
        "id_typed": pyarrow.string(),
        "id_tail": pyarrow.string(),
        "document": pyarrow.string(),
        "name": pyarrow.string(),
        "sound": pyarrow.string(),
        "fuzzy": pyarrow.string(),
        "fuzzy_sorted": pyarrow.string(),
        "surname": pyarrow.string(),
        "birth": pyarrow.string(),
        "year": pyarrow.int32(),
        "month": pyarrow.int32(),
        "day": pyarrow.int32(),
        "month_and_day": pyarrow.string(),
        "births": _LISTS,
        "sex": pyarrow.string(),
        "guardian_ids": _LISTS,
        "guardian_names": _LISTS,
        "phones": _LISTS,
        "homes": _LISTS,
        "hukou": pyarrow.int64(),
        "hukou_county": pyarrow.int64(),
        "residence": pyarrow.int64(),
        "residence_county": pyarrow.int64(),
        "school": pyarrow.string(),
        "cohort": pyarrow.int32(),
    }
)


@dataclass(slots=True)
class Entries:
    """One row an entry, its newest version. ``records`` counts versions; ``seconds`` were spent on
    standard form.
    """

    table: Any
    records: int
    seconds: float
    entries: list[Any] = field(default_factory=list)


def read(directory: Path) -> Entries:
    """All entries of a corpus."""
    corpus = Corpus.open(directory)
    records = corpus.read(corpus.lines())
    newest: dict[Any, tuple[int, int]] = {}
    batches = []
    rows, seconds = 0, 0.0
    while batch := list(islice(records, _BATCH)):
        began = time.perf_counter()
        batches.append(_rows(batch))
        seconds += time.perf_counter() - began
        for at, record in enumerate(batch, rows):
            if record.entry not in newest or newest[record.entry][0] < record.version:
                newest[record.entry] = record.version, at
        rows += len(batch)
    kept = sorted((at, entry) for entry, (_, at) in newest.items())
    table = pyarrow.Table.from_batches(batches, SCHEMA).take([at for at, _ in kept])
    return Entries(table.combine_chunks(), rows, seconds, [entry for _, entry in kept])


def truth_of(directory: Path, entries: list[Any]) -> "tuple[array[int], Kinship]":
    """Each entry's child, and who is whose twin. Every entry must be in the truth."""
    corpus = Corpus.open(directory)
    truth = Truth.read(directory, unnamed_sources=False)
    children = array("L", (truth.child_of(entry) or 0 for entry in entries))
    return children, kinship(corpus, truth)


def _rows(batch: list[Record]) -> Any:
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for record in batch:
        for name, value in _row(standardise(record.features)).items():
            columns[name].append(value)
    return pyarrow.record_batch([pyarrow.array(columns[f.name], f.type) for f in SCHEMA], SCHEMA)


def _row(entry: Standard) -> dict[str, Any]:
    name = entry.names[0] if entry.names else None
    birth = entry.births[0] if entry.births else None
    number = entry.id_number or entry.id_typed
    return {
        "id_number": entry.id_number,
        "id_typed": entry.id_typed,
        "id_tail": number[-8:] if number else None,
        "document": entry.document,
        "name": name and name.text,
        "sound": name and name.reading,
        "fuzzy": name and name.fuzzy_reading,
        "fuzzy_sorted": name and "".join(sorted(name.fuzzy)),
        "surname": name and name.fuzzy[:1],
        "birth": birth and _day(birth),
        "year": birth and birth[0],
        "month": birth and birth[1],
        "day": birth and birth[2],
        "month_and_day": birth and f"{min(birth[1:])}|{max(birth[1:])}",
        "births": list(_births(entry)),
        "sex": entry.sex,
        "guardian_ids": sorted(entry.guardian_ids),
        "guardian_names": sorted({guardian.fuzzy_reading for guardian in entry.guardian_names}),
        "phones": sorted(entry.phones),
        "homes": sorted(entry.homes),
        "hukou": entry.hukou and entry.hukou // _TOWNSHIP,
        "hukou_county": entry.hukou and entry.hukou // _COUNTY,
        "residence": entry.residence and entry.residence // _TOWNSHIP,
        "residence_county": entry.residence and entry.residence // _COUNTY,
        "school": entry.school,
        "cohort": entry.cohort,
    }


def _births(entry: Standard) -> Iterator[str]:
    """Every day that the entry may mean: stated, read from the number, or lunar."""
    told = dict.fromkeys(entry.births)
    if entry.stated_birth is not None:
        told |= dict.fromkeys(solar_days(*entry.stated_birth))
    return map(_day, told)


def _day(birth: Birth) -> str:
    return f"{birth[0]:04}{birth[1]:02}{birth[2]:02}"
