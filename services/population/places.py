"""Where the invented children are registered and live: two hubs, and the country around them.

Codes and names are real (GB/T 2260, as of 2026), because hukou, central districts and notices turn
on them; addresses, schools and people are not.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Place:
    """A county: its twelve-digit code, its name, and a code it bore until a day, if any."""

    code: int
    name: str
    province: str
    weight: int = 10
    former: tuple[str, date] | None = None

    def text_on(self, day: date) -> str:
        """The twelve digits in force on a day."""
        if self.former is not None and day <= self.former[1]:
            return self.former[0].ljust(12, "0")
        return str(self.code)

    def issuer_on(self, day: date) -> int:
        """The six digits that identity numbers issued on a day begin with."""
        return int(self.text_on(day)[:6])


@dataclass(frozen=True, slots=True)
class Hub:
    """One hub: its area and the counties used here.

    Moves between `central` districts do not count (R2); of moves between `unsettled` ones nobody
    can tell, because the plan exempts a city's centre without saying which districts form it.
    """

    name: str
    area: tuple[int, int]
    counties: tuple[Place, ...]
    central: frozenset[int] = frozenset()
    unsettled: frozenset[int] = frozenset()

    def holds(self, place: Place) -> bool:
        return self.area[0] <= place.code <= self.area[1]


@dataclass(frozen=True, slots=True)
class Places:
    """Two hubs and the counties beyond both."""

    hubs: tuple[Hub, Hub]
    beyond: tuple[Place, ...]

    def hub_of(self, place: Place) -> Hub | None:
        first, second = self.hubs
        return first if first.holds(place) else second if second.holds(place) else None

    @property
    def counties(self) -> tuple[Place, ...]:
        return self.hubs[0].counties + self.hubs[1].counties + self.beyond


def _read(province: str, text: str) -> tuple[Place, ...]:
    places = []
    for line in text.split():
        code, name, weight = line.split(":")
        places.append(Place(int(code) * 10**6, name, province, int(weight)))
    return tuple(places)


_LIANGJIANG = Place(
    500157 * 10**6, "两江新区", "重庆市", weight=20, former=("500112", date(2025, 11, 5))
)

CHONGQING = Hub(
    name="chongqing",
    area=(500000_000000, 509999_999999),
    counties=(
        *_read(
            "重庆市",
            """500101:万州区:12 500102:涪陵区:9 500103:渝中区:10 500104:大渡口区:8
            500106:沙坪坝区:14 500107:九龙坡区:14 500108:南岸区:13 500109:北碚区:9
            500113:巴南区:13 500114:黔江区:5 500115:长寿区:6 500116:江津区:10 500117:合川区:10
            500118:永川区:9 500119:南川区:5 500151:铜梁区:6 500153:荣昌区:6 500230:丰都县:7
            500231:垫江县:7 500235:云阳县:9 500236:奉节县:8 500240:石柱土家族自治县:4
            500241:秀山土家族苗族自治县:4 500242:酉阳土家族苗族自治县:5
            500243:彭水苗族土家族自治县:5""",
        ),
        _LIANGJIANG,
    ),
    central=frozenset(
        code * 10**6 for code in (500103, 500104, 500106, 500107, 500108, 500109, 500113, 500157)
    ),
)
"""Chongqing (重庆); the central districts are those its plan names in 二(一)1."""

HEZE = Hub(
    name="heze",
    area=(371700_000000, 371799_999999),
    counties=_read(
        "山东省菏泽市",
        """371702:牡丹区:16 371703:定陶区:7 371721:曹县:14 371722:单县:11 371723:成武县:7
        371724:巨野县:9 371725:郓城县:11 371726:鄄城县:8 371728:东明县:8""",
    ),
    unsettled=frozenset({371702_000000, 371703_000000}),
)
"""Heze (菏泽); its plan exempts the centre without naming districts, and two are 市辖区."""

BEYOND = (
    *_read("贵州省", "520302:红花岗区:6 520502:七星关区:12"),
    *_read("四川省", "511602:广安区:12 511702:通川区:10 510502:江阳区:6 511302:顺庆区:6"),
    *_read("四川省", "511502:翠屏区:5 513401:西昌市:4 510104:锦江区:5"),
    *_read("湖北省", "422801:恩施市:6 422802:利川市:8 429006:天门市:4"),
    *_read("湖南省", "433101:吉首市:3"),
    *_read("云南省", "530602:昭阳区:7"),
    *_read("河南省", "411402:梁园区:10 411602:川汇区:8 410902:华龙区:9"),
    *_read("安徽省", "341202:颍州区:7 341602:谯城区:7"),
    *_read("江苏省", "320321:丰县:6 320322:沛县:5"),
    *_read("山东省", "370811:任城区:8 371502:东昌府区:8 370102:历下区:4"),
    *_read("广东省", "440306:宝安区:8 440111:白云区:5"),
    *_read("浙江省", "330302:鹿城区:5 330106:西湖区:4"),
    *_read("黑龙江省", "230103:南岗区:3"),
    *_read("内蒙古自治区", "150203:昆都仑区:2 150502:科尔沁区:3"),
    *_read("新疆维吾尔自治区", "653101:喀什市:6 653201:和田市:4"),
    *_read("西藏自治区", "540102:城关区:3"),
    *_read("广西壮族自治区", "450103:青秀区:3 451002:右江区:3"),
)

CHONGQING_AND_HEZE = Places(hubs=(CHONGQING, HEZE), beyond=BEYOND)
"""The two hubs of `hutong demo`."""
