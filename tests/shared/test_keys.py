"""Key sets: none is made that nothing reads."""

import re
from pathlib import Path

import pytest

from shared import keys

SERVICES = Path(__file__).parents[2] / "services"


@pytest.mark.parametrize("service", sorted(keys.SETS))
def test_every_key_set_of_a_service_is_read_by_it(service: str) -> None:
    read: set[str] = set()
    for file in (SERVICES / service).rglob("*.py"):
        read.update(
            re.findall(rf'key_set\(\s*(?:SERVICE|"{service}"), "(\w+)"\s*\)', file.read_text())
        )
    assert read == set(keys.SETS[service])
