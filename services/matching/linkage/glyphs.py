"""Tables of Chinese writing: surname readings, fuzzy sounds, look-alike glyphs, names that are
none.

The tables are short and hand-picked for children's names; they are data of normalisation version 1,
so a change here is a new normalisation version.
"""

from collections.abc import Mapping

#: Readings that a surname has and the same glyph elsewhere has not.
SURNAME_READINGS: Mapping[str, str] = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "乐": "yue", "朴": "piao",
    "查": "zha", "盖": "ge", "区": "ou", "种": "chong", "缪": "miao", "秘": "bi",
    "繁": "po", "员": "yun", "召": "shao", "覃": "qin", "洗": "xian", "黑": "he",
    "翟": "zhai", "佴": "nai", "郇": "xun", "牟": "mu", "阚": "kan", "隗": "wei",
    "都": "du", "折": "she",
}  # fmt: skip

#: Surnames of two glyphs, with their readings.
COMPOUND_SURNAMES: Mapping[str, tuple[str, str]] = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "东方": ("dong", "fang"), "皇甫": ("huang", "fu"),
    "尉迟": ("yu", "chi"), "公孙": ("gong", "sun"),
    "慕容": ("mu", "rong"), "令狐": ("ling", "hu"), "长孙": ("zhang", "sun"), "宇文": ("yu", "wen"),
    "司徒": ("si", "tu"), "万俟": ("mo", "qi"), "单于": ("chan", "yu"), "夏侯": ("xia", "hou"),
    "端木": ("duan", "mu"), "独孤": ("du", "gu"), "南宫": ("nan", "gong"), "呼延": ("hu", "yan"),
    "拓跋": ("tuo", "ba"), "轩辕": ("xuan", "yuan"), "澹台": ("tan", "tai"), "申屠": ("shen", "tu"),
    "赫连": ("he", "lian"), "钟离": ("zhong", "li"), "闻人": ("wen", "ren"), "濮阳": ("pu", "yang"),
}  # fmt: skip

#: Sounds that southern speakers and tired typists do not keep apart: initials first, then finals.
FUZZY_INITIALS: tuple[tuple[str, str], ...] = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("n", "l"),
    ("h", "f"),
)
FUZZY_FINALS: tuple[tuple[str, str], ...] = (
    ("ang", "an"),
    ("eng", "en"),
    ("ing", "in"),
    ("ong", "on"),
)

_LOOK_ALIKES = (
    "己已巳 未末 日曰 土士 人入八 天夫无 千干于 大太犬 王玉主 甲由申 刀力 牛午 今令 免兔 "
    "鸟乌 辰晨 晴睛清情 佳住往 侯候 俊峻骏浚竣 伟玮炜苇纬 杨扬场 陈阵 张弦 李季 林琳淋 明朋 "
    "芳苏劳 萍苹 婷停亭 倩情清 静净 莹萤荧 晓骁 浩皓洁 涵函 宇字 轩轲 梓样 桐同铜 彤形 "
    "欣昕炘 怡治 诗持 琪琦棋淇祺 瑶遥摇 璐露 雯文 霖林 鑫金 凯恺铠 锋峰烽 磊垒 娜那 妍研 "
    "媛援 嘉喜 蕊芯 薇微 思恩 悦说 昊吴昱旲 晟盛 泽译 洋祥样 浪狼 博傅 冯马 郭部 孟盂 戚威 "
    "戴载 徐除 余佘 沈沉 汪江 注汪 程裎 胡湖 唐康 廉康 钟钏 范苑 潘播 韦书 贺货 贾买 邱丘 "
    "郑邓 赵起 越赵 刘浏 谢榭 罗萝 梁粱 宋末 曹漕 彭膨 董童 萧肃 蒋将 阎闫 崔催 谭潭 姚桃 "
    "卢户 金全 方万 白自 石右 龙尤 史吏 陶淘 黎犁 尹伊 常尝 武式 乔侨 赖懒 庞宠 樊攀 殷般 "
    "施旋 豪毫 健建 翔详 鹏朋 超起 颖颍 睿容 子孑 一乙 冰水 冬东 春舂 柔矛 梅海 楠南 沐木 "
    "滢莹 然燃 玥珊 珂柯 珍诊 甜括 百白 睿瑞 硕顾 秀透 筱莜 紫素 航杭 艺亿 芮内 若苦 茜西 "
    "荣莱 菲非 蓉容 语浯 诺喏 豆登 达迭 远运 采彩 铭名 阳阴 雅稚 雪雷 青责 顺须 飞气 馨磬"
)


def _neighbours() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _LOOK_ALIKES.split():
        for glyph in group:
            found.setdefault(glyph, set()).update(group)
    return {glyph: frozenset(group) for glyph, group in found.items()}


LOOK_ALIKES: Mapping[str, frozenset[str]] = _neighbours()

#: Text that stands where a name is not known yet; "的儿子" and the like are found by ending.
PLACEHOLDERS: frozenset[str] = frozenset(
    (
        "无",
        "无名",
        "无名氏",
        "不详",
        "未知",
        "未取名",
        "未起名",
        "暂无",
        "待定",
        "宝宝",
        "婴儿",
        "新生儿",
        "测试",
        "某某",
    )
)
PLACEHOLDER_ENDINGS: tuple[str, ...] = (
    "之子",
    "之女",
    "的儿子",
    "的女儿",
    "宝宝",
    "婴儿",
    "某某",
    "某",
)
