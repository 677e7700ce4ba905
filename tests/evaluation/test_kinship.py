"""Who is whose twin or sibling, when only the records can say."""

from pathlib import Path
from typing import Any

from services.evaluation.corpus import Corpus
from services.evaluation.kinship import inferred, kinship
from services.evaluation.merges import Kind
from services.evaluation.truth import Truth
from services.population import corpus as writing
from tests.evaluation.test_corpus import ENROLMENT, write

FATHER = {"name": "示大山", "relation": "father", "phone": "14200000001"}
MOTHER = {"name": "示小河", "relation": "mother", "id_number": "371721198804120114"}


def item(number: int, born: str, *guardians: dict[str, str]) -> dict[str, Any]:
    child = {"name": f"示{number}", "birth_date": born}
    return {**ENROLMENT, "source_id": f"{number}", "child": child, "guardians": list(guardians)}


def test_guardians_make_siblings_and_birthdays_twins(tmp_path: Path) -> None:
    items = [
        item(0, "2015-03-07", FATHER),
        item(1, "20150307", FATHER, MOTHER),
        item(2, "2018-01-01", MOTHER),
        item(3, "2015-03-07", {**FATHER, "phone": "14200000002"}),
    ]
    write(tmp_path, enrolments=items)
    (tmp_path / "truth.ndjson").write_text(
        "".join(
            f'{{"source":"east-education","source_id":"{n}","child":"{n}"}}\n' for n in range(4)
        )
    )

    kin = kinship(Corpus.open(tmp_path), Truth.read(tmp_path))

    assert kin.kinds((0, 1)) == {0: Kind.TWIN, 1: Kind.TWIN}
    assert kin.kinds((1, 2)) == {1: Kind.SIBLING, 2: Kind.SIBLING}
    assert kin.kinds((0, 3)) == {0: Kind.OTHER, 3: Kind.OTHER}
    assert kin.twins() == 2


def test_the_records_of_a_corpus_say_nearly_what_its_truth_does(tmp_path: Path) -> None:
    writing.write(tmp_path, 1500, seed=3)
    corpus, truth = Corpus.open(tmp_path), Truth.read(tmp_path)

    stated, told = kinship(corpus, truth).twins(), inferred(corpus, truth).twins()

    assert stated > 20
    assert abs(stated - told) <= 0.2 * stated
