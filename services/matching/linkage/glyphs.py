"""Hand-kept tables of Chinese writing in names: surnames, confused sounds and shapes, names that
are none.

They complete the generated tables of ``hanzi`` and are data of the normalisation version (``normalization.NORMALIZATION``
says when it is raised).
"""

from collections.abc import Mapping

#: Readings that a surname has and the same glyph elsewhere has not.
SURNAME_READINGS: Mapping[str, str] = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "乐": "yue", "朴": "piao",
    "查": "zha", "盖": "ge", "区": "ou", "种": "chong", "缪": "miao", "秘": "bi",
    "繁": "po", "员": "yun", "召": "shao", "覃": "qin", "洗": "xian", "黑": "he",
    "翟": "zhai", "佴": "nai", "郇": "xun", "牟": "mu", "阚": "kan", "隗": "wei",
    "都": "du", "折": "she", "尉": "wei", "长": "chang", "重": "chong", "柏": "bai",
    "石": "shi", "车": "che", "奇": "qi", "逄": "pang", "幺": "yao", "么": "yao",
    "那": "na", "能": "nai", "冼": "xian", "句": "gou", "纪": "ji", "任": "ren", "华": "hua",
    "曲": "qu", "谌": "chen", "郗": "xi", "晁": "chao", "臧": "zang", "载": "dai", "贲": "ben",
}  # fmt: skip

#: Readings that a glyph has in given names where dictionaries put another first.
NAME_READINGS: Mapping[str, str] = {
    "晟": "sheng", "茜": "qian", "行": "xing", "乐": "le", "长": "chang", "朝": "chao",
    "重": "zhong", "盛": "sheng", "蔚": "wei", "莎": "sha", "娜": "na", "莘": "xin",
    "柏": "bai", "参": "shen", "传": "chuan", "伽": "jia", "佳": "jia", "奇": "qi",
    "尧": "yao", "婧": "jing", "祎": "yi", "宓": "mi", "邈": "miao", "俞": "yu", "俟": "qi",
    "卓": "zhuo", "琢": "zhuo", "艾": "ai", "阿": "a", "什": "shi", "提": "ti", "依": "yi",
}  # fmt: skip

#: Surnames of two glyphs, with their readings.
COMPOUND_SURNAMES: Mapping[str, tuple[str, str]] = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "东方": ("dong", "fang"), "皇甫": ("huang", "fu"), "夏侯": ("xia", "hou"),
    "尉迟": ("yu", "chi"), "公孙": ("gong", "sun"), "独孤": ("du", "gu"),
    "慕容": ("mu", "rong"), "令狐": ("ling", "hu"), "长孙": ("zhang", "sun"), "宇文": ("yu", "wen"),
    "司徒": ("si", "tu"), "万俟": ("mo", "qi"), "单于": ("chan", "yu"), "端木": ("duan", "mu"),
    "南宫": ("nan", "gong"), "呼延": ("hu", "yan"), "闻人": ("wen", "ren"), "司空": ("si", "kong"),
    "拓跋": ("tuo", "ba"), "轩辕": ("xuan", "yuan"), "澹台": ("tan", "tai"), "申屠": ("shen", "tu"),
    "赫连": ("he", "lian"), "钟离": ("zhong", "li"), "濮阳": ("pu", "yang"), "公冶": ("gong", "ye"),
    "宗政": ("zong", "zheng"), "淳于": ("chun", "yu"), "太史": ("tai", "shi"), "仲孙": ("zhong", "sun"),
    "鲜于": ("xian", "yu"), "闾丘": ("lv", "qiu"), "亓官": ("qi", "guan"), "司寇": ("si", "kou"),
    "子车": ("zi", "ju"), "颛孙": ("zhuan", "sun"), "东郭": ("dong", "guo"), "南门": ("nan", "men"),
    "西门": ("xi", "men"), "纳兰": ("na", "lan"), "完颜": ("wan", "yan"), "百里": ("bai", "li"),
    "第五": ("di", "wu"), "东野": ("dong", "ye"), "左丘": ("zuo", "qiu"), "梁丘": ("liang", "qiu"),
}  # fmt: skip

