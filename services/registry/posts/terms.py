"""The closed lists of posts as they cross the wire, with their Chinese terms, and where each kind of post belongs."""

from enum import StrEnum

from shared import divisions


class PostKind(StrEnum):
    """Which post (岗位).

    `child_director` 儿童主任 of a village or community, `child_supervisor` 儿童督导员 of a township or street,
    `protection_station` 未成年人保护工作站 of a township, `protection_institution` 未成年人救助保护机构 of a county.
    """

    CHILD_DIRECTOR = "child_director"
    CHILD_SUPERVISOR = "child_supervisor"
    PROTECTION_STATION = "protection_station"
    PROTECTION_INSTITUTION = "protection_institution"


class Leaving(StrEnum):
    """Why a post fell vacant (离岗原因): `resigned` 辞职, `transferred` 调岗, `retired` 退休, `dismissed` 解聘, `other` 其他."""

    RESIGNED = "resigned"
    TRANSFERRED = "transferred"
    RETIRED = "retired"
    DISMISSED = "dismissed"
    OTHER = "other"


class PostChange(StrEnum):
    """What was done to a post (岗位变动), as its history keeps it.

    `found`: it stood there so when its history began; `moved`: its place goes by another code since.
    """

    FOUND = "found"
    MADE = "made"
    FILLED = "filled"
    VACATED = "vacated"
    TRAINED = "trained"
    MOVED = "moved"


class Layer(StrEnum):
    """How fine (层级): `county` 县, `township` 乡镇（街道）, `village` 村（社区）."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


#: By what a code of 12 digits is divided to stand for a place of that layer.
UNITS = {Layer.COUNTY: 10**6, Layer.TOWNSHIP: 10**3, Layer.VILLAGE: 1}
BELONGS_TO = {
    PostKind.CHILD_DIRECTOR: Layer.VILLAGE,
    PostKind.CHILD_SUPERVISOR: Layer.TOWNSHIP,
    PostKind.PROTECTION_STATION: Layer.TOWNSHIP,
    PostKind.PROTECTION_INSTITUTION: Layer.COUNTY,
}


def layer_of(code: int) -> Layer | None:
    """The layer of a division; None above the county."""
    if code % 10**3:
        return Layer.VILLAGE
    if code % 10**6:
        return Layer.TOWNSHIP
    return Layer.COUNTY if code % 10**8 else None


def place_name(code: int) -> str:
    """The name of a division's county: below it, no list of names is kept."""
    return divisions.name_of(divisions.county_of(code)) or ""
