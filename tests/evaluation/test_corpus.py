"""Reading a corpus: everything once, in either order, with what is refused counted and named."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.evaluation.corpus import Corpus, NotACorpus, entry_of

ENROLMENT = {
    "source": "east-education",
    "source_id": "e-1",
    "version": 1,
    "observed_on": "2025-09-03",
    "division": "500103",
    "child": {"name": "示小满"},
    "event": "enrolled",
    "on": "2025-09-01",
    "stage": "primary",
}
DOSE = {
    **{key: ENROLMENT[key] for key in ("observed_on", "division", "child")},
    "source": "east-disease_control",
    "source_id": "v-1",
    "version": 1,
    "vaccine": "MMR",
    "dose": 1,
    "given_on": "2025-09-01",
}


def write(folder: Path, **feeds: list[Any]) -> Path:
    """Feed files of these items; a text stands for itself."""
    for feed, items in feeds.items():
        lines = [item if isinstance(item, str) else json.dumps(item) for item in items]
        (folder / f"{feed}.ndjson").write_text("\n".join(lines) + "\n")
    (folder / "truth.ndjson").touch()
    return folder


def enrolments(*numbers: int) -> list[dict[str, Any]]:
    return [{**ENROLMENT, "source_id": f"e-{n}"} for n in numbers]


def test_every_line_is_read_once_with_its_feed(tmp_path: Path) -> None:
    corpus = Corpus.open(write(tmp_path, enrolments=enrolments(1, 2, 3), vaccinations=[DOSE]))

    found = list(corpus.read(corpus.lines()))

    assert len(corpus) == 4
    assert [(record.feed, record.item.source_id) for record in found] == [
        ("enrolments", "e-1"),
        ("enrolments", "e-2"),
        ("enrolments", "e-3"),
        ("vaccinations", "v-1"),
    ]
    assert found[0].entry == entry_of("east-education", "enrolments", "e-1")


def test_shuffling_is_a_matter_of_the_seed_and_loses_nothing(tmp_path: Path) -> None:
    corpus = Corpus.open(write(tmp_path, enrolments=enrolments(*range(50)), vaccinations=[DOSE]))

    one, again, other = (corpus.lines("shuffled", seed) for seed in (1, 1, 2))

    assert one == again != other
    assert sorted(one) == list(corpus.lines())
    read = [record.item.source_id for record in corpus.read(one)]
    assert sorted(read) == sorted([*(f"e-{n}" for n in range(50)), "v-1"])


def test_what_intake_would_refuse_is_counted_by_feed_field_and_flaw(tmp_path: Path) -> None:
    flawed = [
        {**ENROLMENT, "stage": "university"},
        {**ENROLMENT, "child": {"nickname": "满满"}},
        "no json",
        *enrolments(7),
    ]
    corpus = Corpus.open(write(tmp_path, enrolments=flawed))

    assert [record.item.source_id for record in corpus.read(corpus.lines())] == ["e-7"]
    assert corpus.refused == {
        "enrolments: stage: enum": 1,
        "enrolments: child.nickname: extra_forbidden": 1,
        "enrolments: item: json_invalid": 1,
    }
    assert "满满" not in str(corpus.refused)


def test_the_newest_version_of_an_entry_is_found_wherever_it_stands(tmp_path: Path) -> None:
    versions = [{**ENROLMENT, "version": version} for version in (1, 3, 2)]
    corpus = Corpus.open(write(tmp_path, enrolments=[*versions, *enrolments(2)]))
    entry = entry_of("east-education", "enrolments", "e-1")

    found = corpus.newest({entry})

    assert {key: record.version for key, record in found.items()} == {entry: 3}


def test_blank_lines_and_other_files_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, enrolments=["", *enrolments(1), ""], notes=["hello"])

    assert len(list((corpus := Corpus.open(tmp_path)).read(corpus.lines()))) == 1


@pytest.mark.parametrize("missing", ["truth", "enrolments"])
def test_a_directory_without_feeds_or_truth_is_no_corpus(tmp_path: Path, missing: str) -> None:
    write(tmp_path, enrolments=enrolments(1))
    (tmp_path / f"{missing}.ndjson").unlink()

    with pytest.raises(NotACorpus):
        Corpus.open(tmp_path)
