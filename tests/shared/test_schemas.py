"""Models that bodies refer to by name: two of one name are an error, never one in the other's place."""

import pytest
from pydantic import BaseModel, create_model

from shared import application
from shared.database import Database


def app_of(*models: type[BaseModel]) -> application.FastAPI:
    return application.create(
        service="test",
        title="Test",
        description="",
        database=Database("postgresql://nobody@127.0.0.1:1/none", 1),
        schemas=models,
    )


def test_two_models_of_one_name_stop_the_start() -> None:
    one, other = create_model("Item", a=(int, ...)), create_model("Item", b=(str, ...))
    app_of(one, one)
    with pytest.raises(TypeError, match="Item"):
        app_of(one, other)


def test_nor_does_one_inside_another_take_the_place_of_a_third() -> None:
    inner = create_model("Item", a=(int, ...))
    outer = create_model("Outer", item=(inner, ...))
    with pytest.raises(TypeError, match="Item"):
        app_of(outer, create_model("Item", b=(str, ...))).openapi()
    assert {"Item", "Outer"} <= app_of(outer, inner).openapi()["components"]["schemas"].keys()
