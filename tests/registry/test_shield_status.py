"""No status, and no byte, tells whoever may not see a child whether it is shielded: what answers is the sight rule, which asks
where the child lives or is registered, never whether anybody shielded it.

Cast: two children of one township, the one *shielded*, the other *plain*; an id that is nobody's; offices that see neither: of
the next township, of another county, and a department to which nothing is open.  The office of the township itself sees both:
that it does says where a child lives that it knows by its id, shielded or not; it has the child to care for, and is on record.
"""

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest

from tests.registry.conftest import Registry
from tests.registry.handing import moved
from tests.registry.key_care import turn

HERE, NEXT_DOOR, ELSEWHERE = "500103001", "500103002", "500107"
BLIND = [
    f"civil_affairs:{NEXT_DOOR}",
    f"education:{NEXT_DOOR}",
    f"civil_affairs:{ELSEWHERE}",
    f"police:{ELSEWHERE}",
    f"medical_insurance:{NEXT_DOOR}",
]


def reads(registry: Registry, child: UUID) -> Iterator[str]:
    """Every way to ask for a child by its id that the documents have, in the path or as a filter; today and for the past."""
    for path, operations in registry.app.openapi()["paths"].items():
        if "get" not in operations:
            continue
        named = {p["name"] for p in operations["get"].get("parameters", ()) if p["in"] == "query"}
        asked = []
        if "{child_id}" in path and path.count("{") == 1:
            asked.append(path.replace("{child_id}", str(child)) + "?")
        if "child" in named and "{" not in path:
            asked.append(f"{path}?child={child}&")
        for url in asked:
            yield url
            if "known_at" in named:
                yield url + "known_at=" + registry.clock.at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("who", BLIND)
async def test_r57_who_may_not_see_a_child_learns_by_no_status_that_it_is_shielded(
    registry: Registry, who: str
) -> None:
    shielded, plain = uuid4(), uuid4()
    for child in (shielded, plain):
        await moved(registry, child, f"{HERE}000", date(2026, 1, 5))
    county = await registry("civil_affairs:500103")
    assert (await turn(county, shielded)).status_code in (200, 201)
    blind, seeing = await registry(who), await registry(f"civil_affairs:{HERE}")
    asked = list(zip(*(reads(registry, one) for one in (shielded, plain, uuid4())), strict=True))
    assert len(asked) > 15
    for urls in asked:
        told = [await blind.get(url) for url in urls]
        assert len({(reply.status_code, reply.content) for reply in told}) == 1, urls[0]
        assert len({reply.headers.get("ETag") for reply in told}) == 1, urls[0]
    for act in ("shield", "unshield"):
        body = {"reason": "domestic_violence" if act == "shield" else "danger_over"}
        done = [
            await blind.post(
                f"/v1/children/{one}/{act}", json=body, headers={"Idempotency-Key": str(uuid4())}
            )
            for one in (shielded, plain, uuid4())
        ]
        assert len({(reply.status_code, reply.content) for reply in done}) == 1, act
    seen = [await seeing.get(f"/v1/children/{one}") for one in (shielded, plain)]
    assert [reply.status_code for reply in seen] == [200, 200], (
        "the sight rule, with and without a shield"
    )
    assert HERE not in seen[0].text
