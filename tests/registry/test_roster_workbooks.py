"""Rosters as workbooks through the real app: carried to the national system by hand, and what came back, row by row."""

import hashlib
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID, uuid4

import httpx
import pytest
import python_calamine as calamine
import xlsxwriter

from services.registry.identity import clients
from services.registry.imports.sheets import MEDIA_TYPE
from services.registry.profiles import SHIPPED, ProfileError, Profiles
from services.registry.profiles.families.surveys import ImportColumn
from services.registry.rosters.layout import layout_of
from services.registry.rosters.terms import RosterKind
from services.registry.rosters.workbook import Writer
from services.registry.rosters.workbook_endpoints import BOOKS
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.key_care import survey, surveyed, turn
from tests.registry.test_rosters import HOME, made, national, rows, states
from tests.registry.test_rules_of_the_day import dated_back

ROW, VERDICT, REASON = "回执编号", "回执结果", "原因代码"
XLSX = {"Content-Type": MEDIA_TYPE}


async def workbook(client: httpx.AsyncClient, roster: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The sheets, as Excel would show them."""
    reply = await client.get(f"/v1/rosters/{roster['id']}/workbook")
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == MEDIA_TYPE
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(reply.content)) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def as_rows(sheet: list[Any]) -> list[dict[str, str]]:
    titles, _, *others = sheet
    return [dict(zip(titles, row, strict=True)) for row in others]


def filled(*given: Mapping[str, str]) -> bytes:
    """A workbook with these rows; a row's keys are its titles."""
    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, {"in_memory": True})
    sheet = book.add_worksheet("名单")
    titles = list(dict.fromkeys(title for row in given for title in row))
    sheet.write_row(0, 0, titles)
    for number, row in enumerate(given, 1):
        for title, value in row.items():
            sheet.write_string(number, titles.index(title), value)
    book.close()
    return whole.getvalue()


async def brought(
    client: httpx.AsyncClient, roster: Mapping[str, Any], body: bytes
) -> httpx.Response:
    return await client.post(
        f"/v1/rosters/{roster['id']}/verdicts/workbook", content=body, headers=XLSX
    )


async def test_r10_a_workbook_says_in_chinese_what_the_stream_says_and_whose_layout_it_is(
    registry: Registry,
) -> None:
    items = [survey() for _ in range(3)]
    (*_, hidden) = await surveyed(registry, *items)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    assert (await turn(civil, hidden)).status_code == 200
    sheets = await workbook(civil, roster)
    layout = layout_of(RosterKind.NATIONAL_SYSTEM)
    titles, names, *_ = sheets["名单"]
    assert dict(zip(names, titles, strict=True)) == {
        "row": ROW,
        "number": "序号",
        "version": "版本",
        **layout.columns,
        "verdict": VERDICT,
        "reason": REASON,
    }
    found = as_rows(sheets["名单"])
    streamed = await rows(civil, roster)
    assert [one[ROW] for one in found] == [one["row"] for one in streamed]
    assert {one["儿童姓名"] for one in found} == {i["child"]["name"] for i in items[:2]}
    assert {one["性别"] for one in found} == {"女"}
    assert {one["流动儿童认定状态"] for one in found} == {"流动儿童"}
    said = dict(sheets["说明"])
    assert "本平台自拟" in said["列的由来"]
    assert "未公开" in said["列的由来"]
    lines = b"".join(
        line + b"\n"
        for line in (await civil.get(f"/v1/rosters/{roster['id']}/rows")).content.splitlines()[:-1]
    )
    assert said["摘要 SHA-256"] == hashlib.sha256(lines).hexdigest()
    assert str(hidden) not in json.dumps(sheets, default=str)


TEMPLATE = """[[rules.national_system]]
enter = "promptly"
in_step = true
[[rules.national_system.layout]]
title = "序列"
[[rules.national_system.layout]]
title = "姓名*"
name = "name"
[[rules.national_system.layout]]
title = "性别(1男2女)"
name = "sex"
words = ["male=1", "female=2"]
[[rules.national_system.layout]]
title = "出生年月日"
name = "birth_date"
days = "2025年1月31日"
[[rules.national_system.layout]]
title = "认定情况"
name = "status"
"""


