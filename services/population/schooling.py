"""What schools report: a child enters, changes and leaves schools along its stays."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.population.people import Stay
from services.population.reports import Report, Scene

STAGES: Final = (
    ("kindergarten", 3, 0.75, ("小班", "中班", "大班")),
    ("primary", 6, 0.95, ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")),
    ("junior", 12, 0.95, ("七年级", "八年级", "九年级")),
    ("senior", 15, 0.85, ("高一", "高二", "高三")),
)
"""Stage, age at entry, share that is enrolled, names of the years."""

SCHOOLS: Final = ["银杏", "榕树", "山茶", "玉兰", "海棠", "木棉", "枫林", "梧桐"]
KINDS: Final = {
    "kindergarten": "幼儿园",
    "primary": "小学",
    "junior": "初级中学",
    "senior": "高级中学",
}
LEAVERS_REPORTED: Final = 0.7


def reports(scene: Scene) -> Iterator[Report]:
    """Enrolments of one child in both hubs, and dropping out where that is a hardship."""
    dropped = scene.hardship("out_of_school")
    for stay in scene.child.stays:
        if scene.hub_of(stay.place) is None or stay.since > scene.on:
            continue
        for index, (stage, _, share, years) in enumerate(STAGES):
            begins, ends = _begins(scene.child.born, index), _begins(scene.child.born, index + 1)
            arrives = max(begins, stay.since)
            leaves = min(ends, stay.until or date.max)
            if arrives >= leaves or leaves < scene.start or arrives > scene.on:
                continue
            out_here = dropped is not None and arrives <= dropped < leaves
            if not out_here and not scene.chance(share):
                continue
            school = f"{stay.place.name}{scene.random.choice(SCHOOLS)}{KINDS[stage]}"
            own = {
                "stage": stage,
                "grade": years[min((arrives - begins).days // 365, len(years) - 1)],
                "school_name": school,
                "school_code": f"9{sum(map(ord, school)) % 10**9:09d}",
                "accompanied_by": stay.company,
                "boarding": stage in ("junior", "senior") and scene.chance(0.2),
            }
            event = "enrolled" if arrives == begins else "transferred_in"
            yield _report(scene, stay, arrives, {**own, "event": event})
            if dropped is not None and out_here:
                yield _report(scene, stay, dropped, {**own, "event": "dropped_out"})
            elif stay.until == leaves <= scene.on and scene.chance(LEAVERS_REPORTED):
                yield _report(scene, stay, leaves, {**own, "event": "transferred_out"})


def _report(scene: Scene, stay: Stay, day: date, own: dict[str, object]) -> Report:
    return Report(
        place=stay.place,
        feed="enrolments",
        day=scene.after(day, 0, 20),
        own={**own, "on": day.isoformat()},
    )


def _begins(born: date, index: int) -> date:
    """The first of September on which a stage begins; past the last stage, three years on."""
    age = STAGES[index][1] if index < len(STAGES) else STAGES[-1][1] + 3
    late = (born.month, born.day) > (8, 31)
    return date(born.year + age + late, 9, 1)
