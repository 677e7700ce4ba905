"""Who is whose twin or sibling: as the truth states it, or else as the records themselves say.

Records of two children that name the same guardian, by a valid number or by name and phone, make
them siblings; a child's birth date is the one most of its records state.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import blake2b

from services.evaluation.corpus import Corpus
from services.evaluation.merges import Kinship
from services.evaluation.truth import Truth
from services.matching.linkage.normalization import Features
from shared import resident_id


def kinship(corpus: Corpus, truth: Truth) -> Kinship:
    """What the truth states, if it does for any child; else what can be inferred."""
    if truth.families and truth.births:
        numbers: dict[str, int] = {}
        families = {
            child: frozenset((numbers.setdefault(family, len(numbers)),))
            for child, family in truth.families.items()
        }
        return Kinship(families, truth.births)
    return inferred(corpus, truth)


def inferred(corpus: Corpus, truth: Truth) -> Kinship:
    """Kinship from the guardians and birth dates that the records state."""
    guardians: dict[int, set[int]] = defaultdict(set)
    births: dict[int, Counter[str]] = defaultdict(Counter)
    for record in corpus.read(corpus.lines()):
        child = truth.child_of(record.entry)
        if child is None:
            continue
        features = record.features
        guardians[child].update(_keys(features))
        if born := _born(features):
            births[child][born] += 1
    return Kinship(
        {child: frozenset(keys) for child, keys in guardians.items()},
        {child: stated.most_common(1)[0][0] for child, stated in births.items()},
    )


def _keys(features: Features) -> Iterator[int]:
    for guardian in features.get("guardians", ()):
        number = resident_id.read(guardian.get("id_number") or "")
        if number.valid and number.number:
            yield _hash(number.number)
        if guardian.get("name") and guardian.get("phone"):
            yield _hash(f"{guardian['name']} {guardian['phone']}")


def _born(features: Features) -> str | None:
    """Eight digits of the stated date, or those of the number where none is stated."""
    digits = "".join(c for c in (features.get("birth_date") or "") if c.isdigit())
    if len(digits) == 8:
        return digits
    number = resident_id.read(features.get("id_number") or "")
    return f"{number.birth_on:%Y%m%d}" if number.valid and number.birth_on else None


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
