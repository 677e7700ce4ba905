"""Invented names with the frequencies and the traps of real ones.

Surnames follow the shares of the national register roughly; given names mix a few very common ones
(so that unrelated children share a name) with free combinations. Minority names carry the middle
dot (·). The second half of the file is what dirt needs: characters that sound alike, look alike,
or are written in an older form.
"""

from functools import cache
from itertools import accumulate
from random import Random
from typing import Final

from pypinyin import lazy_pinyin

_SURNAMES: Final = {
    "王": 72, "李": 72, "张": 68, "刘": 54, "陈": 45, "杨": 31, "黄": 22, "赵": 21, "吴": 20,
    "周": 19, "徐": 15, "孙": 15, "马": 13, "朱": 13, "胡": 13, "郭": 12, "何": 12, "林": 11,
    "罗": 11, "高": 10, "郑": 10, "梁": 9, "谢": 8, "宋": 7, "唐": 7, "许": 7, "邓": 7,
    "韩": 7, "冯": 7, "曹": 6, "彭": 6, "曾": 6, "肖": 6, "田": 5, "董": 5, "潘": 5, "袁": 5,
    "蔡": 5, "蒋": 5, "余": 5, "于": 5, "杜": 5, "叶": 5, "程": 5, "魏": 5, "苏": 5, "吕": 4,
    "丁": 4, "任": 4, "卢": 4, "姚": 4, "沈": 4, "钟": 4, "姜": 4, "崔": 4, "谭": 4, "陆": 4,
    "范": 3, "汪": 3, "廖": 3, "石": 3, "金": 3, "贾": 3, "夏": 3, "付": 3, "方": 3, "白": 3,
    "邹": 3, "熊": 3, "孟": 3, "秦": 3, "冉": 2, "向": 2, "覃": 2, "牟": 1, "欧阳": 1,
    "上官": 1, "司马": 1,
}  # fmt: skip

_COMMON_GIVEN: Final = {
    "male": "浩宇 子轩 宇轩 浩然 梓轩 子涵 俊熙 宇航 博文 子豪 一诺 铭泽 皓轩 奕辰 沐宸 浩辰 "
    "宇泽 子墨 家豪 俊杰 志强 文博 嘉豪 天佑 明轩 思远",
    "female": "梓涵 欣怡 诗涵 子涵 雨涵 梓萱 可馨 佳怡 一诺 若汐 语桐 欣妍 艺涵 思涵 雨桐 "
    "梦瑶 佳琪 紫涵 心怡 静怡 诗琪 雅婷 婉清 书瑶 沐晴 思琪",
}
_FREE_GIVEN: Final = {
    "male": "浩宇轩泽辰俊杰博文子豪涛鹏飞明志强伟军建国华东峰磊林阳晨凯航瑞祥睿哲皓翔奕铭承乐安平"
    "康源恒毅坤正宏达启耀嘉家景霖",
    "female": "涵怡萱琪欣雨诗梦瑶佳婷静雅思语桐馨妍若汐艺可心紫嘉宁悦颖慧琳玥莹雪晴彤洁倩芳兰梅丽"
    "娜燕珊璐菲依依婉清书月",
}
_RARE: Final = "堃喆犇玥㛃翀婳昶甯赟"
_GROWN_GIVEN: Final = {
    "male": "伟强军勇建国建华志刚志强海涛永刚大伟小军文斌春生国庆长江学军洪波光明",
    "female": "芳丽娟秀英桂兰春梅小红玉兰晓燕红霞素珍彩霞海燕玉梅凤英淑芬桂花美玲艳",
}
_MINORITY: Final = {
    "维吾尔族": (
        ("阿卜杜拉", "麦麦提", "艾力", "图尔逊", "帕提古丽", "阿依古丽"),
        ("买买提", "艾合买提", "依明", "吐尔地", "司马义"),
    ),
    "彝族": (
        ("阿木", "阿依", "尔古", "拉则", "友古", "依洛"),
        ("吉克", "沙马", "阿西", "吉木", "曲比"),
    ),
}


def _pairs(text: str) -> dict[str, str]:
    """Every first character with the one after it."""
    return dict(zip(text[::2], text[1::2], strict=True))


