"""The workbook of visits (走访记录表): its columns, an empty one to fill in, and from its rows to items of the visits feed.

Offices without a system of their own fill it in, also offline and days later.  A row is an item like any other: it is read by
the feed's own model, and what Excel spoiled is refused by name (a number of eighteen digits kept as a number has lost its last
three).  A row without an id (编号) gets one from what makes a visit one visit: the same row again is the same entry.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
import xlsxwriter

from services.registry.imports.sheets import Cell, Unreadable
from services.registry.records.quality import WRITTEN_DATE
from shared.hashes import keyed

TITLE: Final = "走访记录表"
EXAMPLE_ROWS: Final = 1000
_STAMP = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?")
_SEPARATORS = re.compile("[、,，;；/ ]+")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """``path`` is where the value stands in an item; ``words`` are the Chinese words of a closed list."""

    title: str
    path: str
    width: int = 12
    words: Mapping[str, str] | None = None
    form: str = "text"
    required: bool = False


_KINDS = {
    "联系": "contact",
    "入户走访": "home_visit",
    "家访": "school_home_visit",
    "心理健康测评": "screening",
    "家庭教育指导活动": "family_education",
    "法治专题教育": "law_lesson",
    "安全教育": "safety_lecture",
    "心理健康教育活动": "mental_health_activity",
    "其他关爱服务活动": "activity",
}
_CHANNELS = {"当面": "in_person", "电话": "phone", "网络": "online"}
_OUTCOMES = {"见到或联系上": "met", "未遇": "not_met", "拒访": "refused"}
_VISITORS = {
    "儿童主任": "child_director",
    "儿童督导员": "child_supervisor",
    "教师": "teacher",
    "社会工作者": "social_worker",
    "志愿者": "volunteer",
    "其他": "other",
}
_SEXES = {"男": "male", "女": "female", "不详": "unknown"}
_RELATIONS = {
    "父亲": "father",
    "母亲": "mother",
    "祖父": "grandfather",
    "外祖父": "grandfather",
    "祖母": "grandmother",
    "外祖母": "grandmother",
    "其他亲属": "other_relative",
    "其他": "other",
}
_COMPANY = {
    "父母双方": "both_parents",
    "父母一方": "one_parent",
    "其他监护人": "other_guardian",
    "无": "none",
    "不详": "unknown",
}
_CAPACITY = {"有监护能力": "able", "监护能力弱": "weak", "无监护能力": "none", "不详": "unknown"}
_HARDSHIPS = {
    "收入低": "low_income",
    "患病": "illness",
    "残疾": "disability",
    "失业": "unemployment",
    "受灾": "disaster",
    "教育支出大": "education_costs",
    "住房困难": "housing",
    "其他": "other",
}
_YES = {"是": "yes", "否": "no"}

COLUMNS: Final = (
    Column("编号", "source_id", 18),
    Column("版本", "version", 6, form="count"),
    Column("填报单位区划代码", "division", 18, required=True),
    Column("走访日期", "visited_on", 12, form="day", required=True),
    Column("走访类型", "kind", 18, _KINDS, required=True),
    Column("走访方式", "channel", 10, _CHANNELS, required=True),
    Column("走访结果", "outcome", 14, _OUTCOMES, required=True),
    Column("儿童姓名", "child.name", 12, required=True),
    Column("身份证号", "child.id_number", 22),
    Column("出生日期", "child.birth_date", 12, form="day"),
    Column("性别", "child.sex", 6, _SEXES),
    Column("居住地区划代码", "residence.division", 18),
    Column("户籍地区划代码", "hukou.division", 18),
    Column("监护人姓名", "guardian.name", 12),
    Column("与监护人关系", "guardian.relation", 12, _RELATIONS),
    Column("监护人联系方式", "guardian.phone", 16),
    Column("走访人岗位", "visitor", 12, _VISITORS),
    Column("工作人员编号", "staff", 14),
    Column("记录时间", "noted_at", 20, form="instant"),
    Column("同住情况", "findings.lives_with", 12, _COMPANY),
    Column("监护能力", "findings.capacity", 12, _CAPACITY),
    Column("是否在学", "findings.attending_school", 8, _YES, form="flag"),
    Column("家庭困难", "findings.hardships", 20, _HARDSHIPS, form="several"),
    Column("主动求助", "findings.requests_help", 8, _YES, form="flag"),
    Column("心理和行为异常", "findings.behaviour_concern", 8, _YES, form="flag"),
    Column("流浪", "findings.vagrant", 8, _YES, form="flag"),
    Column("关爱服务", "helps", 20, form="several"),
    Column("备注", "note", 36),
)
_BY_TITLE: Final = {one.title: one for one in COLUMNS}


def lines(rows: Sequence[Sequence[Cell]], secret: bytes) -> Iterator[bytes]:
    """A line of JSON for each row, empty for the header and for rows without a word, so that a line bears its row's number.

    Unreadable where the header is not the template's.
    """
    header = rows[0] if rows else ()
    columns = _columns(header)
    yield b"\n"
    for row in rows[1:]:
        held = {c: v for c, v in zip(columns, row, strict=False) if c is not None and v != ""}
        yield orjson.dumps(_item(held, secret), option=orjson.OPT_APPEND_NEWLINE) if held else b"\n"


def _columns(header: Iterable[Cell]) -> list[Column | None]:
    titles = [str(cell).rstrip("*＊ ") for cell in header]
    named = [one for one in titles if one]
    if unknown := [one for one in named if one not in _BY_TITLE]:
        raise Unreadable(f"{len(unknown)} columns of the header are not of the template.")
    if len(set(named)) < len(named):
        raise Unreadable("A column of the header stands there twice.")
    if missing := [c.title for c in COLUMNS if c.required and c.title not in named]:
        raise Unreadable("The header lacks " + "、".join(missing) + ".")
    return [_BY_TITLE.get(one) for one in titles]


def _item(held: Mapping[Column, Cell], secret: bytes) -> dict[str, Any]:
    """The row as an item; what is not understood stands as it is, for the feed's model to refuse."""
    item: dict[str, Any] = {"child": {}}
    guardian: dict[str, Any] = {}
    for column, cell in held.items():
        value = _FORMS[column.form](column, cell)
        head, _, tail = column.path.partition(".")
        if head == "guardian":
            guardian[tail] = value
        elif tail:
            item.setdefault(head, {})[tail] = value
        else:
            item[head] = value
    if guardian:
        item["guardians"] = [guardian]
    item.setdefault("version", 1)
    item["observed_on"] = item.get("visited_on")
    if "source_id" not in item:
        item["source_id"] = _id(item, secret)
    return item


