"""Which dirt each pair of records may carry and still meet."""

from collections import Counter

import pytest
from hypothesis import given

from services.matching.linkage import blocking
from services.matching.linkage.normalization import Features, standardise
from services.population import generate
from services.registry.records.features import features_of
from services.registry.records.feeds import FEEDS
from tests.matching.children import FATHER, FATHER_ID, ID, MODEL
from tests.matching.test_normalization import FEATURES

CLEAN: Features = {
    "name": "张志明",
    "id_number": ID,
    "birth_date": "2015-03-07",
    "sex": "male",
    "guardians": [FATHER],
    "hukou_division": "520502",
    "residence_division": "500103",
    "residence_address": "重庆市渝中区人民路12号3栋501室",
}


@pytest.mark.parametrize(
    "dirty",
    [
        {"name": "章智明", "birth_date": "2015-03-07"},
        {"name": "zhang zhiming", "birth_date": "2015-07-03"},
        {"name": "Zhiming Zhang", "birth_date": "2015-03-09"},
        {"name": "志明张", "birth_date": "2015-03-07"},
        {"name": "张志明", "birth_date": "2015-03-17"},
        {"name": "张志明", "birth_date": "2014-03-07"},
        {"name": "张志明", "birth_date": "2015-01-17"},  # the lunar day
        {"name": "张志明", "birth_date": "2011-11-11", "hukou_division": "520502"},
        {"name": "李雷", "guardians": [{"id_number": FATHER_ID}]},
        {"name": "李雷", "phone": "13908123456"},
        {"name": "张志朋", "birth_date": "2014-03-07", "phone": "13908123456"},
        {"name": "李雷", "residence_division": "500103", "residence_address": "人民路12号3幢501"},
        {"birth_date": "2015-03-07", "guardians": [{"name": "章强"}]},
        {"name": "张志明", "birth_date": "2011-11-11", "guardians": [{"name": "章强"}]},
        {"name": "张志朋", "birth_date": "2015-03-07", "hukou_division": "520502001"},
        {"name": "张?明", "birth_date": "2015-03-07", "hukou_division": "520502001"},
        {"id_number": ID},
        {"id_number": ID[:17]},
        {"id_number": ID[:12] + "27" + ID[14:], "name": "张志明"},
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


@given(FEATURES)
def test_keys_come_once_and_in_one_order(features: Features) -> None:
    keys = blocking.keys(standardise(features), blocking.RULES)

    assert len(set(keys)) == len(keys)
    assert keys == blocking.keys(standardise(features), blocking.RULES)
    assert {key.split("|")[0] for key in keys} <= blocking.RULES.keys()


def test_pairs_of_one_child_meet_and_keys_stay_few() -> None:
    """Over the invented population, all feeds: closed-over pair recall, keys, and rivals."""
    children: dict[str, list[set[str]]] = {}
    for push in generate(400, seed=11).pushes:
        item = FEEDS[push.feed].model.model_validate(push.item)
        features: Features = features_of(item)  # type: ignore[assignment]
        found = blocking.keys(standardise(features), MODEL.blocking)
        children.setdefault(push.truth_child, []).append(set(found))

    pairs = met = 0
    for entries in children.values():
        groups: list[tuple[set[str], int]] = []
        for keys in entries:
            same = [group for group in groups if group[0] & keys]
            groups = [group for group in groups if group not in same]
            groups.append((keys.union(*(g for g, _ in same)), 1 + sum(n for _, n in same)))
        pairs += len(entries) * (len(entries) - 1)
        met += sum(n * (n - 1) for _, n in groups)
    borne = Counter(key for entries in children.values() for key in set().union(*entries))

    assert met / pairs >= 0.995
    assert sum(len(keys) for e in children.values() for keys in e) <= 12 * sum(
        map(len, children.values())
    )
    assert sum(borne.values()) / len(borne) < 1.5
