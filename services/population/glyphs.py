"""What hands, ears, old forms and old machines do to a glyph.

These tables are the corpus's own and are not the linker's: a linker that knew exactly the errors it
is measured by would measure its memory.
"""

from functools import cache
from typing import Final

from opencc import OpenCC
from pypinyin import lazy_pinyin

RARE: Final = "堃喆犇玥㛃翀婳昶甯赟昇珺瑄璟晗炜烜祎劼翊妘婞旻煊沄琋瑀邘"
"""Glyphs that some systems cannot write."""

_PLAIN_FOR_RARE: Final = dict(
    zip(
        "堃喆犇玥翀昶赟昇珺瑄璟炜烜祎翊旻煊沄瑀",
        "坤哲奔月冲永斌升君宣景伟宣祎翼民宣云禹",
        strict=True,
    )
)

_LOOK_ALIKE: Final = (
    "晨辰 铭名 睿容 佳住 宇字 思恩 欣欢 珊栅 婷停 玥钥 浩皓 博搏 涵函 梓样 萱宣 怡治 琪淇 瑶谣 俊浚 泽择 "
    "杰木 轩斩 雨两 子孑 馨磬 妍研 王玉 刘到 陈阵 李季 张长 杨扬 黄寅 吴昊 徐除 孙孔 郭郑 诺若 晴睛 昕听 "
    "沐沭 彤肜 悦说 航杭 辉晖 翔详 熙煕 宁宇 文又 天夫 明朋 家冢 豪毫 宸宬 恒桓 然燃 汐夕 语浯 菲韭 雯雪 "
    "静净 凯铠 涛淘 鹏朋 霖林 琳淋 志忘 强弦 军车 芳苏 娟捐 艳绝 红江 敏每 丽两 燕蒸 华毕 建健 国图 永水 "
    "海诲 春舂 金全 周同 胡湖 朱未 何向 罗萝 高商 梁粱 宋末 唐康 许诈 韩朝 冯马 邓邦 曹漕 曾会 田由 董薰 "
    "蒋将 蔡葵 余佘 于干 杜社 叶计 程裎 魏巍 吕昌 任仕 卢户 沈沉 姜羡 范苑 汪江 石右 贾买 夏复 付什 方万"
)
_ALSO_HEARD: Final = (
    "雨羽语予玉郁豫煜裕钰宇禹瑜梓紫姿子孜晨辰宸尘诚承程成澄熙希西溪曦汐伊依奕逸亦艺怡仪颐轩萱宣璇暄涵晗"
    "寒含函翰汉豪昊皓浩好灏嘉佳家加珈琪琦祺棋淇其齐欣心新馨昕鑫歆妍言研岩颜彦若瑶遥尧姚悦玥月越跃诗思施"
    "师静婧敬靖菁晶婷庭亭廷博波勃伯文雯闻纹铭明名鸣茗泽择则哲喆者志智芝枝之杰洁捷婕俊军君钧峻骏强墙伟玮"
    "炜维薇国果华桦骅东冬栋峰锋枫丰烽林琳霖临凯楷铠恺航杭瑞蕊睿芮祥翔想香乐安平萍苹康抗梦孟萌雪学章彰江"
    "姜金今靳晋王汪黄皇李黎理厉刘流留陈臣杨阳洋周州舟徐许胥海亥永勇咏建健剑红宏虹鸿英莹颖盈丽莉立力芳方"
    "娟涓燕彦艳霞夏玲铃灵凌敏民春纯秀绣桂贵兰岚珍真云芸耘辉晖慧惠会清青卿宁凝然冉彤童桐可柯沐木慕书舒淑"
)


def _groups(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in text.split():
        for glyph in group:
            found[glyph] = found.get(glyph, "") + group.replace(glyph, "")
    return found


_LOOK_ALIKES: Final = _groups(_LOOK_ALIKE)
_FUZZY: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"), ("f", "h"))
_NASAL: Final = (("ang", "an"), ("eng", "en"), ("ing", "in"))


def look_alikes(glyph: str) -> str:
    """Glyphs of similar shape; empty where the table knows none."""
    return _LOOK_ALIKES.get(glyph, "")


@cache
def sound(glyph: str) -> str:
    """The commonest reading, tone aside."""
    return str(lazy_pinyin(glyph)[0])


def homophones(glyph: str) -> str:
    """Other glyphs read alike; empty where the table knows none."""
    return _by_sound()[0].get(sound(glyph), "").replace(glyph, "")


@cache
def nearly_homophones(glyph: str) -> str:
    """Glyphs that a southern ear hears alike, though they are not: zh for z, l for n, -ng for -n."""
    same = _by_sound()[0].get(sound(glyph), "")
    near = _by_sound()[1].get(_blurred(sound(glyph)), "")
    return "".join(letter for letter in near if letter not in same and letter != glyph)


@cache
def _by_sound() -> tuple[dict[str, str], dict[str, str]]:
    exact: dict[str, str] = {}
    near: dict[str, str] = {}
    for glyph in dict.fromkeys(_ALSO_HEARD):
        for table, key in ((exact, sound(glyph)), (near, _blurred(sound(glyph)))):
            table[key] = table.get(key, "") + glyph
    return exact, near


def _blurred(syllable: str) -> str:
    for clear, dull in _FUZZY:
        if syllable.startswith(clear):
            syllable = dull + syllable.removeprefix(clear)
            break
    for clear, dull in _NASAL:
        if syllable.endswith(clear):
            return syllable.removesuffix(clear) + dull
    return syllable


@cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")


def older_form(name: str) -> str:
    """The name in traditional glyphs."""
    return str(_traditional().convert(name))


def rare_in(name: str) -> str:
    """The glyphs of a name that old systems cannot write."""
    return "".join(glyph for glyph in name if glyph in RARE)


def plain_for(glyph: str) -> str:
    """What a clerk writes instead of a rare glyph; a question mark where nothing is near."""
    return _PLAIN_FOR_RARE.get(glyph, "?")
