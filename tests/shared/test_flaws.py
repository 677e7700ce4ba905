"""Flaws: places and kinds, the names that belong there, and never what was sent."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.registry.records.feeds import FEEDS
from shared.flaws import Flaw, flaws_of, form_of
from shared.problems import FlawOut


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    division: str
    address: str | None = None


class Child(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    homes: Annotated[list[Place], Field(max_length=3)] = []
    hukou: Place | None = None


def flaws(value: Any, kind: Any = Child) -> list[Flaw]:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        return flaws_of(error.errors(), at="/body", form=form_of(kind))
    return []


CHILD, PLACE = "Allowed here: name, homes, hukou.", "Allowed here: division, address."


@pytest.mark.parametrize(
    ("value", "pointer", "detail"),
    [
        ({"naem": "x"}, "/body", CHILD),
        ({"hukou": {"division": "500103", "adress": "x"}}, "/body/hukou", PLACE),
        ({"homes": [{"division": "500103", "x": 1}]}, "/body/homes/0", PLACE),
        ({"division": "500103"}, "/body/division", CHILD),
        ({"hukou": {"division": "500103", "name": "x"}}, "/body/hukou/name", PLACE),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_belong_there(
    value: Any, pointer: str, detail: str
) -> None:
    assert flaws(value) == [Flaw(pointer, "extra_forbidden", detail)]


def test_many_unknown_names_of_one_place_are_one_flaw() -> None:
    assert len(flaws({f"名{i}": i for i in range(50)})) == 1


@given(name=st.text(min_size=1, max_size=20), feed=st.sampled_from(sorted(FEEDS)))
def test_a_name_of_ones_own_is_never_repeated(name: str, feed: str) -> None:
    model = FEEDS[feed].model
    form = form_of(model)
    found = [f for f in flaws({"child": {name: 1}, name: 1}, model) if f.code == "extra_forbidden"]
    for flaw in found:
        FlawOut.model_validate(flaw.as_json())
        pointed = flaw.pointer.rsplit("/", 1)[1].replace("~1", "/").replace("~0", "~")
        assert pointed in form.words | {"body", "child"}
    if name not in form.words:
        assert {f.pointer for f in found} == {"/body", "/body/child"}
