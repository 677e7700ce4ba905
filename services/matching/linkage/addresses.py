"""Addresses as people write them, read to the street and to the door.

Cast: a *place* is the last thing with a name of its own (a village, a road, an estate); the numbers
after it lead to a door. A *street* is a place with its first number: some dozens of families. A
*home* is a place with all its numbers: one family, mostly.

Provinces, cities and counties are left out, since divisions tell them, and so are townships.
"""

import re
import unicodedata
from typing import NamedTuple

from services.matching.linkage.hanzi import SIMPLIFIED

_NOISE = re.compile(r"[\s,，、。.;；:：'\"“”‘’()（）\[\]【】_~～|]+")
_ABOVE = re.compile(
    "(?:[^0-9a-z]{1,8}?(?:省|特别行政区|自治[区州县旗]|地区|市|盟|县|旗|(?<![小社园校片厂业宅])区)"
    "(?![镇乡村路街巷道场口])(?=.{3})){1,4}"
)
_TOWNSHIP = re.compile("[^0-9a-z路巷]{1,8}?(?:街道(?:办事处)?|镇|乡(?!街道|镇)|苏木)(?=.{2})")
_NUMERAL = "零〇一二三四五六七八九十百"
_COUNTED = re.compile(
    f"第?([{_NUMERAL}]+)(?=号|栋|幢|座|楼|单元|室|组|户|层|队|弄|巷|排|期|区|屯|社|门|街坊)"
)
_DIGIT = {glyph: digit for digit, glyph in enumerate("〇一二三四五六七八九")} | {"零": 0}
_UNITS = "号楼|号院|号|栋|幢|座|楼|单元|室|组|层|队|期|区|户|门|排|附|院"
_PLACE = re.compile(f"(?:^|[0-9a-z])(?:{_UNITS})*+([^0-9a-z]{{2,}})")
_WIDER = re.compile("^.*(?:街道|镇|乡|社区|居委会|村委会|村)(?=.{2})")
_ENDS_A_PLACE = tuple("路街巷弄里村寨屯庄苑城园府湾院庭郡邸轩坊厂场道寓厦舍")
_NUMBERS = re.compile("[0-9]+|(?<![a-z])[a-z](?![a-z])")
_BY_GROUPS = ("村", "村委会", "寨", "屯", "庄", "社区", "居委会")
_GROUP = re.compile("([0-9]+)(?:村民小组|小组|组|队|社|屯)")


class Address(NamedTuple):
    """``street`` and ``home`` are texts to be compared for equality; None where nothing leads
    there.
    """

    street: str | None = None
    home: str | None = None


NOWHERE = Address()


def read(text: str | None) -> Address:
    """The street and the home that an address names."""
    if not text:
        return NOWHERE
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    clean = _NOISE.sub("", text.translate(SIMPLIFIED).lower().replace("#", "号"))
    for above in (_ABOVE, _TOWNSHIP):
        if found := above.match(clean):
            clean = clean[found.end() :]
    clean = _COUNTED.sub(lambda found: str(_number(found[1])), clean)
    places = list(_PLACE.finditer(clean))
    if not places:
        return NOWHERE
    last = places[-1]
    place, rest = last[1], clean[last.end() :]
    if wider := _WIDER.match(place):
        place = place[wider.end() :]
    numbers = _NUMBERS.findall(rest)
    if not numbers and not place.endswith(_ENDS_A_PLACE):
        return NOWHERE
    street = place + "".join(numbers[:1])
    group = place.endswith(_BY_GROUPS) and _GROUP.match(rest)
    leads_home = bool(numbers[1:]) if group or not place.endswith("村") else bool(numbers)
    return Address(street, f"{place}{'-'.join(numbers)}" if leads_home else None)


def _number(text: str) -> int:
    """Chinese numerals below a thousand; digits in a row are read one by one."""
    if "十" not in text and "百" not in text:
        return int("".join(str(_DIGIT[glyph]) for glyph in text))
    total, digit = 0, 1 if text[0] == "十" else 0
    for glyph in text:
        if glyph in _DIGIT:
            digit = _DIGIT[glyph]
        else:
            total += (digit or 1) * (10 if glyph == "十" else 100)
            digit = 0
    return total + digit
