"""Workbooks of visits through the real app: verdicts row by row, nothing lost, nothing twice, and nothing that bites."""

import io
import time
import tracemalloc
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.imports.sheets import MEDIA_TYPE, Unreadable, rows_of
from services.registry.records.feeds import Visit
from services.registry.visits import workbook
from services.registry.visits.workbook import COLUMNS
from shared.limits import MAX_SHEET_CELL, MAX_SHEET_ROWS
from shared.problems import Problem, TooLarge
from tests.registry.conftest import Registry
from tests.registry.key_care import link, surveyed
from tests.registry.test_duties import duties, on

ROW: Mapping[str, Any] = {
    "填报单位区划代码": "500103",
    "走访日期": "2026-02-10",
    "走访类型": "入户走访",
    "走访方式": "当面",
    "走访结果": "见到或联系上",
    "儿童姓名": "示小满",
    "身份证号": "371721201705030126",
    "走访人岗位": "儿童主任",
    "工作人员编号": "cd-7",
    "记录时间": "2026-02-10 16:40",
    "监护能力": "有监护能力",
    "是否在学": "是",
    "家庭困难": "收入低、患病",
    "备注": "作业有人辅导",
}
IMPORTS = "/v1/imports/visits/workbook"
XLSX = {"Content-Type": MEDIA_TYPE}


