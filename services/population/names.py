"""Invented names with the shares and the traps of real ones.

Surnames follow the shares of the national register roughly. Given names follow the fashion of the
decade of birth: some whole names are very common, so that strangers share a name and a birthday as
they do in any county of a million children; the rest combine glyphs, each with its own share.
Tables are ordered by frequency. Names of minorities are in minorities.py, writing errors in
glyphs.py.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Final, TypeVar

from services.population import glyphs, minorities

T = TypeVar("T")

_SURNAMES: Final = (
    "王72 李72 张68 刘54 陈45 杨31 黄22 赵22 吴20 周20 徐16 孙15 马13 朱13 胡13 郭12 何12 林10 罗9 高10 "
    "郑9 梁8 谢7 宋8 唐7 许7 韩6 邓6 冯6 曹6 彭5 曾5 肖6 田5 董5 潘4 袁5 蔡5 蒋5 余5 于6 杜5 叶4 程6 魏5 "
    "苏5 吕5 丁4 任4 卢5 姚4 沈5 钟4 姜4 崔4 谭4 陆4 范4 汪4 廖3 石4 金4 贾4 夏3 付3 方3 邹3 熊3 白3 孟3 "
    "秦3 邱3 侯3 江3 尹3 薛3 闫3 段3 雷3 龙2 黎2 史2 陶2 贺2 毛2 郝2 顾2 龚2 邵2 万2 覃2 武2 钱2 戴2 严2 "
    "莫2 孔2 向2 常1 汤1 康1 易1 乔1 赖1 文1 樊1 施1 洪1 辛1 牛1 安1 庞1 齐1 兰1 殷1 倪1 伍1 葛1 俞1 鲁1 "
    "翟1 季1 章1 聂1 管1 温1 庄1 柴1 冉1 牟1 解1 单1 祝1 左1 涂1 霍1 时1 路1 欧阳1 上官0.1 司马0.1 诸葛0.1 "
    "皇甫0.1 令狐0.1 夏侯0.1 仇0.3 缪0.3 查0.3 盖0.2 区0.2 岑0.3 佘0.2 乐0.2 员0.1 阚0.2 郇0.1 晁0.1 谯0.2"
)
_WHOLE: Final = {
    "male": "浩宇 子轩 宇轩 浩然 梓轩 子涵 俊熙 宇航 博文 子豪 一诺 铭泽 皓轩 奕辰 沐宸 浩辰 宇泽 子墨 "
    "家豪 俊杰 志强 文博 嘉豪 天佑 明轩 思远 子睿 梓豪 宇晨 俊豪",
    "female": "梓涵 欣怡 诗涵 子涵 雨涵 梓萱 可馨 佳怡 一诺 若汐 语桐 欣妍 艺涵 思涵 雨桐 梦瑶 佳琪 紫涵 "
    "心怡 静怡 诗琪 雅婷 婉清 书瑶 沐晴 思琪 梓桐 依诺 雨萱 欣悦",
}
"""Whole given names in fashion since about 2005."""

_FIRST: Final = {
    "male": "子宇浩俊梓文家嘉志明天泽奕昊思博一皓睿铭承佳晨逸星沐瑞金建永国鑫正云世景少玉海立伟凯启振"
    "锦君新旭雨书煜泓景霖",
    "female": "梓欣雨子诗思佳嘉梦雅语可若一紫心艺依静婉馨晨书沐芷玉婷美悦文俊晓雪慧安宇奕芸瑾锦月熙妙钰彦",
}
_SECOND: Final = {
    "male": "轩涵宇豪浩杰泽辰然博阳航文睿瑞哲晨宸辉恒铭熙翔琪鑫洋林伟峰涛霖成诚骏鹏龙飞凯源昊希乐华安毅"
    "康强佑墨庭深钊坤",
    "female": "涵怡萱琪彤欣妍悦瑶婷桐萌宁馨汐雨然颖蕊嫣熙诺晴语瑜轩茹菲玥娜雯琳婧月洁颜雪丹霏玲童桦",
}
_GROWN_ONE: Final = {
    "male": "伟强军勇涛磊鹏杰斌波辉刚健超亮飞峰平明兵林东凯浩俊",
    "female": "丽芳娟敏静燕艳霞玲红英梅萍丹娜洁琴慧莉颖婷雪娇倩",
}
_GROWN_FIRST: Final = {
    "male": "建志国文晓海永小玉春金红世大德光新成正云俊中天学庆家福",
    "female": "秀玉桂晓小春丽红海淑雪美彩凤金素爱艳翠兰文建月志",
}
_GROWN_SECOND: Final = {
    "male": "华军平强明伟国生林峰东辉云兵涛文龙刚海波成勇才祥全贵富良清忠",
    "female": "英兰珍芳梅霞丽玲红艳云华萍燕琴娟莲花香平娥敏芝凤",
}
WHOLE, ONE, RARE, DOUBLED = 0.28, 0.09, 0.025, 0.015
"""Shares of children's given names: in fashion whole, of one glyph, with a rare glyph, one glyph twice."""

