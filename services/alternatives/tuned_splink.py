"""Splink at its strongest: standard fields, nine comparisons, name frequencies, seventeen blocking rules.

Edit distances are taken of ASCII alone (DuckDB counts bytes). A household that agrees while the
children's names sound different is a level of its own with a weight set by hand, without which
brothers and sisters fuse.
"""

import logging
from typing import Any, Final

_WILDCARD: Final = (
    "(name_l LIKE replace(name_r, '?', '_') OR name_r LIKE replace(name_l, '?', '_'))"
)
_PREFIX: Final = (
    "(length(name_l) >= 2 AND length(name_r) >= 2"
    " AND (starts_with(name_l, name_r) OR starts_with(name_r, name_l)))"
)
_ALIKE: Final = f"(fuzzy_sorted_l = fuzzy_sorted_r OR {_WILDCARD} OR {_PREFIX})"
_SAME_GUARDIAN: Final = "(list_has_any(guardian_ids_l, guardian_ids_r) OR list_has_any(guardian_names_l, guardian_names_r))"
_SAME_CONTACT: Final = "(list_has_any(phones_l, phones_r) OR list_has_any(homes_l, homes_r))"
CONNECTED_FROM, CANNOT_LINK_FROM = 8.0, 3.0
_CHANCE_PAIRS = 5_000_000


def edges(table: Any) -> tuple[Any, Any, Any]:
    """Arrow columns of both rows and the match weight of every pair from CANNOT_LINK_FROM on."""
    import duckdb
    import pyarrow
    from splink import DuckDBAPI, Linker, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    database = DuckDBAPI(duckdb.connect(":memory:"))
    numbered = table.append_column("unique_id", pyarrow.array(range(table.num_rows)))
    registered = database.register(numbered, dataset_display_name="entries")
    linker = Linker(registered, _settings(block_on), log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("id_number"), block_on("name", "birth", "sex")], recall=0.95
    )
    training.estimate_u_using_random_sampling(max_pairs=_CHANCE_PAIRS, seed=1)
    for rule in (
        block_on("id_number"),
        block_on("name", "hukou_county"),
        block_on("birth", "residence_county", "sex"),
    ):
        training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=2_000_000
        )
    found = linker.inference.predict(threshold_match_weight=CANNOT_LINK_FROM)
    columns = database.duckdb_con.sql(
        f"SELECT unique_id_l, unique_id_r, match_weight FROM {found.physical_name}"
    ).to_arrow_table()
    return columns[0], columns[1], columns[2]


