"""Names as departments write them, and how two of them can be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.linkage import glyphs, hanzi, names
from services.matching.linkage.name_comparison import (
    NAME_LEVELS,
    best_level,
    compare_names,
    differ_as_twins_do,
)


@pytest.mark.parametrize(
    ("written", "text", "reading"),
    [
        ("张伟", "张伟", "zhangwei"),
        (" 張　偉 ", "张伟", "zhangwei"),
        ("欧 阳 小 明", "欧阳小明", "ouyangxiaoming"),
        ("单小明", "单小明", "shanxiaoming"),
        ("小单", "小单", "xiaodan"),
        ("曾仇", "曾仇", "zengchou"),
        ("尉迟恭敬", "尉迟恭敬", "yuchigongjing"),
        ("趙峯", "赵峰", "zhaofeng"),
        ("阿依古丽・买买提", "阿依古丽买买提", "ayigulimaimaiti"),
        ("阿依古丽．买买提", "阿依古丽买买提", "ayigulimaimaiti"),
        ("阿依古丽 买买提", "阿依古丽买买提", "ayigulimaimaiti"),
        ("张伟（曾用名张三）", "张伟", "zhangwei"),
        ("张小明小朋友", "张小明", "zhangxiaoming"),
        ("李芳女士", "李芳", "lifang"),
        ("ＺＨＡＮＧ　Wei", "zhangwei", "zhangwei"),
        ("Zhāng Wěi", "zhangwei", "zhangwei"),
        ("zhang1 wei3", "zhangwei", "zhangwei"),
        ("LÜ Lǜ", "lvlv", "lvlv"),
        ("吕绿", "吕绿", "lvlv"),
        ("张*明", "张?明", "zhang?ming"),
        ("张□明", "张?明", "zhang?ming"),
        ("张〇明", "张?明", "zhang?ming"),
        ("张\ue863明", "张?明", "zhang?ming"),
        ("张XX", "张??", "zhang??"),
        ("张yue明", "张?明", "zhangyueming"),
        ("张(王月)", "张?", "zhang?"),
        ("张⿰王月明", "张?明", "zhang?ming"),
    ],
)
def test_a_name_is_read(written: str, text: str, reading: str) -> None:
    name = names.read(written)

    assert name is not None
    assert (name.text, name.reading) == (text, reading)


@pytest.mark.parametrize(
    "written",
    [
        "", "  ", "无", "王芳之子", "李某", "张某某", "???", "··", "Li", "123", "未取名", "新生儿",
        "王芳宝宝", "王芳毛毛", "李芳之男", "王bb", "李女士", "黄红艳子", "黄芳女", "张大宝",
        "李芳之女A", "宝宝b", "女婴乙", "李芳之子2", "李芳女1",
    ],
)  # fmt: skip
def test_a_name_that_names_nobody_is_none(written: str) -> None:
    assert names.read(written) is None


@pytest.mark.parametrize(
    ("written", "turn"),
    [
        ("李芳之大双", "twin 1"),
        ("李芳之小双", "twin 2"),
        ("李芳双大", "twin 1"),
        ("李芳之女A", "twin 1"),
        ("李芳之女 Ｂ", "twin 2"),
        ("李芳之子(小)", "twin 2"),
        ("李芳之女2", "twin 2"),
        ("女婴乙", "twin 2"),
        ("李芳双胞胎大", "twin 1"),
        ("李芳之女（大双）", "twin 1"),
        ("李芳双胎之二", "twin 2"),
        ("李芳女1", "twin 1"),
        ("李芳之子Ⅱ", "twin 2"),
        ("新生儿2", "twin 2"),
        ("李芳之男大", "twin 1"),
        ("BB2", "twin 2"),
        ("大BB", "size 1"),
        ("李芳之小女", "size 2"),
        ("李芳之次子", "son 2"),
        ("李芳之长女", "daughter 1"),
        ("二宝", "child 2"),
        ("小宝", None),
        ("李芳之女", None),
        ("未取名", None),
        ("", None),
    ],
)
def test_a_newborn_may_be_told_from_its_twin(written: str, turn: str | None) -> None:
    assert names.turn_in(written) == turn
    assert names.read(written) is None


@pytest.mark.parametrize(
    ("written", "is_one"),
    [
        ("果果", True),
        ("丁 丁", True),
        ("小军", True),
        ("欢歡", True),
        ("黄毛毛", False),
        ("小明张", False),
        ("毛小小", False),
        ("lili", False),
    ],
)
def test_a_pet_name_is_told_from_others(written: str, is_one: bool) -> None:
    name = names.read(written)

    assert name is not None
    assert names.is_a_pet_name(name) is is_one


@pytest.mark.parametrize(
    ("written", "sex", "parent"),
    [
        ("李芳之女", "female", "李芳"),
        ("黄红艳之子", "male", "黄红艳"),
        ("李芳之小女", "female", "李芳"),
        ("李芳的儿子", "male", "李芳"),
        ("女婴甲", "female", None),
        ("李芳之婴", None, "李芳"),
        ("宝宝", None, None),
    ],
)
def test_what_a_newborn_is_called_may_tell_its_sex_and_its_parent(
    written: str, sex: str | None, parent: str | None
) -> None:
    assert names.read(written) is None
    assert names.sex_in(written) == sex
    told = names.parent_in(written)
    assert (told and told.text) == parent


@pytest.mark.parametrize(
    "written",
    [
        "王艳宝",
        "王李嘉宝",
        "王之男",
        "张毛毛",
        "欧阳毛毛",
        "张雯一",
        "李小乙",
        "王甲",
        "李子一",
        "王之一",
    ],
)
def test_a_real_name_may_end_as_a_newborns(written: str) -> None:
    name = names.read(written)

    assert name is not None
    assert name.text == written


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("吴双A", "吴双?"),
        ("王子1", "王子"),
        ("张伟2", "张伟"),
        ("张美子A", "张美子?"),
        ("张毛毛2", "张毛毛"),
        ("王之男1", "王之男"),
        ("欧阳美子1", "欧阳美子"),
        ("张子涵（双胞胎大）", "张子涵"),
        ("李明(宝宝2)", "李明"),
        ("王芳（女）1", "王芳"),
        ("Bobbi", "bobbi"),
        ("Zainab Bi", "zainabbi"),
        ("John Webb III", "johnwebbiii"),
    ],
)
def test_a_mark_behind_a_name_makes_no_newborn_of_it(written: str, text: str) -> None:
    name = names.read(written)

    assert name is not None
    assert name.text == text


@pytest.mark.parametrize(
    ("written", "parent"),
    [
        ("李芳之女", "李芳"),
        ("李芳的儿子", "李芳"),
        ("李芳宝宝", "李芳"),
        ("马洁莉毛毛", "马洁莉"),
        ("李芳之男", "李芳"),
        ("李芳之大女", "李芳"),
        ("李芳之女B", "李芳"),
        ("李芳女1", "李芳"),
        ("李芳宝宝2", "李芳"),
        ("黄红艳子", "黄红艳"),
        ("新生儿", None),
        ("张伟", None),
    ],
)
def test_a_child_without_a_name_tells_its_parents(written: str, parent: str | None) -> None:
    found = names.parent_in(written)

    assert (found and found.text) == parent


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("张伟", "張 偉", "exact"),
        ("阿依古丽·买买提", "阿依古丽买买提", "exact"),
        ("张伟", "张玮", "homophone"),
        ("张伟", "ZHANG WEI", "homophone"),
        ("张伟", "Wei Zhang", "homophone"),
        ("张伟", "weizhang", "homophone"),
        ("曾子豪", "ceng zi hao", "homophone"),
        ("曾志强", "增志强", "homophone"),
        ("张玥明", "张yue明", "homophone"),
        ("买买提·艾力", "买买提艾利", "homophone"),
        ("买买提艾力江", "买买提艾力姜", "homophone"),
        ("李佳琪", "李往琪", "look_alike"),
        ("陈宇轩", "陈宁轩", "look_alike"),
        ("张晨", "张辰", "homophone"),
        ("徐子琪", "除子琪", "look_alike"),
        ("张玥", "张王月", "look_alike"),
        ("刘玥", "刘?", "part"),
        ("刘明", "刘?", "surname"),
        ("段昶泽", "段永泽", "look_alike"),
        ("德吉才让", "德吉次仁", "fuzzy_sound"),
        ("玉素甫·热合曼", "玉苏普·日合曼", "fuzzy_sound"),
        ("托娅", "陶娅", "fuzzy_sound"),
        ("刘玥文", "刘?文", "wildcard"),
        ("刘玥文", "刘□", "surname"),
        ("刘?文", "刘文", "wildcard"),
        ("张志明", "张*明", "masked"),
        ("林晓燕", "宁晓燕", "fuzzy_sound"),
        ("陈生", "陈森", "fuzzy_sound"),
        ("胡志明", "福志明", "fuzzy_sound"),
        ("阿布都热合曼", "阿不都日河满", "fuzzy_sound"),
        ("阿依古丽·买买提", "Aygul Memet", "fuzzy_sound"),
        ("张小明", "张明小", "reordered"),
        ("张小明", "小明张", "reordered"),
        ("黄皓", "浩黄", "reordered"),
        ("王芳", "王小芳", "part"),
        ("阿依古丽·买买提", "阿依古丽", "part"),
        ("阿依古丽·买买提", "阿依古力", "part"),
        ("阿约·尔扎", "阿约", "part"),
        ("李小明", "李小红", "one_glyph"),
        ("阿依古丽·买买提", "阿迪力江·买买提", "different"),
        ("阿依古丽买买提", "阿迪力江买买提", "different"),
        ("张三丰", "李三丰", "given"),
        ("张伟", "张丽娜", "surname"),
        ("张伟", "张红", "surname"),
        ("张伟", "王红", "different"),
        ("张**", "张红", "surname"),
        ("王佳琪", "王佳瑶", "one_glyph"),
        ("高俊怡", "高俊熙", "one_glyph"),
    ],
)
def test_names_compare(one: str, other: str, level: str) -> None:
    a, b = names.read(one), names.read(other)
    assert a is not None
    assert b is not None

    assert compare_names(a, b) == level
    assert compare_names(b, a) == level


GLYPHS = "张王李伟玮芳小明红买提玥怡熙·*?a 欧阳子女zhang"


@given(st.text(GLYPHS, max_size=9), st.text(GLYPHS, max_size=9))
def test_names_compare_alike_from_both_sides(one: str, other: str) -> None:
    a, b = names.read(one), names.read(other)
    if a is None or b is None:
        return

    assert compare_names(a, b) == compare_names(b, a)
    assert compare_names(a, b) in NAME_LEVELS
    best = best_level((a, b), (b,))
    assert best in (compare_names(a, b), compare_names(b, b))
    assert best_level((b,), (a, b)) == best


@given(st.one_of(st.text(GLYPHS, max_size=9), st.text(max_size=40)))
def test_a_name_read_again_stays(text: str) -> None:
    first = names.read(text)
    if first is None:
        return

    again = names.read(first.written)
    assert again is not None
    assert (again.text, again.written) == (first.text, first.written)


def test_a_name_without_mask_agrees_with_itself() -> None:
    for text in ("张伟", "阿依古丽·买买提", "Aygul Memet", "张yue明"):
        name = names.read(text)
        assert name is not None
        assert compare_names(name, name) in ("exact", "homophone")


def test_the_tables_hold_together() -> None:
    assert all(len(one) == len(first) for one, first in glyphs.RESPELLED.items())
    for glyph, others in hanzi.LOOK_ALIKES.items():
        assert glyph not in others
        assert all(glyph in hanzi.LOOK_ALIKES[other] for other in others)
    for today in hanzi.SIMPLIFIED.values():
        assert today.translate(hanzi.SIMPLIFIED) == today
    assert {ord(sound) for sound in hanzi.READINGS.values()} <= hanzi.SYLLABLES.keys()


@pytest.mark.parametrize(
    ("pair", "alike"),
    [
        ("己巳", True), ("未末", True), ("琪淇", True), ("晨辰", True), ("妍研", True),
        ("戊戌", True), ("涵函", True), ("梦瑶", False), ("琪瑶", False), ("宇轩", False),
    ],
)  # fmt: skip
def test_glyphs_that_people_mistake(pair: str, alike: bool) -> None:
    assert hanzi.look_alike(*pair) is alike


@pytest.mark.parametrize("part", ["b", "李b", "bb1", "宝宝1", "女A", "双胎1", "的儿子之二", "大双"])
def test_no_heap_of_marks_breaks_the_reading(part: str) -> None:
    for text in (part * 2000, f"李芳{part * 2000}"):
        assert names.read(text) == names.read(text)
        assert names.turn_in(text) == names.turn_in(text)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("张志明", "张志红", True),
        ("张子涵", "张涵子", True),
        ("张子涵", "张子涵", False),
        ("张子子", "张子子", False),
        ("张子涵", "李涵子", False),
        ("张?涵", "张涵?", False),
        ("张志明", "张丽娜", False),
    ],
)
def test_twins_names_are_a_glyph_apart_or_changed_about(one: str, other: str, alike: bool) -> None:
    a, b = names.read(one), names.read(other)

    assert a and b
    assert differ_as_twins_do(a, b) is alike
