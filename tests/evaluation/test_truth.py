"""The truth is read as it is written, and held to mean one thing."""

from pathlib import Path

import pytest

from services.evaluation.corpus import entry_of
from services.evaluation.truth import BadTruth, Truth

ONE = '{"source":"s","source_id":"1","child":"a"}\n'


def read(folder: Path, text: str, *, unnamed_sources: bool = False) -> Truth:
    (folder / "truth.ndjson").write_text(text)
    return Truth.read(folder, unnamed_sources=unnamed_sources)


def test_an_entry_is_known_by_source_and_id_whatever_its_feed(tmp_path: Path) -> None:
    truth = read(tmp_path, ONE + '{"source":"s","source_id":"2","child":"b"}\n')

    assert truth.children == ["a", "b"]
    assert truth.child_of(entry_of("s", "enrolments", "1")) == 0
    assert truth.child_of(entry_of("s", "vaccinations", "1")) == 0
    assert truth.child_of(entry_of("s", "enrolments", "2")) == 1
    assert truth.child_of(entry_of("t", "enrolments", "2")) is None


def test_a_feed_tells_entries_of_one_id_apart(tmp_path: Path) -> None:
    lines = (
        f'{{"source":"s","feed":"{feed}","source_id":"1","child":"{child}"}}\n'
        for feed, child in (("enrolments", "a"), ("surveys", "b"))
    )
    truth = read(tmp_path, "".join(lines))

    assert truth.child_of(entry_of("s", "enrolments", "1")) == 0
    assert truth.child_of(entry_of("s", "surveys", "1")) == 1
    assert truth.child_of(entry_of("s", "assistance", "1")) is None


def test_items_without_a_source_are_known_by_their_id_alone(tmp_path: Path) -> None:
    truth = read(tmp_path, ONE, unnamed_sources=True)

    assert truth.child_of(entry_of("", "enrolments", "1")) == 0


def test_more_may_be_told(tmp_path: Path) -> None:
    told = ONE.replace("}", ',"family":"f","born":"2015-03-07","errors":["id_missing"]}')
    truth = read(tmp_path, told)

    assert truth.families == {0: "f"}
    assert truth.births == {0: "2015-03-07"}
    assert truth.errors_of(entry_of("s", "enrolments", "1")) == ("id_missing",)


@pytest.mark.parametrize(
    "text",
    ["[]\n", "{}\n", "no\n", '{"source":"s","source_id":"1"}\n', ONE + ONE.replace("a", "b")],
)
def test_what_cannot_be_read_or_contradicts_itself_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadTruth, match="line"):
        read(tmp_path, text)