def _settings(block_on: Any) -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "comparisons": [
            _comparison(
                "identifier",
                _null(
                    "(id_number_l IS NULL AND id_typed_l IS NULL) OR (id_number_r IS NULL AND id_typed_r IS NULL)"
                ),
                _level("same", "id_number_l = id_number_r"),
                _level(
                    "near",
                    "(id_number_l IS NULL OR id_number_r IS NULL) AND damerau_levenshtein("
                    "coalesce(id_number_l, id_typed_l), coalesce(id_number_r, id_typed_r)) <= 1",
                ),
                _level("different", "id_number_l IS NULL OR id_number_r IS NULL"),
                _level("clash", "ELSE"),
            ),
            _comparison(
                "document",
                _null("document_l IS NULL OR document_r IS NULL"),
                _level("same", "document_l = document_r"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "name",
                _null("name_l IS NULL OR name_r IS NULL"),
                _level("same", "name_l = name_r", "name"),
                _level("sound", "sound_l = sound_r", "sound"),
                _level("fuzzy sound", "fuzzy_l = fuzzy_r", "fuzzy"),
                _level("wildcard", _WILDCARD),
                _level("reordered", "fuzzy_sorted_l = fuzzy_sorted_r"),
                _level("prefix", _PREFIX),
                _level("surname", "surname_l = surname_r"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "birth",
                _null("birth_l IS NULL OR birth_r IS NULL"),
                _level("same", "birth_l = birth_r"),
                _level("lunar or the number's", "list_has_any(births_l, births_r)"),
                _level("swapped", "year_l = year_r AND month_and_day_l = month_and_day_r"),
                _level("day differs", "year_l = year_r AND month_l = month_r"),
                _level("month differs", "year_l = year_r AND day_l = day_r"),
                _level(
                    "year differs",
                    "month_l = month_r AND day_l = day_r AND abs(year_l - year_r) <= 2",
                ),
                _level("same year", "year_l = year_r"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "sex",
                _null("sex_l IS NULL OR sex_r IS NULL"),
                _level("same", "sex_l = sex_r"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "guardian",
                _null(
                    "len(guardian_ids_l) + len(guardian_names_l) = 0"
                    " OR len(guardian_ids_r) + len(guardian_names_r) = 0"
                ),
                _household(_SAME_GUARDIAN),
                _level("same number", "list_has_any(guardian_ids_l, guardian_ids_r)"),
                _level("same name", "list_has_any(guardian_names_l, guardian_names_r)"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "contact",
                _null("len(phones_l) + len(homes_l) = 0 OR len(phones_r) + len(homes_r) = 0"),
                _household(_SAME_CONTACT),
                _level("same", _SAME_CONTACT),
                _level("different", "ELSE"),
            ),
            _comparison(
                "hukou",
                _null("hukou_l IS NULL OR hukou_r IS NULL"),
                _level("same township", "hukou_l = hukou_r AND hukou_l % 1000 <> 0"),
                _level("same county", "hukou_county_l = hukou_county_r"),
                _level("different", "ELSE"),
            ),
            _comparison(
                "school",
                _null("school_l IS NULL OR school_r IS NULL"),
                _level("same cohort", "school_l = school_r AND cohort_l = cohort_r"),
                _level("same", "school_l = school_r"),
                _level("different", "ELSE"),
            ),
        ],
        "blocking_rules_to_generate_predictions": [
            block_on("id_number"),
            block_on("id_typed"),
            block_on("document"),
            block_on("id_tail", "sex"),
            block_on("fuzzy", "year", "month"),
            block_on("fuzzy", "month", "day"),
            block_on("fuzzy_sorted", "birth"),
            block_on("fuzzy", "hukou_county", "year"),
            block_on("name", "residence_county", "year"),
            block_on("name", "births", arrays_to_explode=["births"]),
            block_on("phones", "birth", arrays_to_explode=["phones"]),
            block_on("phones", "fuzzy", arrays_to_explode=["phones"]),
            block_on("guardian_ids", "year", arrays_to_explode=["guardian_ids"]),
            block_on("guardian_names", "birth", arrays_to_explode=["guardian_names"]),
            block_on("homes", "birth", arrays_to_explode=["homes"]),
            block_on("birth", "hukou_county", "surname"),
            block_on("birth", "school"),
        ],
    }


def _comparison(name: str, *levels: dict[str, Any]) -> dict[str, Any]:
    return {"output_column_name": name, "comparison_levels": list(levels)}


def _null(condition: str) -> dict[str, Any]:
    return {"sql_condition": condition, "label_for_charts": "missing", "is_null_level": True}


def _level(label: str, condition: str, frequency_of: str | None = None) -> dict[str, Any]:
    level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": label}
    if frequency_of:
        level |= {"tf_adjustment_column": frequency_of, "disable_tf_exact_match_detection": True}
    return level


def _household(agrees: str) -> dict[str, Any]:
    """By hand: two bits for, where a child of its own name would earn ten."""
    return {
        "sql_condition": f"{agrees} AND NOT {_ALIKE}",
        "label_for_charts": "same household, different name",
        "m_probability": 0.04,
        "u_probability": 0.01,
        "fix_m_probability": True,
        "fix_u_probability": True,
    }