def book(*rows: Mapping[str, Any], titles: Sequence[str] = ()) -> bytes:
    """A workbook with these rows; a dictionary's keys are its columns."""
    whole = io.BytesIO()
    made = xlsxwriter.Workbook(whole, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = made.add_worksheet("走访记录表")
    header = list(titles or dict.fromkeys(title for row in rows for title in row))
    sheet.write_row(0, 0, header)
    for number, row in enumerate(rows, 1):
        for title, value in row.items():
            place = header.index(title)
            if isinstance(value, date):
                sheet.write_datetime(number, place, value)
            elif isinstance(value, str):
                sheet.write_string(number, place, value)
            else:
                sheet.write(number, place, value)
    made.close()
    return whole.getvalue()


async def sent(client: httpx.AsyncClient, body: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The job, and its verdicts."""
    reply = await client.post(IMPORTS, content=body, headers=XLSX)
    assert reply.status_code == 202, reply.text
    verdicts = await client.get(f"{reply.headers['Location']}/verdicts")
    job: dict[str, Any] = reply.json()
    return job, [orjson.loads(line) for line in verdicts.text.splitlines()]


async def test_r18_the_empty_workbook_has_every_column_and_is_its_own_header(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    reply = await client.get(IMPORTS)
    assert reply.headers["Content-Type"].startswith(MEDIA_TYPE)
    (header, *rows) = rows_of(reply.content)
    assert [str(cell).rstrip("*") for cell in header] == [one.title for one in COLUMNS]
    assert not any(cell for row in rows for cell in row)
    job, verdicts = await sent(client, reply.content)
    assert (job["state"], job["lines"], verdicts) == ("done", 0, [])


async def test_r18_rows_are_judged_one_by_one_by_their_number_in_the_sheet(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    body = book(
        ROW,
        {**ROW, "走访类型": "喝茶"},
        {},
        {**ROW, "身份证号": 371721201705030126},
        {**ROW, "儿童姓名": "示大海", "走访日期": date(2026, 2, 11)},
        {**ROW, "填报单位区划代码": "500104"},
    )
    job, verdicts = await sent(client, body)
    assert [(v["line"], v["status"]) for v in verdicts] == [
        (2, "created"),
        (3, "refused"),
        (5, "refused"),
        (6, "created"),
        (7, "refused"),
    ]
    flaws = {v["line"]: v["errors"][0] for v in verdicts if "errors" in v}
    assert flaws[3]["pointer"] == "/kind"
    # Excel had lost the last digits of that number: nobody may guess them.
    assert flaws[5]["pointer"] == "/child/id_number"
    assert flaws[7]["code"] == "division_outside_grant"
    assert (job["created"], job["refused"], job["blank"]) == (2, 3, 2)
    record = (await client.get(f"/v1/records/{verdicts[0]['record']}")).json()
    item = record["item"]
    assert (item["kind"], item["channel"], item["outcome"]) == ("home_visit", "in_person", "met")
    assert item["noted_at"] == "2026-02-10T16:40+08:00"
    assert item["findings"]["hardships"] == ["low_income", "illness"]
    assert item["findings"]["attending_school"] is True
    assert record["observed_on"] == "2026-02-10"


async def test_r18_the_same_row_again_is_no_second_visit_and_a_correction_is_a_version(
    registry: Registry,
) -> None:
    client = await registry("civil_affairs:500103")
    _, (first) = await sent(client, book(ROW))
    job, again = await sent(client, book(ROW, ROW))
    assert (job["unchanged"], job["created"]) == (2, 0)
    assert {v["entry"] for v in again} == {first[0]["entry"]}
    _, (changed,) = await sent(client, book({**ROW, "备注": "另记"}))
    assert (changed["status"], changed["errors"][0]["code"]) == ("refused", "version_conflict")
    _, (corrected,) = await sent(client, book({**ROW, "备注": "另记", "版本": 2}))
    assert (corrected["status"], corrected["entry"]) == ("created", first[0]["entry"])
    _, (other,) = await sent(client, book({**ROW, "走访日期": "2026-02-12"}))
    assert other["entry"] != first[0]["entry"]


async def test_r18_an_offline_visit_that_arrives_late_discharges_the_duty_of_its_day(
    registry: Registry,
) -> None:
    """The visit was made in time and came in weeks later: it counts from its own day."""
    (child,) = await surveyed(registry)
    client = await registry("civil_affairs:500103")
    reply = await client.post(
        "/v1/key-care",
        json={"child_id": str(child), "category": "vagrancy", "reason": "found_by_visit"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert reply.status_code == 201
    await on(registry, "2026-06-20")
    before = {one["duty"]: one for one in await duties(client)}
    _, (verdict,) = await sent(client, book({**ROW, "走访日期": "2026-05-20"}))
    await link(registry, [UUID(verdict["record"])], [child])
    after = {one["duty"]: one for one in await duties(client)}
    assert before["key_care_home_visit"].get("last_done_on") != "2026-05-20"
    assert after["key_care_home_visit"]["last_done_on"] == "2026-05-20"


async def test_r18_a_workbook_is_for_those_who_own_the_feed(registry: Registry) -> None:
    police = await registry("police:500103")
    assert (await police.get(IMPORTS)).status_code == 403
    refused = await police.post(IMPORTS, content=book(ROW), headers=XLSX)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "titles",
    [
        [t for t in ROW if t != "走访日期"],
        [*ROW, "不认识的列"],
        [*ROW, "走访日期"],
        [],
    ],
)
async def test_a_header_that_is_not_the_templates_is_refused_whole(
    registry: Registry, titles: list[str]
) -> None:
    client = await registry("civil_affairs:500103")
    whole = io.BytesIO()
    made = xlsxwriter.Workbook(whole, {"in_memory": True})
    made.add_worksheet().write_row(0, 0, titles)
    made.close()
    reply = await client.post(IMPORTS, content=whole.getvalue(), headers=XLSX)
    assert reply.status_code == 400
    assert "不认识" not in reply.text
    assert (await client.get("/v1/imports")).json()["imports"] == []


def parts_of(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as whole:
        return {one: whole.read(one) for one in whole.namelist()}


def zipped(parts: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return whole.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def far_cell() -> bytes:
    parts = parts_of(book(ROW))
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return zipped({**parts, SHEET: parts[SHEET].replace(b"</sheetData>", cell)})


def unpacks_to_a_gigabyte() -> bytes:
    return zipped({**parts_of(book(ROW)), "xl/other.xml": b"<a>" + b" " * 1024**3 + b"</a>"})


def shared_by_every_cell() -> bytes:
    parts = parts_of(book(*(ROW for _ in range(3))))
    return zipped({**parts, STRINGS: parts[STRINGS].replace("示小满".encode(), b"x" * 1_000_000)})


def billion_laughs() -> bytes:
    parts = parts_of(book(ROW))
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]>'.encode()
    return zipped({**parts, SHEET: head + parts[SHEET].split(b"?>", 1)[1]})


def hidden_in_a_picture() -> bytes:
    """The sheet under a name that nobody walks: the reader must not get it."""
    parts = parts_of(far_cell())
    parts["xl/worksheets/sheet1.png"] = parts.pop(SHEET)
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(b"sheet1.xml", b"sheet1.png")
    return zipped(parts)


def one_long_attribute() -> bytes:
    """A parser that waits for its end looks through all of it again with each piece."""
    parts = parts_of(book(ROW))
    long = b'<sheetData x="' + b"x" * (24 * 1024**2) + b'">'
    return zipped({**parts, SHEET: parts[SHEET].replace(b"<sheetData>", long)})


def one_long_comment() -> bytes:
    comment = b"<!--" + b"x" * (24 * 1024**2) + b"--><a/>"
    return zipped({**parts_of(book(ROW)), "xl/other.xml": comment})


def millions_of_elements() -> bytes:
    return zipped({**parts_of(book(ROW)), "xl/other.xml": b"<a>" + b"<b/>" * 8_000_000 + b"</a>"})


@pytest.mark.parametrize(
    "bomb",
    [
        far_cell,
        unpacks_to_a_gigabyte,
        shared_by_every_cell,
        billion_laughs,
        hidden_in_a_picture,
        one_long_attribute,
        one_long_comment,
        millions_of_elements,
    ],
)
def test_no_workbook_makes_the_registry_swell(bomb: Any) -> None:
    body = bomb()
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(Problem):
            rows_of(body)
        assert tracemalloc.get_traced_memory()[1] < 200 * 1024**2
        assert time.process_time() - begun < 20
    finally:
        tracemalloc.stop()


def test_a_sheet_that_is_too_long_or_a_text_too_wide_is_said() -> None:
    with pytest.raises(TooLarge):
        rows_of(book(*({"备注": str(n)} for n in range(MAX_SHEET_ROWS + 1))))
    with pytest.raises(TooLarge):
        rows_of(book({"备注": "长" * (MAX_SHEET_CELL + 1)}))
    assert len(rows_of(book(*({"备注": str(n)} for n in range(MAX_SHEET_ROWS))))) == 5001


@given(st.binary(max_size=300))
def test_what_is_no_workbook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        rows_of(body)


@settings(max_examples=40)
@given(st.data())
def test_a_damaged_workbook_is_refused_or_read_and_never_breaks(data: st.DataObject) -> None:
    body = bytearray(book(ROW))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Problem):
        rows_of(bytes(body))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=30)


@settings(max_examples=60)
@given(TEXT.map(str.strip).filter(bool))
def test_a_text_arrives_as_it_was_written_even_one_like_a_formula(text: str) -> None:
    for written in (text, "=" + text, "@" + text):
        rows = rows_of(book({**ROW, "备注": written}))
        (line,) = list(workbook.lines(rows, b"k" * 32))[1:]
        assert orjson.loads(line)["note"] == written


def test_every_word_of_the_lists_is_one_of_the_feed() -> None:
    for column in COLUMNS:
        for word in column.words or {}:
            more = {column.title: word}
            (line,) = list(workbook.lines(rows_of(book({**ROW, **more})), b"k" * 32))[1:]
            Visit.model_validate_json(line)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026/2/10", "2026-02-10"),
        ("2026年2月10日", "2026-02-10"),
        ("20260210", "2026-02-10"),
        (20260210, "2026-02-10"),
        (date(2026, 2, 10), "2026-02-10"),
        (datetime(2026, 2, 10), "2026-02-10"),  # noqa: DTZ001  (Excel knows no zones)
    ],
)
def test_days_are_read_as_people_write_them(cell: Any, day: str) -> None:
    (line,) = list(workbook.lines(rows_of(book({**ROW, "走访日期": cell})), b"k" * 32))[1:]
    assert Visit.model_validate_json(line).visited_on.isoformat() == day
