"""The three OpenAPI documents, read as a client's author and its generator read them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from services.commands.contracts import document
from tests.guards.operations import Operation, operations_of

SERVICES = ("registry", "matching", "notifications")
#: What a secured operation answers whatever it does; the other statuses are its own.
EVERYWHERE = {"401", "403", "429"}
#: String formats that bound themselves.
BOUNDED_FORMATS = {"uuid", "date", "date-time", "uri", "binary"}
Schema = Mapping[str, Any]


@cache
def documented(service: str) -> Mapping[str, Any]:
    return document(service)


@cache
def every_operation() -> tuple[Operation, ...]:
    return tuple(one for s in SERVICES for one in operations_of(s, documented(s)))


each_document = pytest.mark.parametrize("service", SERVICES)


@each_document
def test_it_is_openapi_3_1_with_a_title_a_version_and_a_description(service: str) -> None:
    assert documented(service)["openapi"].startswith("3.1")
    info = documented(service)["info"]
    assert info["title"] and info["version"] and info["description"].strip()


def test_operation_ids_are_plain_names_and_never_twice_in_a_document() -> None:
    seen = [(one.service, one.id) for one in every_operation()]
    assert len(set(seen)) == len(seen)
    assert [one for one in seen if not one[1].replace("_", "").isalnum()] == []


def test_every_operation_says_what_it_is_for() -> None:
    assert [
        str(o)
        for o in every_operation()
        if not (o.spec.get("summary") or o.spec.get("description"))
    ] == []


def test_every_summary_is_a_sentence_of_ours_and_no_title_made_of_the_functions_name() -> None:
    made = [(one, one.id.replace("_", " ").title()) for one in every_operation()]
    assert [str(one) for one, name in made if " " in name and one.spec["summary"] == name] == []


def test_every_secured_operation_documents_its_refusals() -> None:
    lacking = {
        str(one): sorted(EVERYWHERE - set(one.spec["responses"]))
        for one in every_operation()
        if one.scopes and not set(one.spec["responses"]) >= EVERYWHERE
    }
    assert lacking == {}


def test_every_secured_operation_names_exactly_one_scope_of_a_known_scheme() -> None:
    for one in every_operation():
        if one.scopes:
            schemes = documented(one.service)["components"]["securitySchemes"]
            (security,) = one.spec["security"]
            (name,) = security
            scopes = schemes[name]["flows"]["clientCredentials"]["scopes"]
            assert len(one.scopes) == 1 and one.scopes[0] in scopes, str(one)


def test_errors_are_problems() -> None:
    """But for the token endpoint, whose errors are RFC 6749's."""
    other = [
        (str(one), status)
        for one in every_operation()
        for status, response in one.spec["responses"].items()
        if status[0] in "45" and one.id != "issue_token"
        if list(response.get("content", {})) != ["application/problem+json"]
    ]
    assert other == []


def test_every_body_is_described_and_has_an_example() -> None:
    bare = []
    for one in every_operation():
        if one.method in ("post", "put", "patch") and one.media_type is None:
            continue
        if one.media_type is not None and not _has_example(one):
            bare.append(str(one))
    assert bare == []


def _has_example(one: Operation) -> bool:
    media = one.spec["requestBody"]["content"][one.media_type]
    return "example" in media or "examples" in media or _exemplified(one, media["schema"])


def _exemplified(one: Operation, schema: Schema) -> bool:
    """A schema that carries an example, or each of whose required parts does."""
    if "$ref" in schema:
        return _exemplified(one, one.schemas[schema["$ref"].rsplit("/", 1)[1]])
    if "example" in schema or schema.get("examples") or "const" in schema:
        return True
    if schema.get("type") == "array":
        return _exemplified(one, schema["items"])
    needed = schema.get("required", [])
    parts = schema.get("properties", {})
    return bool(needed) and all(_exemplified(one, parts[name]) for name in needed)


def test_every_operation_that_reads_a_body_describes_it() -> None:
    """A POST without a body is an act on what its path names."""
    silent = {
        one.id
        for one in every_operation()
        if one.method in ("post", "put", "patch")
        and one.media_type is None
        and not (one.slots and one.path.rsplit("/", 1)[1].isidentifier())
    }
    assert silent == set()


