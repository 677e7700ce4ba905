"""Schools and grades: where a child learns, and in which year it began.

A *cohort* is the year in which a child's class entered the first grade of primary school (for
kindergartens: will enter): it stays as the child moves up, so records of different years meet.
"""

import re
import unicodedata
from functools import lru_cache

from services.matching.linkage import births
from services.matching.linkage.hanzi import SIMPLIFIED
from shared import divisions

_NOISE = re.compile(r"[\W_]+")
_ABOVE = re.compile(
    "(?:[^0-9a-z]{1,8}?(?:省|特别行政区|自治[区州县旗]|地区|市|盟|县|旗|(?<![小社园校片])区)"
    "(?=.{2})){1,4}"
)
_UNIT = re.compile("[^省市盟县旗区]+(?:自治[区州县旗]|地区|[省市盟县旗区])$")
_NUMERALS = "〇一二三四五六七八九"
_ORDINAL = re.compile(
    "第?([一二三四五六七八九]?十?[一二三四五六七八九]?)(?=中学|中$|小学|小$|高|初|幼|实验)"
)
_ENDINGS = (
    (re.compile("(?:完全|中心|完)小(?:学校?)?$"), "中心小学"),
    (re.compile("小(?:学(?:校)?)?$"), "小学"),
    (re.compile("(?:初级中学|初中|中学校|初级中学校)$"), "初级中学"),
    (re.compile("(?:高级中学|高中|高级中学校)$"), "高级中学"),
    (re.compile("(?<=[0-9])中$"), "中学"),
    (re.compile("幼儿园?$|幼稚园$"), "幼儿园"),
    (re.compile("(?:九年一贯制|九年制)学校$"), "学校"),
)
_YEAR_OF_STAGE = (
    (re.compile("大班|学前班|幼大"), 0),
    (re.compile("中班|幼中"), -1),
    (re.compile("小班|幼小"), -2),
    (re.compile("托班|小小班"), -3),
)
_IN_STAGE = re.compile("(初中?|高中?|职高?|中职)[^0-9]{0,2}([123])(?![0-9])")
_BEFORE_STAGE = {"初": 6, "高": 9, "职": 9, "中": 9}
_GRADE = re.compile("([1-9][0-2]?)(?:年级|年|级|\\()|^([1-9])(?=[^0-9]|$)")
_ENTERED = re.compile("(20[0-9]{2})级")
_CLASS = re.compile("\\(?([0-9]{1,2})\\)?班")
_TERM_BEGINS = (8, 15)


@lru_cache(maxsize=1 << 14)
def school(text: str | None, office: int | None = None) -> str | None:
    """A school's name without its ways of writing, after the county it names or else that of the
    office that tells it.
    """
    if not text:
        return None
    clean = _NOISE.sub("", unicodedata.normalize("NFKC", text).translate(SIMPLIFIED)).casefold()
    above = _ABOVE.match(clean)
    own = clean[above.end() :] if above else clean
    if not own:
        return None
    own = _ORDINAL.sub(_counted, own)
    for ending, short in _ENDINGS:
        if ending.search(own):
            own = ending.sub(short, own)
            break
    county = _nearest(above[0]) if above else _told(office)
    return f"{county}{own}"


def cohort(grade: str | None, observed_on: str | None) -> int | None:
    """The year of entering the first grade, given the grade as written and the day (ISO) on which
    it was so.
    """
    if not grade:
        return None
    clean = _arabic(grade)
    if entered := _ENTERED.search(clean):
        return None if len(clean) > len(entered[0]) + 6 else int(entered[1])
    number = _grade(clean)
    day = births.read(observed_on)
    if number is None or day is None:
        return None
    return day[0] - (day[1:] < _TERM_BEGINS) - number + 1


def school_class(grade: str | None) -> str | None:
    """The number of the class within its grade."""
    found = _CLASS.search(_arabic(grade)) if grade else None
    return found[1].lstrip("0") if found else None


@lru_cache(maxsize=1 << 12)
def _grade(clean: str) -> int | None:
    for words, year in _YEAR_OF_STAGE:
        if words.search(clean):
            return year
    if found := _IN_STAGE.search(clean):
        return _BEFORE_STAGE[found[1][0]] + int(found[2])
    if found := _GRADE.search(clean):
        number = int(found[1] or found[2])
        return number if number <= 12 else None
    return None


@lru_cache(maxsize=1 << 12)
def _arabic(text: str) -> str:
    clean = unicodedata.normalize("NFKC", text).translate(SIMPLIFIED).replace(" ", "")
    clean = clean.replace("十一", "11").replace("十二", "12").replace("十", "10")
    for digit, glyph in enumerate(_NUMERALS):
        clean = clean.replace(glyph, str(digit))
    return clean


def _counted(found: re.Match[str]) -> str:
    text = found[1]
    if not text:
        return found[0]
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return str(_NUMERALS.index(text))
    return str((_NUMERALS.index(tens) if tens else 1) * 10 + (_NUMERALS.index(ones) if ones else 0))


def _nearest(above: str) -> str:
    """The last of several units: 渝中区 of 重庆市渝中区."""
    found = _UNIT.search(above)
    return found[0] if found else above


def _told(office: int | None) -> str:
    if not office:
        return ""
    name = divisions.name_of(divisions.county_of(office))
    return name or ""