#: Sounds that southern speakers and tired typists do not keep apart: initials first, then finals.
#: The first that fits holds.
FUZZY_INITIALS: tuple[tuple[str, str], ...] = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("n", "l"),
    ("huang", "fan"),
    ("huan", "fan"),
    ("hui", "fei"),
    ("hun", "fen"),
    ("huo", "fo"),
    ("hua", "fa"),
    ("hu", "fu"),
    ("hong", "fen"),
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
    "鸟乌 晴睛清情 佳住往 侯候 俊峻骏浚竣 伟玮炜苇纬 杨扬场 陈阵 张弦长 李季 林琳淋 明朋 "
    "芳苏劳 萍苹 婷停亭 静净 莹萤荧 晓骁 浩皓洁 涵函菡 宇字宁 轩轲斩 梓样 桐同铜 彤形 "
    "欣昕炘欢 怡治 琪琦棋淇祺 瑶遥摇谣 璐露 雯文 霖林 鑫金 凯恺铠 锋峰烽 磊垒 娜那 妍研 "
    "媛援 嘉喜 蕊芯 薇微 思恩 昊吴昱旲 晟盛 泽译择 洋祥样 郭部郑 孟盂 戚威 戴载 徐除 余佘 "
    "沈沉 汪江注 程裎 胡湖 钟钏 范苑 潘播 韦书 贺货 贾买 邱丘 郑邓 赵起越 刘浏到 梁粱 宋末 "
    "曹漕 董童重 萧肃 蒋将 阎闫 崔催 谭潭 卢户 全金 白自百 石右 尤龙 史吏 陶淘 黎犁 尹伊 "
    "常尝 武式 乔侨 赖懒 庞宠 樊攀 殷般 施旋 豪毫 健建 鹏朋 颖颍 睿容 子孑 冰水 冬东 春舂 "
    "柔矛 沐木休 滢莹 燃然 玥珊钥 珊栅姗删 珂柯 珍诊 甜括 硕顾 秀透 筱莜 紫素 航杭 艺亿 芮内 "
    "若苦 茜西 荣莱 菲非 诺喏 达迭 采彩 铭名 雅稚 顺须 馨磬声 雨两 孙孔 寅黄 妹姝 姐组 "
    "戊戌戍戎 汩汨 治冶 芊芉 茉莱 菀苑 荀苟 妤好 嫒媛 岚风 彦产 律津 忻析 晞晖 晖辉 朗郎 "
    "珏班 珩衍 珞洛 琛深 璇旋 璟景 盈孟 祎炜 禹属 穆睦 罡置 羽习 翊翌 荃全 贝见 贤坚 赫郝 "
    "锦绵 骞赛 鸿鸣 泠冷 炎淡 烁砾 熙照 煦照 毅殷 玟枚 畅杨 裕浴 谨瑾 豫像 铎择 隽俊 "
    "奕弈 妮泥 宸震 屹吃 崎琦 帅师 弘泓 恬括 悠修 惠慧 愉渝 捷睫 旭旮 昌吕 杏否 杉衫 枫飒 "
    "栋拣 楠南 樱缨 毛手 沂折 沫沬 涛祷 湛堪 溢谥 漫慢 潇萧 烨华 煜熠 牧枚 玄去 理埋 瑾槿 "
    "瑜渝 瑞端 皎较 盼吩 矜务 祖租 秋秩 竹什 笙笔 紫柴 绮琦 翰输 耿取 聪总 舒舍 良食 芷正 "
    "莉利 莎沙 蓝篮 蔚慰 蕾雷 虎虚 诚城 语浯 豆登 辉晖 远运 逸免 铃玲 锐悦 阅阋 陆路 隆降 "
    "雪雷 霏菲 青责 韬滔 韵钧 飞气 馥复 魁魅 鲁鱼 麒鹿 龙尤 一乙 丁于 卜十 厂广 又叉 卞下 "
    "毋母 冉再 冯马 古占 可何 史央 司同 台治 乐东 仲伸 任仁 伍五 农衣 多名 安按 朱未 羊半 "
    "灰炎 闰润 阮院 汤场 杜社 杞祀 束东 辛幸 贡贸 邵召 邹皱 鲍鱼 麦夌 文又 木杰术本 家冢 彤肜 邓邦"
)
#: Groups of glyphs that people mistake for one another, beyond those that are drawn alike.
ALSO_LOOK_ALIKE: tuple[str, ...] = tuple(_LOOK_ALIKES.split())

#: Folded together by some tables although they are two names.
KEPT_APART: frozenset[str] = frozenset("妳")

