"""Marks: what stands beside a child's fields in a view, in the wire's form."""

from typing import Any


def mark(row: Any) -> dict[str, Any]:
    """A row of ``duties`` as ``schemas.DutyMark``."""
    detail = row["detail"]
    done = row["done_on"]
    return {
        "id": row["duty_id"],
        "duty": row["duty"],
        "department": row["department"],
        "population": row["population"],
        "state": row["state"],
        "begun_on": row["begun_on"],
        "due_on": row["due_on"],
        "last_done_on": done[-1] if done else None,
        "clause": detail["clause"],
        "wording": detail["wording"] or None,
        "missing": detail.get("missing"),
    }