def _id(item: Mapping[str, Any], secret: bytes) -> str:
    """By day, kind, office and child: what stays when a row is sent again, with another note perhaps."""
    child = item["child"]
    who = str(child.get("id_number") or f"{child.get('name')}|{child.get('birth_date')}")
    told = (item.get(key) for key in ("visited_on", "kind", "channel", "division", "staff"))
    return "row-" + keyed(secret, "visit row", who, *map(str, told)).hex()[:40]


def _text(column: Column, cell: Cell) -> Any:
    if column.words is not None and isinstance(cell, str):
        return column.words.get(cell, cell)
    return cell


def _count(column: Column, cell: Cell) -> Any:
    digits = isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) < 10
    return int(cell) if digits else cell


def _day(column: Column, cell: Cell) -> Any:
    written = WRITTEN_DATE.fullmatch(cell) if isinstance(cell, str) else None
    if written is None:
        return cell
    year, mm, dd, month, day = written.groups()
    return f"{year}-{int(month or mm):02}-{int(day or dd):02}"


def _instant(column: Column, cell: Cell) -> Any:
    """What a device wrote without an offset was written in Asia/Shanghai."""
    if isinstance(cell, str) and _STAMP.fullmatch(cell):
        return cell.replace(" ", "T") + "+08:00"
    return cell


def _flag(column: Column, cell: Cell) -> Any:
    if isinstance(cell, str) and cell in _YES:
        return _YES[cell] == "yes"
    return cell


def _several(column: Column, cell: Cell) -> Any:
    if not isinstance(cell, str):
        return cell
    words = column.words or {}
    return [words.get(one, one) for one in _SEPARATORS.split(cell) if one]


_FORMS: Final = {
    "text": _text,
    "count": _count,
    "day": _day,
    "instant": _instant,
    "flag": _flag,
    "several": _several,
}


@cache
def template() -> bytes:
    """An empty workbook: text cells, so that Excel rounds no number; lists to choose from; ``*`` for what is required."""
    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, {"in_memory": True, "strings_to_urls": False})
    book.set_properties({"title": TITLE, "created": datetime(2026, 1, 1)})  # noqa: DTZ001
    sheet = book.add_worksheet(TITLE)
    bold = book.add_format({"bold": True, "text_wrap": True, "num_format": "@"})
    plain = book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width, plain)
        sheet.write_string(0, place, column.title + ("*" if column.required else ""), bold)
        if column.words and column.form != "several":
            choice = {"validate": "list", "source": list(column.words)}
            sheet.data_validation(1, place, EXAMPLE_ROWS, place, choice)
    book.close()
    return whole.getvalue()