async def test_r10_a_sheet_is_the_national_systems_import_file_where_the_rules_hold_its_layout(
    registry: Registry, tmp_path: Path
) -> None:
    items = [survey(), survey()]
    await surveyed(registry, *items)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    assert "导入" not in await workbook(civil, roster)
    rules, columns = TEMPLATE.split("[[rules.national_system.layout]]", 1)
    layout = f"[[rules.national_system.layout]]{columns}"
    await dated_back(registry, tmp_path, "chongqing", rules.rstrip(), layout)
    sheets = await workbook(civil, roster)
    titles, *found = sheets["导入"]
    assert titles == ["序列", "姓名*", "性别(1男2女)", "出生年月日", "认定情况"]
    assert [[*row] for row in found] == [
        ["", one["儿童姓名"], "2", chinese(one["出生日期"]), "流动儿童"]
        for one in as_rows(sheets["名单"])
    ]
    assert len(found) == len(items)
    assert "导入" in dict(sheets["说明"])
    reply = await brought(
        civil, roster, filled(*({**one, VERDICT: "接收"} for one in as_rows(sheets["名单"])))
    )
    assert {one["outcome"] for one in reply.json()["results"]} == {"applied"}


def chinese(day: str) -> str:
    return f"{int(day[:4])}年{int(day[5:7])}月{int(day[8:])}日"


def test_r10_the_rules_name_every_column_that_a_national_roster_has() -> None:
    named = {*get_args(get_type_hints(ImportColumn)["name"])} - {""}
    assert named == {*layout_of(RosterKind.NATIONAL_SYSTEM).columns}


@pytest.mark.parametrize(
    "column",
    [
        'title = "甲"\nname = "phone"',
        'title = "甲"\nname = "sex"\nwords = ["男"]',
        'title = "甲"\n[[rules.national_system.layout]]\ntitle = "甲"',
        'name = "sex"',
    ],
)
def test_r10_a_layout_that_cannot_be_written_is_refused(tmp_path: Path, column: str) -> None:
    (tmp_path / "own.toml").write_text(
        'id = "own"\namends = "chongqing"\n[documents.main]\nname = "补"\n'
        'valid_from = 2020-01-01\nvalid_until = "not_configured"\n[[rules.national_system]]\n'
        'clause = "补"\nenter = "promptly"\nin_step = true\n'
        f"[[rules.national_system.layout]]\n{column}\n",
        encoding="utf-8",
    )
    with pytest.raises(ProfileError, match="layout"):
        Profiles.load(SHIPPED, tmp_path)


async def test_r10_a_workbook_counts_as_sent_and_what_comes_back_is_told_row_by_row(
    registry: Registry,
) -> None:
    items = [survey() for _ in range(5)]
    children = await surveyed(registry, *items)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    found = {one["儿童姓名"]: one for one in as_rows((await workbook(civil, roster))["名单"])}
    assert set((await states(civil)).values()) == {"sent"}
    one, two, three, four, _ = (found[item["child"]["name"]] for item in items)
    body = filled(
        {**one, VERDICT: "接收", "系统中的性别": "女"},
        {**two, VERDICT: "不予接收", REASON: "id_number_missing"},
        {**three, VERDICT: "接收", "系统中的儿童姓名": "示别名"},
        {ROW: four[ROW], VERDICT: "再想想"},
        {ROW: str(uuid4()), VERDICT: "接收"},
        {ROW: four[ROW], VERDICT: ""},
    )
    reply = await brought(civil, roster, body)
    assert reply.status_code == 200, reply.text
    results = reply.json()["results"]
    assert [(r["number"], r["outcome"]) for r in results] == [
        (2, "applied"),
        (3, "applied"),
        (4, "applied"),
        (5, "unreadable"),
        (6, "unknown"),
    ]
    assert results[3]["flaws"] == ["verdict"]
    assert results[2]["differing"] == ["name"]
    assert "再想想" not in reply.text
    assert "示别名" not in reply.text
    assert await states(civil) == dict(
        zip(children, ["accepted", "refused", "differs", "sent", "sent"], strict=True)
    )
    again = (await brought(civil, roster, body)).json()["results"]
    assert [r["outcome"] for r in again][:3] == ["unchanged"] * 3


async def test_r10_the_workbook_itself_comes_back_as_it_was_filled_in(registry: Registry) -> None:
    """Both lines of the header, every column, nothing filled in but one verdict."""
    await surveyed(registry, survey(), survey())
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    titles, names, first, second = (await workbook(civil, roster))["名单"]
    verdict = titles.index(VERDICT)
    first[verdict] = "信息不一致"
    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, {"in_memory": True})
    sheet = book.add_worksheet("名单")
    for number, row in enumerate((titles, names, first, second)):
        sheet.write_row(number, 0, row)
    book.close()
    (result,) = (await brought(civil, roster, whole.getvalue())).json()["results"]
    assert (result["number"], result["row"], result["verdict"]) == (3, first[0], "differs")


