"""Example items for the OpenAPI documents: one invented family from 示例 (example) places.

The numbers are well formed, so that the examples pass the checks they illustrate; the phone
numbers begin with 142, which is assigned to nobody.
"""

from pydantic import ConfigDict, JsonValue


def example(source_id: str, observed_on: str, **own: JsonValue) -> ConfigDict:
    """Model settings that show one complete item: the common block and the feed's `own` fields."""
    item: dict[str, JsonValue] = {
        "source_id": source_id,
        "version": 1,
        "observed_on": observed_on,
        "division": "500103000000",
        "child": {
            "name": "示小满",
            "id_number": "371721201705030126",
            "id_kind": "resident_id",
            "sex": "female",
            "birth_date": "2017-05-03",
            "ethnicity": "汉族",
        },
        "guardians": [
            {
                "name": "示大山",
                "relation": "father",
                "id_number": "371721198804120114",
                "phone": "14200000001",
            }
        ],
        "hukou": {"division": "371721000000", "address": "山东省曹县示例镇示例村1号"},
        "residence": {
            "division": "500103000000",
            "address": "重庆市渝中区示例路1号",
            "since": "2025-02-20",
        },
    }
    return ConfigDict(json_schema_extra={"examples": [item | own]})
