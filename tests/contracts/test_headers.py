"""Headers, callers and names in the three documents, as a generator takes them: required where their absence is refused."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from shared.vocabulary import SERVICE_SCOPES, Scope
from tests.contracts.test_documents import SERVICES, documented, every_operation

HAN = re.compile("[\u4e00-\u9fff]")
REFERENCE = re.compile(r"[a-z2-7]{52}")


def header(parameters: Mapping[tuple[str, str], Mapping[str, Any]], name: str) -> Any:
    return parameters.get(("header", name), {})


def test_what_is_refused_without_a_header_requires_it() -> None:
    for one in every_operation():
        if one.reads:
            assert header(one.parameters, "Hutong-Purpose")["required"], str(one)
            assert header(one.parameters, "Hutong-Actor")["required"], str(one)
        assert bool(header(one.parameters, "If-Match").get("required")) == (
            "428" in one.spec["responses"]
        ), str(one)


def test_no_parameter_may_be_null() -> None:
    assert [
        (str(one), name)
        for one in every_operation()
        for (_, name), parameter in one.parameters.items()
        if "null" in str(parameter["schema"])
    ] == []


def test_answers_name_their_headers_and_each_leads_somewhere() -> None:
    for one in every_operation():
        known = documented(one.service)["components"]["headers"]
        for status, response in one.spec["responses"].items():
            held = response["headers"]
            wanted = {"Hutong-Request"} | {
                "401": {"WWW-Authenticate"} if one.scopes else set(),
                "429": {"Retry-After"},
                "503": {"Retry-After"},
            }.get(status, set())
            assert wanted <= set(held), (str(one), status)
            for used in held.values():
                assert "$ref" not in used or used["$ref"].rsplit("/", 1)[1] in known, str(one)


def test_what_if_match_asks_for_some_read_answers_with() -> None:
    """An ETag that no documented answer holds could not be sent back."""
    for service in SERVICES:
        mine = [one for one in every_operation() if one.service == service]
        tagged = {
            o.path for o in mine for r in o.spec["responses"].values() if "ETag" in r["headers"]
        }
        guarded = {o.path for o in mine if ("header", "If-Match") in o.parameters}
        for path in guarded:
            assert any(path == other or path.startswith(other + "/") for other in tagged), path


def test_operations_between_services_are_tagged_so() -> None:
    for one in every_operation():
        internal = bool(one.scopes) and {Scope(s) for s in one.scopes} <= SERVICE_SCOPES
        signed = ("header", "webhook-signature") in one.parameters
        assert ("internal" in one.spec.get("tags", ())) == (internal or signed), str(one)


@pytest.mark.parametrize("service", SERVICES)
def test_closed_lists_have_chinese_terms(service: str) -> None:
    assert [
        name
        for name, schema in documented(service)["components"]["schemas"].items()
        if "enum" in schema and not HAN.search(schema.get("description", ""))
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_tokens_come_from_the_registry_by_key_and_scopes_say_what_they_open(service: str) -> None:
    (scheme,) = documented(service)["components"]["securitySchemes"].values()
    flow = scheme["flows"]["clientCredentials"]
    assert "private_key_jwt" in scheme["description"]
    assert flow["tokenUrl"].endswith("/oauth2/token")
    assert flow["tokenUrl"].startswith("http") == (service != "registry")
    assert set(flow["scopes"]) == set(Scope)
    assert [s for s, meaning in flow["scopes"].items() if s == meaning] == []


def test_example_references_have_the_form_of_real_ones() -> None:
    webhooks = documented("notifications")["webhooks"]
    examples = [
        item["post"]["requestBody"]["content"]["application/cloudevents+json"]["example"]
        for item in webhooks.values()
    ]
    subjects = [one["subject"] for one in examples if "subject" in one]
    # Of a case that waits no child is told.
    assert [one["type"] for one in examples if "subject" not in one] == ["cn.hutong.case.waiting"]
    assert all(map(REFERENCE.fullmatch, subjects))
    assert len({one["id"] for one in examples}) == len(examples)
