"""Names of groups that do not bear Chinese names, as identity cards write them: with a dot, or none.

Uyghur and Kazakh names are a given name, a dot and the father's; Tibetan ones are two given names in
a row; Mongol ones a given name alone, or behind a Chinese surname; Yi ones a clan's name and a given
name, with a dot or without. Spellings differ from office to office.
"""

from random import Random
from typing import Final

_UYGHUR: Final = {
    "male": "麦麦提 艾力 图尔逊 阿卜杜拉 艾合买提 依明 吐尔地 司马义 玉素甫 买买提明 阿迪力 木塔力甫 "
    "伊力哈木 热合曼 库尔班 阿布都热依木 艾尼瓦尔 凯赛尔",
    "female": "古丽 帕提古丽 阿依古丽 热依汗 茹仙古丽 阿米娜 迪丽努尔 祖丽皮亚 麦尔耶姆 布威海丽且姆 "
    "努尔比亚 凯丽比努尔 古丽娜扎 再娜普",
}
_KAZAKH: Final = {
    "male": "叶尔兰 努尔兰 巴合提 达吾列提 赛力克 胡安什 阿依丁",
    "female": "阿依努尔 古丽娜尔 加娜尔 阿勒腾 巴哈尔古丽 阿娜尔",
}
_TIBETAN: Final = {
    "male": "扎西 次仁 多吉 尼玛 平措 旦增 洛桑 顿珠 格桑 索朗 巴桑 嘉措",
    "female": "卓玛 央金 拉姆 白玛 德吉 次仁 格桑 曲珍 仓央 旺姆 梅朵 措姆",
}
_MONGOL: Final = {
    "male": "巴特尔 孟和 苏和 朝鲁 那顺 布和 阿古拉 特木尔 哈斯巴根 巴雅尔",
    "female": "苏日娜 乌兰 萨日娜 娜仁 其其格 托娅 高娃 娜仁托娅 乌云其木格 阿茹娜",
}
_YI_CLANS: Final = "吉克 沙马 阿西 吉木 曲比 马海 阿苦 俄木 吉伍 勒伍 曲木 阿约"
_YI: Final = {
    "male": "阿木 木呷 尔古 拉则 友古 伍萨 子哈 日哈 布哈 石布",
    "female": "阿依 阿呷 依洛 果果莫 子洛 伍呷莫 尔扎 友扎 牛牛 阿芝",
}
SPELLINGS: Final = (
    ("麦麦提", "买买提"), ("图尔逊", "吐尔逊"), ("阿卜杜", "阿不都"), ("阿布都", "阿卜杜"),
    ("艾合买提", "艾买提"), ("依明", "伊明"), ("司马义", "斯马义"), ("玉素甫", "玉苏普"),
    ("热合曼", "热和曼"), ("古丽", "古力"), ("迪丽", "迪力"), ("努尔", "奴尔"),
    ("次仁", "才让"), ("旦增", "丹增"), ("索朗", "索南"), ("扎西", "札西"), ("次仁", "泽仁"),
    ("巴特尔", "巴图"), ("其其格", "琪琪格"), ("托娅", "陶娅"), ("特木尔", "铁木尔"),
    ("木呷", "木嘎"), ("沙马", "沙玛"), ("曲比", "曲别"), ("吉伍", "吉吾"), ("阿呷", "阿嘎"),
)  # fmt: skip
"""The same sounds as two offices write them."""


def full_name(random: Random, ethnicity: str, sex: str) -> str | None:
    """None for groups that bear Chinese names."""
    match ethnicity:
        case "维吾尔族":
            return _with_fathers(random, _UYGHUR, sex)
        case "哈萨克族":
            return _with_fathers(random, _KAZAKH, sex)
        case "藏族":
            words = _TIBETAN[sex].split()
            return random.choice(words) + random.choice(words)
        case "蒙古族":
            given = random.choice(_MONGOL[sex].split())
            return random.choice("包白何") + given if random.random() < 0.15 else given
        case "彝族":
            clan, given = random.choice(_YI_CLANS.split()), random.choice(_YI[sex].split())
            return f"{clan}·{given}" if random.random() < 0.4 else clan + given
    return None


def respelled(random: Random, name: str) -> str:
    """The name with one part spelled as another office would; the same where none is known."""
    known = [pair for pair in SPELLINGS if pair[0] in name or pair[1] in name]
    if not known:
        return name
    one, other = random.choice(known)
    return name.replace(one, other, 1) if one in name else name.replace(other, one, 1)


def _with_fathers(random: Random, table: dict[str, str], sex: str) -> str:
    return f"{random.choice(table[sex].split())}·{random.choice(table['male'].split())}"
