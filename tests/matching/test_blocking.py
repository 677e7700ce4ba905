"""Which dirt each pair of records may carry and still meet."""

import pytest

from services.matching.linkage import blocking
from services.matching.linkage.normalization import Features, standardise
from tests.matching.children import FATHER, ID, MODEL

CLEAN: Features = {
    "name": "张志明",
    "id_number": ID,
    "birth_date": "2015-03-07",
    "sex": "male",
    "guardians": [FATHER],
    "hukou_division": "520502",
}


@pytest.mark.parametrize(
    "dirty",
    [
        {"name": "章智明", "birth_date": "2015-03-07"},
        {"name": "zhang zhiming", "birth_date": "2015-07-03"},
        {"name": "张志明", "birth_date": "2015-03-17"},
        {"name": "张志明", "birth_date": "2014-03-07"},
        {"name": "张志明", "birth_date": "2011-11-11", "hukou_division": "520502"},
        {"name": "张志明", "guardians": [{"name": "章强"}]},
        {"name": "张志明", "phone": "13908123456"},
        {"name": "李雷", "birth_date": "2015-03-07", "guardians": [{"phone": "13908123456"}]},
        {"birth_date": "2015-03-07", "guardians": [{"name": "张强"}]},
        {"name": "张志朋", "birth_date": "2015-03-07", "hukou_division": "520502001"},
        {"id_number": ID},
        {"id_number": "60" + ID[2:], "name": "李雷"},
    ],
)
def test_a_dirty_record_still_meets_the_clean_one(dirty: Features) -> None:
    clean = blocking.keys(standardise(CLEAN), MODEL.blocking)
    keys = blocking.keys(standardise(dirty), MODEL.blocking)

    assert set(clean) & set(keys)


def test_strangers_share_no_key() -> None:
    stranger: Features = {"name": "张志明", "birth_date": "2012-09-30", "hukou_division": "371702"}
    keys = blocking.keys(standardise(stranger), MODEL.blocking)

    assert keys
    assert not set(keys) & set(blocking.keys(standardise(CLEAN), MODEL.blocking))
