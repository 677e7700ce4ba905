"""What the hub really answers, held against its documents: every read of a place in which something has happened."""

from itertools import product
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.contracts.conftest import Reached
from tests.contracts.test_documents import SERVICES, documented
from tests.guards.asking import ask
from tests.guards.operations import Operation, operations_of
from tests.guards.story import WHY
from tests.guards.test_foreign_places import LOCALS, every_id

#: Reads that the story gives nothing to; their answers are held against the document by Schemathesis alone.
UNANSWERED = {"list_revocations", "list_link_changes", "list_review_changes", "explain_link"}


def validator(one: Operation, status: int) -> Draft202012Validator:
    content = one.spec["responses"][str(status)]["content"]["application/json"]
    whole = {**content["schema"], "components": {"schemas": one.schemas}}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def test_every_read_answers_as_documented(reached: Reached) -> None:
    ids = reached.run(every_id(reached.world))
    reads = [
        one
        for service in SERVICES
        for one in operations_of(service, documented(service))
        if one.method == "get" and one.scopes
    ]
    answered = set()
    for one in reads:
        named: list[dict[str, Any]] = [{s: i} for s in one.id_slots for i in ids] or [{}]
        paths = [chosen | path for path in named for chosen in one.choices]
        for (department, area), path in product(LOCALS, paths):
            token = reached.run(reached.world.token(department, area))
            reply = reached.run(ask(reached.world, one, token, why=WHY[department], path=path))
            sent = reply.headers.get("content-type", "").split(";")[0]
            if reply.status_code == 200 and sent.endswith(".sheet"):
                # A workbook: its own tests read it, the document only names it.
                assert sent in one.spec["responses"]["200"]["content"], str(one)
                answered.add(one.id)
                break
            if reply.status_code == 200 and "json" in reply.headers["content-type"]:
                if "ndjson" in reply.headers["content-type"]:
                    answered.add(one.id)
                    continue
                wrong = list(validator(one, 200).iter_errors(reply.json()))
                assert not wrong, (str(one), wrong[0].json_path, wrong[0].message)
                answered.add(one.id)
                break
    assert {one.id for one in reads} - answered == UNANSWERED