TWINS_SHARE_A_GLYPH, TWINS_SOUND_OR_LOOK_ALIKE = 0.65, 0.12


class Weighted:
    """Drawing from a table by weight, in one call of chance."""

    def __init__(self, values: Sequence[str], weights: Sequence[float]) -> None:
        self._values, self._upto = tuple(values), list(accumulate(weights))
        self._last = len(self._values) - 1

    def draw(self, random: Random) -> str:
        at = random.random() * self._upto[-1]
        return self._values[bisect_right(self._upto, at, 0, self._last)]


def ranked(values: Sequence[str]) -> Weighted:
    """Weights that fall with the rank, as names' do."""
    return Weighted(values, [1 / (rank + 3) for rank in range(len(values))])


def _surnames() -> Weighted:
    told = _SURNAMES.split()
    names = [one.rstrip("0123456789.") for one in told]
    return Weighted(names, [float(one.removeprefix(n)) for one, n in zip(told, names, strict=True)])


_SURNAME: Final = _surnames()
_WHOLES: Final = {sex: ranked(text.split()) for sex, text in _WHOLE.items()}
_GIVEN: Final = {
    (age, place, sex): ranked(text)
    for age, place, table in (
        ("child", 1, _FIRST),
        ("child", 2, _SECOND),
        ("grown", 0, _GROWN_ONE),
        ("grown", 1, _GROWN_FIRST),
        ("grown", 2, _GROWN_SECOND),
    )
    for sex, text in table.items()
}


def surname(random: Random) -> str:
    return _SURNAME.draw(random)


def given_name(random: Random, sex: str) -> str:
    """A child's given name of one or two glyphs."""
    draw = random.random()
    if (draw := draw - WHOLE) < 0:
        return _WHOLES[sex].draw(random)
    second = _GIVEN["child", 2, sex].draw(random)
    if (draw := draw - ONE) < 0:
        return second
    if (draw := draw - RARE) < 0:
        rare = random.choice(glyphs.RARE)
        return second + rare if random.random() < 0.5 else rare + second
    if (draw := draw - DOUBLED) < 0:
        return second * 2
    return _GIVEN["child", 1, sex].draw(random) + second


def grown_name(random: Random, family: str, sex: str) -> str:
    """A guardian's full name, in the fashion of an earlier generation."""
    if random.random() < 0.27:
        return family + _GIVEN["grown", 0, sex].draw(random)
    first = _GIVEN["grown", 1, sex].draw(random)
    return family + first + _GIVEN["grown", 2, sex].draw(random)


def beside_a_sibling(random: Random, family: str, sibling: str, sex: str, *, twin: bool) -> str:
    """A full name that goes with a sibling's: one glyph the same, or alike in sound or shape."""
    other, own = sibling.removeprefix(family), given_name(random, sex)
    draw = random.random()
    if len(other) != 2 or len(own) != 2:
        return family + own
    if twin and draw < TWINS_SOUND_OR_LOOK_ALIKE:
        near = glyphs.homophones(other[1]) + glyphs.look_alikes(other[1])
        return family + other[0] + random.choice(near or own[1])
    if draw < TWINS_SOUND_OR_LOOK_ALIKE + TWINS_SHARE_A_GLYPH:
        return family + (other[0] + own[1] if random.random() < 0.75 else own[0] + other[1])
    return family + own


def minority_name(random: Random, ethnicity: str, sex: str) -> str | None:
    """A full name in a minority's own fashion; None for groups that bear Chinese names."""
    return minorities.full_name(random, ethnicity, sex)
