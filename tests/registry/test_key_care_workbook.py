"""The ledger of key care as a workbook: the columns of the annex, a row a child, and no more than the matrix opens."""

import io
import zipfile
from datetime import date

import pytest
import python_calamine

from services.registry.key_care import ledger
from services.registry.key_care.workbook import safe
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    TIANMEN,
    XLSX,
    YUZHONG,
    dropout,
    link,
    opened,
    push,
    survey,
    surveyed,
)
from tests.registry.test_key_care import ANNEX_1


async def test_r16_the_workbook_has_the_annexs_columns_and_one_row_a_child(
    registry: Registry,
) -> None:
    child = {
        "name": '=HYPERLINK("http://x")',
        "id_number": "500103201705030017",
        "birth_date": "2017-05-03",
        "sex": "male",
    }
    both = {"hardships": ["low_income"], "vagrant": True}
    gone = {"division": YUZHONG, "address": "+1", "since": "2025-01-01", "until": "2026-02-01"}
    _, moved = await surveyed(
        registry, survey(child=child, living_security=both), survey(residence=gone)
    )
    civil = await registry("civil_affairs:500103")
    await opened(civil, moved)

    reply = await civil.get("/v1/key-care", headers=XLSX)

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(reply.content))
    header, *rows = book.get_sheet_by_index(0).to_python()
    assert tuple(header) == tuple(ANNEX_1) == ledger.COLUMNS
    by_name = {row[1]: row for row in rows}
    assert len(rows) == len(by_name) == 2
    row = by_name[child["name"]]
    assert row[2:4] == ["男", "8"]
    assert row[5].startswith("曹县")
    assert row[7] == "家庭生活困难、流浪"
    assert row[9:12] == ["示大山", "父亲", "14200000001"]
    other = next(r for name, r in by_name.items() if name != child["name"])
    assert other[6] == "+1"
    # Gone, but not forgotten: a proposal outlives the stay.
    assert other[14] == "迁出时间：2026-02-01；待确认：家庭生活困难"
    assert row[14] == "待确认：家庭生活困难、流浪"
    assert sorted(r[0] for r in rows) == ["1", "2"]
    with zipfile.ZipFile(io.BytesIO(reply.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<v>" not in sheet


@pytest.mark.parametrize(
    "text", ["<r><f>1</f></r>", "<r></t></is></c><c><f>1</f></c></r>", "a\uffff\x01"]
)
def test_no_text_is_taken_for_markup(text: str) -> None:
    assert not safe(text).startswith("<r>")
    assert "\uffff" not in safe(text)


async def test_the_workbook_shows_what_the_matrix_opens(registry: Registry) -> None:
    (child,) = await surveyed(registry, survey(TIANMEN))
    await link(registry, await push(registry, "education:429006", "enrolments", dropout()), [child])
    education = await registry("education:429006", purpose="service")

    reply = await education.get("/v1/key-care", headers=XLSX)

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(reply.content))
    _, row = book.get_sheet_by_index(0).to_python()
    assert row[7] == "失学辍学"
    assert row[8] == "天门示例小学"
    assert (row[5], row[6]) == ("曹县", "天门市")
    assert row[11] == "142******01"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("2017-05-03", (2026, 5, 2), "8"),
        ("2017-05-03", (2026, 5, 3), "9"),
        (None, (2026, 1, 1), ""),
    ],
)
def test_age_is_in_completed_years(born: str | None, day: tuple[int, int, int], age: str) -> None:
    child = {"fields": {"birth_on": {"value": born}} if born else {}}
    cells = ledger.cells(child, ["vagrancy"], ["confirmed"], False, date(*day))
    assert cells[2] == age
    assert len(cells) == len(ledger.COLUMNS) - 1
