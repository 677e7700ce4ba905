"""Refusals that help: each says where in the request it looks, and what would be right there."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from services.registry.records.feeds import FEEDS
from shared.problems import FlawOut
from shared.vocabulary import Department, Scope
from tests.contracts.conftest import Reached
from tests.contracts.test_documents import every_operation
from tests.guards.story import HOME, WHY

CIVIL, EDUCATION = Department.CIVIL_AFFAIRS, Department.EDUCATION


def ask(
    reached: Reached, method: str, path: str, who: Department = CIVIL, **more: Any
) -> httpx.Response:
    service = "notifications" if path.startswith(("/v1/notices", "/v1/subscr")) else "registry"
    scopes = more.pop("scopes", None)
    named = {"scopes": scopes, "name": "-".join(sorted(scopes))} if scopes else {}
    token = reached.run(reached.world.token(who, HOME, **named))
    headers = {
        "Authorization": f"Bearer {token}",
        "Hutong-Purpose": WHY[who],
        "Hutong-Actor": "staff-7",
        **more.pop("headers", {}),
    }
    address = f"{reached.world.hub.url(service)}{path}"
    return reached.send(service, httpx.Request(method, address, headers=headers, **more))


KEY = {"Idempotency-Key": "of-a-refusal"}
HINTS: list[tuple[str, Any, str, str, str]] = [
    ("/v1/notices", {}, "/body", "one_child", "Give reference or child"),
    ("/v1/subscriptions", {"url": "http://10.0.0.1/x"}, "/body/url", "egress", "ask the operator"),
    ("/v1/children/search", {}, "/body", "criteria", "Give id_number, or name and birth_date."),
    ("/v1/children/searches", {}, "/body", "criteria", "Give an ID number"),
    ("/v1/enrolments", [], "/body", "item_count", "Send 1 to"),
    ("/v1/enrolments", {}, "/body", "list_type", "array"),
    ("/v1/enrolments/recalls", {"source_ids": []}, "/body/source_ids", "too_short", "at least 1"),
    (
        "/v1/enrolments/recalls",
        {"source_ids": ["E"], "source": "other"},
        "/body/source",
        "source_not_granted",
        "granted sources",
    ),
    ("/v1/notices", {"kidn": "x"}, "/body", "extra_forbidden", "Allowed here: kind, reference"),
    ("/v1/enrolments", [{"hukuo": {}}], "", "extra_forbidden", "Allowed here: source_id, version"),
    ("/v1/children/searches", {"sexx": "male"}, "/body", "extra_forbidden", "Allowed here: name"),
]


@pytest.mark.parametrize(("path", "body", "pointer", "code", "hint"), HINTS)
def test_a_refusal_says_where_and_what(
    reached: Reached, path: str, body: Any, pointer: str, code: str, hint: str
) -> None:
    who = EDUCATION if "enrolments" in path else CIVIL
    reply = ask(reached, "POST", path, who, json=body, headers=KEY)
    said: Mapping[str, Any] = reply.json()
    flaws = said["results"][0]["errors"] if reply.status_code == 207 else said["errors"]
    (flaw,) = [one for one in flaws if one["code"] == code]
    assert flaw["pointer"] == pointer
    assert hint in flaw["detail"]
    FlawOut.model_validate(flaw)


def test_a_word_that_is_none_is_one_flaw(reached: Reached) -> None:
    body = {"url": "https://civil.example", "kinds": ["x"]}
    reply = ask(reached, "POST", "/v1/subscriptions", json=body, headers=KEY)
    assert [(e["pointer"], e["code"]) for e in reply.json()["errors"]] == [
        ("/body/kinds/0", "enum")
    ]


def test_a_missing_scope_is_named(reached: Reached) -> None:
    reply = ask(reached, "GET", "/v1/key-care", scopes=frozenset({Scope.RECORDS_READ}))
    assert (reply.status_code, reply.json()["detail"]) == (403, "Needs scope key-care:read.")
    wanted = 'Bearer error="insufficient_scope", scope="key-care:read"'
    assert reply.headers["WWW-Authenticate"] == wanted


def test_whoever_sends_json_for_a_token_is_told_to_send_a_form(reached: Reached) -> None:
    address = f"{reached.world.issuer}/oauth2/token"
    reply = reached.send("registry", httpx.Request("POST", address, json={"grant_type": "x"}))
    assert reply.status_code == 422
    assert "application/x-www-form-urlencoded" in reply.json()["detail"]


@pytest.mark.parametrize("until", ["2020-01-01", "9999-12-31"])
def test_a_review_is_put_off_to_a_day_that_comes(reached: Reached, until: str) -> None:
    (review,) = ask(reached, "GET", "/v1/match-reviews?state=deferred").json()["reviews"]
    path = f"/v1/match-reviews/{review['id']}"
    body = {"decision": "unsure", "reason": "evidence_lacking", "until": until}
    headers = {**KEY, "If-Match": ask(reached, "GET", path).headers["ETag"]}
    reply = ask(reached, "POST", f"{path}/decisions", json=body, headers=headers)
    assert reply.status_code == 422, reply.text
    (flaw,) = reply.json()["errors"]
    assert (flaw["pointer"], flaw["code"]) == ("/body/until", "not_to_come")


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/v1/notices?cursor=abc", "after, direction, kind, limit, state"),
        ("/v1/key-care?after=abc", "category, child, cursor"),
        ("/v1/erasures?stat=erased", "cursor, limit, state"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused(reached: Reached, path: str, known: str) -> None:
    reply = ask(reached, "GET", path)
    assert reply.status_code == 422
    (flaw,) = reply.json()["errors"]
    assert (flaw["pointer"], flaw["code"]) == ("/query", "unknown_parameter")
    assert known in flaw["detail"]


def test_no_parameter_that_is_documented_is_unknown(reached: Reached) -> None:
    for one in every_operation():
        names = [name for place, name in one.parameters if place == "query"]
        if names and one.method == "get" and "{" not in one.path and one.service != "matching":
            asked = "&".join(f"{name}=x" for name in names)
            reply = ask(reached, "GET", f"{one.path}?{asked}")
            assert "unknown_parameter" not in reply.text, str(one)


def test_a_slash_at_the_end_leads_nowhere(reached: Reached) -> None:
    reply = ask(reached, "GET", "/v1/key-care/")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_reference_that_is_sent_twice_is_answered_twice(reached: Reached) -> None:
    twice = ["np5aqq3x2nobt4sl2xyrxubonzbm45gpajnjzf4mm4xv7yzhyasq"] * 2
    reply = ask(reached, "POST", "/v1/references/read", json={"references": twice})
    assert [one["reference"] for one in reply.json()["results"]] == twice


def test_each_name_of_each_feed_is_told(reached: Reached) -> None:
    """However many a feed has: the list ends where a flaw's detail does."""
    for name, feed in FEEDS.items():
        if not feed.internal:
            reply = ask(reached, "POST", f"/v1/{name}", feed.departments[0], json=[{"x": 1}])
            assert reply.status_code == 207, json.dumps(reply.json())
            for flaw in reply.json()["results"][0]["errors"]:
                FlawOut.model_validate(flaw)
