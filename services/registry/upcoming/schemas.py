"""What is coming, as it is shown."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(max_length=1000)]
MOST_TURNS = 1000

EXAMPLE: dict[str, Any] = {
    "child": "0195f3f2-5a6e-7c1b-9a53-0242ac120002",
    "from": "2026-03-02",
    "until": "2028-03-02",
    "turns": [
        {
            "on": "2026-05-10",
            "what": "duty_due",
            "subject": "survey",
            "clause": "《示例方案》二(一)1",
            "department": "civil_affairs",
        },
        {"on": "2026-08-20", "what": "status_changes", "subject": "migrant", "clause": "一"},
    ],
}


class TurnOut(BaseModel):
    """Something that happens on a day without anybody's doing (到期事项)."""

    on: date = Field(description="日期")
    what: Text = Field(
        description="`status_changes` 认定状态变化, `duty_begins` 职责开始, `duty_due` 职责到期, `duty_overdue` 逾期,"
        " `duty_at_township` 升级至乡镇, `duty_at_county` 升级至县, `duty_ends` 职责终止, `alert_raised` 预警产生,"
        " `alert_due` 预警到期, `permit_ends` 居住证到期, `key_care_…` 重点关爱状态变化, `key_care_lapses` 依据失效,"
        " `follow_up_opens` 后续权益"
    )
    subject: Text = Field(
        description="the new status, the duty, the kind of alert, the category, or the entitlement"
    )
    clause: Text = Field(description="依据条款; empty where no text says it")
    department: Text | None = Field(default=None, description="who answers for it (责任部门)")


class UpcomingOut(BaseModel):
    """What is coming, if nothing is heard of the child meanwhile."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]}, populate_by_name=True)

    child: UUID
    since: date = Field(alias="from", description="today (今日)")
    until: date = Field(description="foreseen up to this day (预见至)")
    turns: list[TurnOut] = Field(max_length=MOST_TURNS, description="到期事项, the soonest first")
