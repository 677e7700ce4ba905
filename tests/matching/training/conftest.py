"""Engines to train on. Splink's are an extra: without it, or without Java, their tests skip and say so."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.matching.training.engines import ENGINES, CannotTrain


@pytest.fixture(scope="package", params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    try:
        with ENGINES[request.param]() as api:
            yield api
    except CannotTrain as error:
        pytest.skip(str(error))