def test_examples_fit_their_schemas() -> None:
    from jsonschema import Draft202012Validator, FormatChecker

    wrong = []
    for one in every_operation():
        if one.media_type is None:
            continue
        schema = one.spec["requestBody"]["content"][one.media_type]["schema"]
        if schema.get("format") == "binary":
            continue
        whole = {**schema, "components": {"schemas": one.schemas}}
        checked = Draft202012Validator(whole, format_checker=FormatChecker())
        wrong += [(str(one), e.json_path, e.message[:200]) for e in checked.iter_errors(one.body)]
    assert wrong == []


def schemas_of(service: str) -> Iterator[tuple[str, Schema]]:
    """Every schema in the document, with where it stands."""
    found = documented(service)
    yield from _within("components", found["components"]["schemas"])
    yield from _within("paths", found["paths"])
    yield from _within("webhooks", found.get("webhooks", {}))


def _within(at: str, value: Any) -> Iterator[tuple[str, Schema]]:
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _within(f"{at}/{index}", inner)
    elif isinstance(value, Mapping):
        if isinstance(value.get("type"), str) and "in" not in value:
            yield at, value
        for key, inner in value.items():
            if key not in ("example", "examples", "default", "enum", "const"):
                yield from _within(f"{at}/{key}", inner)


def _unbounded(schema: Schema) -> bool:
    kind = schema["type"]
    if kind == "string":
        bounded = {"maxLength", "enum", "const", "pattern"} & set(schema)
        return not bounded and schema.get("format") not in BOUNDED_FORMATS
    if kind == "array":
        return "maxItems" not in schema
    if kind == "integer":
        return not ({"maximum", "exclusiveMaximum", "enum", "const"} & set(schema))
    return False


@each_document
def test_what_is_sent_is_bounded(service: str) -> None:
    """Strings, arrays and integers of requests: parameters, and every schema that a body leads to."""
    sent = set(_led_to(service, "requestBody"))
    loose = [at for at, schema in schemas_of(service) if _unbounded(schema) and _of(at, sent)]
    assert loose == []


@each_document
def test_what_is_answered_is_bounded(service: str) -> None:
    sent = set(_led_to(service, "requestBody"))
    loose = [at for at, schema in schemas_of(service) if _unbounded(schema) and not _of(at, sent)]
    assert [at for at in loose if "application/x-ndjson" not in at] == []  # a stream has no end


def _of(at: str, sent: set[str]) -> bool:
    parts = at.split("/")
    if parts[0] == "components":
        return parts[1] in sent
    return "requestBody" in parts or "parameters" in parts