_RESPELLINGS = (
    # Uyghur, Kazakh, Kyrgyz
    "买买提 麦麦提 买麦提|买合木提 麦合木提 马合木提|阿卜杜 阿布都 阿不都 阿布杜 阿卜都 阿不杜|热合曼 热赫曼 日合曼 "
    "拉合曼|艾合买提 艾哈迈提 阿合买提 艾合麦提|艾买提 艾麦提 艾迈提 阿买提|吐尔逊 图尔逊 吐尔孙 图尔荪 吐尔荪|"
    "吐尔地 图尔迪 吐尔迪 图尔地|古丽 姑丽 古力 古莉 古里 姑力|依明 伊明 衣明|玉素甫 玉苏普 玉苏甫 玉素普|"
    "艾山 艾散 哈山|艾力 艾里 艾利 阿力|吾买尔 吾麦尔 乌买尔 吾迈尔|司马义 斯马义 司玛义 斯马依 司马依|"
    "克里木 可力木 克力木|亚森 雅森 亚生|卡德尔 卡地尔 卡迪尔|苏来曼 苏莱曼|努尔 奴尔|阿依 阿衣 艾依|"
    "热依木 热伊木 热衣木|木拉提 穆拉提|库尔班 库日班 古尔邦|沙吾提 萨伍提 沙伍提|肉孜 如孜 肉则 柔孜|"
    "艾则孜 艾孜孜 艾泽孜|塔依尔 塔伊尔|伊力 依力|迪力 地力|夏木 沙木|托合提 托乎提|麦合 买合|居马 朱马|"
    # Tibetan
    "次仁 才让 泽仁 次冷 才仁 策仁|扎西 札西 扎喜|多吉 多杰 道吉|平措 彭措 彭错 平错|索朗 索南 索郎 索兰|"
    "格桑 噶桑|丹增 旦增 登增 丹真 旦真|洛桑 罗桑|拉姆 拉毛|白玛 班玛 贝玛 白马 巴玛|央金 拥金 英金|"
    "强巴 香巴 向巴|仁青 仁钦|嘉措 加措|顿珠 东珠 邓珠 当珠 敦珠|晋美 久美 吉美 金美|土登 图登|群培 曲培 琼培 却培|"
    "曲珍 曲真 确珍|达娃 达瓦|米玛 明玛|贡布 衮布 工布|赤列 成列 称列|罗布 诺布 洛布|坚赞 坚参 江村 降村|德吉 得吉|"
    "旺堆 旺对|桑珠 桑周|尼玛 尼马|卓玛 卓马|旺姆 旺毛|"
    # Yi
    "曲比 曲别 曲毕|吉克 吉各|沙马 沙玛|尔古 尔果|拉则 拉泽|阿西 阿细|阿木 阿姆|友扎 有扎|"
    # Mongolian
    "托娅 陶娅 托亚 图雅|其其格 琪琪格 齐齐格|娜仁 那仁|苏日娜 苏日那|萨仁 莎仁 撒仁|格日勒 戈日勒 格日乐|高娃 高瓦|"
    "巴特尔 巴图尔|乌云 乌运|阿拉坦 阿勒坦|呼和 呼赫"
)
#: Transliterations of one word, each to the first of its group; all of a group are equally long.
RESPELLED: Mapping[str, str] = {
    one: group.split()[0] for group in _RESPELLINGS.split("|") for one in group.split()
}

_PLACEHOLDERS = (
    "无 无名 无名氏 不详 未知 未取名 未起名 未命名 暂无 暂缺 空 待定 待取名 未登记 保密 宝宝 宝贝 婴儿 "
    "新生儿 小孩 孩子 儿童 学生 测试 某某 小宝 大宝 二宝 三宝 小贝 老大 老二 老三 大双 小双 双大 双小 "
    "男婴 女婴 男孩 女孩 弃婴 无姓名 毛毛 妞妞 豆豆 丫丫 牛牛 贝贝 豆包 小毛 小妹 小弟 弟弟 妹妹"
)
#: Text that stands where a name is not known yet, and pet names that name nobody.
PLACEHOLDERS: frozenset[str] = frozenset(_PLACEHOLDERS.split())
_ENDINGS = (
    "之子 之女 之婴 的儿子 的女儿 的孩子 宝宝 宝贝 婴儿 男婴 女婴 某某 某 之长子 之次子 之长女 之次女 "
    "之大女 之小女 之大子 之小子 之子大 之子小 之女大 之女小 之大双 之小双 大双 小双 双大 双小 新生儿 大宝 小宝 二宝 "
    "三宝 婴"
)
PLACEHOLDER_ENDINGS: tuple[str, ...] = tuple(_ENDINGS.split())

_NEWBORNS = "之子 之女 之男 之婴 的儿子 的女儿 的孩子 男婴 女婴 婴儿 新生儿 宝宝 宝贝 毛毛 双胞胎 双胎 龙凤胎"
#: What a child that has no name yet is called, and a turn behind it may tell from its twin.
NEWBORNS: tuple[str, ...] = tuple(_NEWBORNS.split())
#: Those that by themselves name nobody's child: 李芳双胞胎 alone may be a name.
MULTIPLES: tuple[str, ...] = ("双胞胎", "双胎", "龙凤胎")

_TITLES = (
    "小朋友 同学 学生 女士 先生 老师 阿姨 叔叔 大爷 大妈 奶奶 爷爷 外婆 外公 妈妈 爸爸 家长 师傅"
)
#: What follows a name without being part of it.
TITLES: tuple[str, ...] = tuple(_TITLES.split())