@pytest.mark.parametrize(
    "body",
    [b"", b"PK nothing", filled({"编号": "1", VERDICT: "接收"}), filled({ROW: "1"})],
    ids=["empty", "broken", "no row", "no verdict"],
)
async def test_r10_what_is_no_return_of_ours_is_refused_whole(
    registry: Registry, body: bytes
) -> None:
    await surveyed(registry, survey())
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    await workbook(civil, roster)
    assert (await brought(civil, roster, body)).status_code == 400
    assert set((await states(civil)).values()) == {"sent"}


async def test_r13_a_department_answers_by_workbook_and_another_does_not(
    registry: Registry,
) -> None:
    await surveyed(registry, survey())
    civil = await registry(f"civil_affairs:{HOME}", purpose="verification")
    roster = await made(civil, kind="feedback", division=HOME, to="education")
    school = await registry(f"education:{HOME}", purpose="verification")
    sheets = await workbook(school, roster)
    assert "监护人联系方式" not in sheets["名单"][0]
    police = await registry(f"police:{HOME}", purpose="verification")
    for other in (civil, police):
        assert (await other.get(f"/v1/rosters/{roster['id']}/workbook")).status_code in (403, 404)
        reply = await brought(other, roster, filled({ROW: str(UUID(int=1)), VERDICT: "接收"}))
        assert reply.status_code in (403, 404)
    given = [{**one, VERDICT: "属实"} for one in as_rows(sheets["名单"])]
    assert len(given) == 1
    (result,) = (await brought(school, roster, filled(*given))).json()["results"]
    assert (result["outcome"], result["verdict"]) == ("applied", "accepted")


async def test_a_workbook_under_way_holds_no_connection_of_the_pool(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would hold one while it waits for another: as many as the pool is large would stand still, and all others too."""
    await surveyed(registry, survey())
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    pool: Any = registry.database.engine.pool
    held: list[int] = []

    def add(_: Writer, lines: Sequence[Mapping[str, Any]]) -> None:
        held.append(pool.checkedout())

    monkeypatch.setattr(Writer, "add", add)
    await workbook(civil, roster)
    assert held == [0]

    async def slowly() -> AsyncIterator[bytes]:
        yield b"PK"
        held.append(pool.checkedout())

    reply = await civil.post(
        f"/v1/rosters/{roster['id']}/verdicts/workbook", content=slowly(), headers=XLSX
    )
    assert reply.status_code == 400
    assert held == [0, 0]


async def test_whose_grant_ended_while_the_workbook_came_writes_nothing(
    registry: Registry,
) -> None:
    await surveyed(registry, survey())
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    (line,) = as_rows((await workbook(civil, roster))["名单"])
    body = filled({ROW: line[ROW], VERDICT: "接收"})

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:100]
        (maker,) = await registry.system("SELECT client FROM rosters")
        async with registry.database.transaction(SYSTEM) as session:
            keys, now = registry.app.state.kit.audit, datetime.now(UTC)
            await clients.revoke(session, keys, maker["client"], now)
        yield body[100:]

    reply = await civil.post(
        f"/v1/rosters/{roster['id']}/verdicts/workbook", content=slowly(), headers=XLSX
    )
    assert reply.status_code == 403, reply.text
    assert [row["verdict"] for row in await registry.system("SELECT verdict FROM roster_rows")] == [
        ""
    ]


async def test_a_client_has_one_workbook_made_or_read_at_a_time(registry: Registry) -> None:
    """Each takes a core for seconds; others go on meanwhile."""
    await surveyed(registry)
    civil = await registry("civil_affairs:500103", purpose="survey")
    roster = await made(civil, kind="national_system", division=HOME)
    path = f"/v1/rosters/{roster['id']}"
    (row,) = await registry.system("SELECT client FROM rosters")
    with BOOKS.of(row["client"]):
        refused = await civil.get(f"{path}/workbook")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        sent = await civil.post(
            f"{path}/verdicts/workbook", content=filled(), headers={"Content-Type": MEDIA_TYPE}
        )
        assert sent.status_code == 429
    assert (await civil.get(f"{path}/workbook")).status_code == 200