def _led_to(service: str, part: str) -> Iterator[str]:
    """The names of the component schemas that this part of any operation refers to, however far."""
    found = documented(service)
    todo = [
        ref
        for item in found["paths"].values()
        for spec in item.values()
        for ref in _references(spec.get(part, {}))
    ]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += _references(found["components"]["schemas"][name])
    yield from seen


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if str(value.get("$ref", "")).startswith("#/components/schemas/"):
            yield value["$ref"].rsplit("/", 1)[1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@each_document
def test_every_reference_leads_somewhere(service: str) -> None:
    known = set(documented(service)["components"]["schemas"])
    assert set(_references(documented(service))) - known == set()


@each_document
def test_no_schema_is_split_into_an_input_and_an_output(service: str) -> None:
    """Generators would give the two halves of one thing different names."""
    names = documented(service)["components"]["schemas"]
    assert [name for name in names if name.endswith(("-Input", "-Output"))] == []


#: Operations that answer where to read what they made.
LOCATING = {
    "assess_guardianship",
    "make_post",
    "make_roster",
    "open_compartment_entry",
    "open_survey_round",
    "open_case",
    "open_key_care",
    "place_child",
    "propose_handover",
    "relink_entry",
    "request_erasure",
    "unmerge_child",
    "withdraw_ruling",
    "publish_figure",
}


def test_who_makes_something_says_where_to_read_it() -> None:
    located = {
        one.id
        for one in every_operation()
        for status, response in one.spec["responses"].items()
        if status[0] == "2" and "Location" in response["headers"]
    }
    assert {one for one in located if not one.startswith("import_")} == LOCATING


@each_document
def test_tags_are_words_and_the_place_of_the_service_is_the_operators(service: str) -> None:
    assert documented(service)["servers"][0]["url"] == "/"
    tags = {tag for one in every_operation() for tag in one.spec.get("tags", ())}
    assert all(tag.isascii() for tag in tags)


def test_an_example_of_a_review_shows_both_children() -> None:
    (example,) = documented("registry")["components"]["schemas"]["MatchReviewOut"]["examples"]
    assert [side["child"]["id"] for side in example["sides"]] == example["children"]


@each_document
def test_every_schema_has_a_name_of_its_own_that_tells_no_module(service: str) -> None:
    """A generator names classes by titles, and leaves out all that leads to a second one of a name."""
    schemas = documented(service)["components"]["schemas"]
    titles = [schema.get("title", name) for name, schema in schemas.items()]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []
    assert [name for name in schemas if "__" in name] == []


#: Answers of matching, whose only reader is the registry, do say null: nobody is an entry's person, or is it weighed against.
SAID = {"matching": {"LinkOut/properties/person", "ExplanationOut/properties/against"}}


@each_document
def test_answers_leave_out_what_is_absent_and_never_say_null(service: str) -> None:
    """Generators make double or dropped properties of "or null"."""
    answered = set(_led_to(service, "responses"))
    nullable = {
        "/".join(at.split("/")[1:4])
        for at, schema in schemas_of(service)
        if schema["type"] == "null"
        and at.split("/")[1] in answered
        and "additionalProperties" not in at
    }
    assert nullable == SAID.get(service, set())


def test_notifications_documents_its_webhooks() -> None:
    webhooks = documented("notifications")["webhooks"]
    assert webhooks
    for name, item in webhooks.items():
        (spec,) = item.values()
        content = spec["requestBody"]["content"]["application/cloudevents+json"]
        assert "schema" in content and "example" in content, name
        headers = {p["name"] for p in spec["parameters"]}
        assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= headers
        assert {"2XX", "410"} <= set(spec["responses"])


def test_reads_name_purpose_and_actor_as_headers_with_bounds() -> None:
    for one in every_operation():
        if one.reads:
            actor = one.parameters["header", "Hutong-Actor"]["schema"]
            purpose = one.parameters["header", "Hutong-Purpose"]["schema"]
            assert "maxLength" in str(actor) and "Purpose" in str(purpose), str(one)


def test_every_word_of_a_closed_list_is_explained_where_the_list_stands() -> None:
    """A reader of the document alone learns what a value means, in Chinese too."""
    unexplained = {
        f"{service} {name}": [word for word in schema["enum"] if f"`{word}`" not in said]
        for service in ("registry", "notifications")
        for name, schema in documented(service)["components"]["schemas"].items()
        if "enum" in schema
        for said in [schema.get("description", "")]
    }
    assert {at: lacking for at, lacking in unexplained.items() if lacking} == {}


def _inside(value: Any, said: str = "") -> Iterator[tuple[list[str], str]]:
    """Every closed list below, with what is said of it where it stands or of what it is an item or branch of."""
    if isinstance(value, list):
        for inner in value:
            yield from _inside(inner, said)
    elif isinstance(value, Mapping):
        own = value.get("description")
        said = own if isinstance(own, str) else said
        if isinstance(value.get("enum"), list):
            yield value["enum"], said
        for key, inner in value.items():
            if key not in ("example", "examples", "default", "enum", "const"):
                yield from _inside(inner, said if key in ("items", "anyOf", "schema") else "")


@pytest.mark.parametrize("service", ["registry", "notifications"])
def test_every_word_of_a_list_inside_a_schema_or_parameter_is_explained_there(service: str) -> None:
    """As of those that are schemas of their own."""
    found = documented(service)
    lists = _inside([found["components"]["schemas"], found["paths"]])
    lacking = [(s, [w for w in words if f"`{w}`" not in s]) for words, s in lists]
    assert [one for one in lacking if one[1]] == []


#: Words that name a thing only beside the module that they stand in.
BARE = {"Act", "Kind", "State", "Outcome", "Reason", "Event", "Problem", "About", "Finding"}


@each_document
def test_every_example_fits_its_schema(service: str) -> None:
    """Not least where two classes of one name were taken for one."""
    whole = documented(service)
    misfits = [
        f"{name}: {error.message}"
        for name, schema in whole["components"]["schemas"].items()
        for example in schema.get("examples", ())
        for error in Draft202012Validator(
            {**schema, "components": whole["components"]}
        ).iter_errors(example)
    ]
    assert misfits == []


def test_every_name_of_a_schema_says_of_what_it_is() -> None:
    """But for an RFC 9457 problem, and a reason for a status."""
    bare = {f"{one}{way}" for one in BARE for way in ("", "In", "Out", "Kind")}
    names = set(documented("registry")["components"]["schemas"])
    assert bare & names == {"ProblemOut", "ReasonOut"}
