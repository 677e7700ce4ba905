"""The ledger of key care (重点关爱服务对象信息台账) as annex 1 of Heze's plan lays it out: fifteen columns, one row a
child.

Pure: from a child as the caller sees it to the texts of a row.  What the caller may not see is an empty cell; a
shielded child's addresses are withheld in words, so that nobody takes them for missing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.registry.key_care.terms import CATEGORY_TITLES, CareState
from shared import divisions

TITLE = "重点关爱服务对象信息台账"
COLUMNS = (
    "序号",
    "儿童姓名",
    "性别",
    "年龄",
    "身份证号",
    "户籍地址",
    "现居住地",
    "重点关爱服务对象困境类型",
    "就读学校/年级",
    "监护人姓名",
    "与监护人关系",
    "监护人联系方式",
    "基本情况概述",
    "关爱服务活动",
    "备注",
)
WITHHELD = "地址保密"

_SEX = {"male": "男", "female": "女", "unknown": "未知"}
_RELATION = {
    "father": "父亲",
    "mother": "母亲",
    "grandfather": "祖父/外祖父",
    "grandmother": "祖母/外祖母",
    "other_relative": "其他亲属",
    "other": "其他",
}
_STATE = {
    CareState.PROPOSED: "待确认",
    CareState.UNDER_REVIEW: "待复核",
    CareState.REFUSED: "不予认定",
    CareState.CLOSED: "已结案",
}
_STATUS = {
    "migrant": "流动儿童",
    "not_yet": "流动未满规定时间",
    "excluded": "中心城区区间流动",
    "unaccompanied": "无父母或监护人随行",
    "not_cross_county": "未跨县域",
    "aged_out": "已满规定年龄",
    "cannot_tell": "信息不全，待核实",
}
_ASSISTANCE = {
    "minimum_living": "最低生活保障",
    "minimum_living_margin": "低保边缘家庭",
    "extreme_poverty": "特困供养",
    "orphan": "孤儿",
    "de_facto_unsupported": "事实无人抚养儿童",
    "temporary": "临时救助",
    "vagrancy_rescue": "流浪救助",
}
_VISIT = {
    "contact": "联系",
    "home_visit": "入户走访",
    "school_home_visit": "家访",
    "screening": "心理健康测评",
    "family_education": "家庭教育指导",
    "law_lesson": "法治教育",
    "safety_lecture": "安全教育",
    "mental_health_activity": "心理健康教育",
    "activity": "关爱服务活动",
    "survey": "摸底排查",
}
_CHANNEL = {"phone": "（电话）", "online": "（网络）"}
_CAPACITY = {"able": "有监护能力", "weak": "监护能力弱", "none": "无监护能力"}
_DISABILITY = {
    "visual": "视力",
    "hearing": "听力",
    "speech": "言语",
    "physical": "肢体",
    "intellectual": "智力",
    "mental": "精神",
    "multiple": "多重",
}


def cells(
    child: Mapping[str, Any],
    categories: Sequence[str],
    states: Sequence[str],
    shielded: bool,
    day: date,
) -> tuple[str, ...]:
    """Columns 2 to 15 of a child's row on ``day``; ``categories`` and ``states`` go together."""
    fields = {name: str(held["value"]) for name, held in child["fields"].items()}
    guardians = child.get("guardians", ())
    return (
        fields.get("name", ""),
        _SEX.get(fields.get("sex", ""), fields.get("sex", "")),
        _age(fields.get("birth_on"), day),
        fields.get("id_number")
        or fields.get("other_number")
        or fields.get("id_number_doubtful", ""),
        _address(child.get("hukou", ()), shielded),
        _address(child.get("episodes", ()), shielded),
        "、".join(CATEGORY_TITLES[c] for c in categories),
        "/".join(filter(None, (fields.get("school"), fields.get("grade")))),
        "、".join(g.get("name", "") for g in guardians),
        "、".join(_RELATION.get(g.get("relation", ""), "") for g in guardians),
        "、".join(g.get("phone", "") for g in guardians),
        "；".join(_summary(child, fields)),
        "；".join(_activities(child)),
        "；".join(_remarks(child, categories, states)),
    )


def _age(birth_on: str | None, day: date) -> str:
    """Completed years (周岁)."""
    if birth_on is None:
        return ""
    born = date.fromisoformat(birth_on)
    return str(max(0, day.year - born.year - ((day.month, day.day) < (born.month, born.day))))


def _address(places: Sequence[Mapping[str, Any]], shielded: bool) -> str:
    """The last place's address, or the name of its county."""
    if not places:
        return ""
    if shielded:
        return WITHHELD
    address: str = places[-1].get("address") or divisions.name_of(int(places[-1]["division"])) or ""
    return address


def _summary(child: Mapping[str, Any], fields: Mapping[str, str]) -> list[str]:
    said = []
    if "status" in child:
        said.append("认定：" + _STATUS.get(child["status"]["status"], ""))
    if capacity := _CAPACITY.get(fields.get("guardian_capacity", "")):
        said.append(capacity)
    if held := [
        title
        for kind, title in _ASSISTANCE.items()
        if fields.get(f"assistance_{kind}") == "started"
    ]:
        said.append("救助保障：" + "、".join(held))
    event, _, kinds = fields.get("disability", "").partition(":")
    if event in ("granted", "renewed"):
        said.append("残疾：" + "、".join(_DISABILITY.get(k, "") for k in kinds.split("+") if k))
    return said


def _activities(child: Mapping[str, Any]) -> list[str]:
    """What was done for the child, the newest first; attempts that met nobody are none."""
    said = []
    for visit in child.get("visits", ()):
        if visit["outcome"] == "met":
            way = _CHANNEL.get(visit["channel"], "")
            said.append(f"{visit['on']}{_VISIT.get(visit['kind'], '')}{way}")
    return said


def _remarks(
    child: Mapping[str, Any], categories: Sequence[str], states: Sequence[str]
) -> list[str]:
    """The day of moving out (迁出时间, note 2 of the annex), then what is not confirmed."""
    said = []
    episodes = child.get("episodes", ())
    if episodes and episodes[-1].get("until"):
        said.append(f"迁出时间：{episodes[-1]['until']}")
    for state, title in _STATE.items():
        if named := [
            CATEGORY_TITLES[c] for c, s in zip(categories, states, strict=True) if s == state
        ]:
            said.append(f"{title}：{'、'.join(named)}")
    return said