LOOK_ALIKES: Final = _pairs(
    "晨辰铭名睿容佳桂宁宇宇字思恩欣欢珊栅婷停玥钥浩皓博搏涵函梓样萱宣怡治琪淇瑶谣俊浚"
    "泽择杰木轩斩雨两子孑馨磬妍研王玉刘到陈阵李季张长杨扬黄寅吴昊徐除孙孔郭郑"
)
OLDER_FORMS: Final = _pairs(
    "张張陈陳刘劉杨楊赵趙吴吳孙孫马馬罗羅郑鄭谢謝许許邓鄧韩韓冯馮肖蕭蒋蔣叶葉苏蘇吕呂"
    "卢盧钟鐘谭譚陆陸范範贾賈轩軒泽澤国國华華东東杰傑强強伟偉飞飛达達凯凱诗詩语語梦夢"
    "静靜颖穎莹瑩洁潔兰蘭丽麗琼瓊书書阳陽鹏鵬涛濤"
)
_ALSO_HEARD: Final = (
    "雨羽语予玉郁豫煜裕梓紫姿晨辰宸尘诚承程成熙希西溪曦汐伊依奕逸亦艺怡仪颐轩萱宣璇暄涵晗寒含"
    "函翰汉豪昊皓浩好嘉佳家加珈琪琦祺棋淇其齐欣心新馨昕鑫歆妍言研岩颜若瑶遥尧姚悦玥月越跃诗思"
    "施静婧敬靖菁晶婷庭亭廷博波勃伯文雯闻铭明名鸣茗泽择则哲喆者志智芝枝杰洁捷婕俊军君钧峻强墙"
    "伟玮炜维薇国果华桦骅东冬栋峰锋枫丰林琳霖临凯楷铠航杭瑞蕊睿祥翔想乐安平萍苹康抗梦孟萌雪学"
    "章彰江姜金今靳晋王汪黄皇李黎理厉刘流留陈臣杨阳洋周州舟徐许胥"
)


@cache
def _weighted(table: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if table == "surnames":
        return tuple(_SURNAMES), tuple(accumulate(_SURNAMES.values()))
    names = tuple(_COMMON_GIVEN[table].split())
    return names, tuple(accumulate(60 // (rank + 3) + 1 for rank in range(len(names))))


def surname(random: Random) -> str:
    names, weights = _weighted("surnames")
    return random.choices(names, cum_weights=weights)[0]


def given_name(random: Random, sex: str) -> str:
    """A child's given name of one or two characters."""
    draw = random.random()
    if draw < 0.42:
        names, weights = _weighted(sex)
        return random.choices(names, cum_weights=weights)[0]
    letters = _FREE_GIVEN[sex]
    if draw < 0.54:
        return random.choice(letters)
    if draw < 0.55:
        return random.choice(_RARE) + random.choice(letters)
    return random.choice(letters) + random.choice(letters)


def grown_name(random: Random, family: str, sex: str) -> str:
    """A guardian's full name, in the fashion of an earlier generation."""
    letters = _GROWN_GIVEN[sex]
    given = random.choice(letters)
    return family + (given if random.random() < 0.3 else given + random.choice(letters))


def minority_name(random: Random, ethnicity: str) -> str | None:
    """A full name with the middle dot, for the groups that write one; None for the others."""
    if ethnicity not in _MINORITY:
        return None
    first, second = _MINORITY[ethnicity]
    return f"{random.choice(first)}·{random.choice(second)}"


def rare_letters(name: str) -> str:
    """The characters of a name that old systems cannot write."""
    return "".join(letter for letter in name if letter in _RARE)


def pinyin(name: str) -> str:
    return " ".join(lazy_pinyin(name.replace("·", "")))


def homophones(letter: str) -> str:
    """Other characters read alike, tones aside; empty where the list knows none."""
    return _by_sound().get(lazy_pinyin(letter)[0], "").replace(letter, "")


@cache
def _by_sound() -> dict[str, str]:
    letters = dict.fromkeys(
        _ALSO_HEARD + _FREE_GIVEN["male"] + _FREE_GIVEN["female"] + "".join(_SURNAMES)
    )
    groups: dict[str, str] = {}
    for letter in letters:
        sound = lazy_pinyin(letter)[0]
        groups[sound] = groups.get(sound, "") + letter
    return groups
