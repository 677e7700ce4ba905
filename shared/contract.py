"""What an OpenAPI document says beyond what FastAPI derives from signatures, for all operations alike.

A header whose absence has an answer of its own (403, 428, 400) must be optional in a signature, and what the outermost
layer adds to every answer stands in none.  Where absent values are left out of an answer, "or null" is untrue, and
generators make double or dropped properties of it; and every whole number has bounds.  All of it is said here.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from shared.vocabulary import SCOPE_MEANINGS, SERVICE_SCOPES

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
#: What fits PostgreSQL's bigint, in which every number that is answered is kept.
LARGEST = 2**63 - 1
INTERNAL = "internal"
PROBLEM = "application/problem+json"
SERVERS = "Where the operator of the hub serves this service."
#: For ``responses`` of an operation whose answer has a strong ETag; that says where to read what it made; or both.
TAGGED: dict[str, Any] = {"headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}
LOCATED: dict[str, Any] = {"headers": {"Location": {"$ref": "#/components/headers/Location"}}}
TAGGED_AND_LOCATED: dict[str, Any] = {"headers": TAGGED["headers"] | LOCATED["headers"]}

Document = dict[str, Any]
Operation = dict[str, Any]


def _header(description: str, maximum: int, **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string", "maxLength": maximum, **more.pop("schema", {})},
        **more,
    }


HEADERS: dict[str, dict[str, Any]] = {
    "Hutong-Request": _header(
        "Names this request in the hub's log: give it when you ask for help.",
        36,
        required=True,
        schema={"format": "uuid"},
    ),
    "WWW-Authenticate": _header(
        "With 401: get a new token and try once more.  With 403, where a scope is missing: `insufficient_scope` and the"
        " scope (RFC 6750).",
        300,
    ),
    "Retry-After": _header("Seconds after which to try again.", 20, schema={"examples": ["5"]}),
    "Content-Language": _header(
        "The language of `title`: `zh` where `Accept-Language` begins so, else `en`.",
        10,
        schema={"enum": ["en", "zh"]},
    ),
    "ETag": _header(
        "Strong: changes exactly when what you may see does.  Send it as `If-Match` with what you decide on it.",
        64,
    ),
    "Location": _header("Where to read what was made, at this service.", 100),
    "Content-Disposition": _header("With the workbook alone: its file name.", 200),
}

#: What happens without a header that is required, by its name.
WITHOUT = {
    "Hutong-Purpose": "Without it, or with one that is not granted: 403 `purpose-required`.",
    "Hutong-Actor": "Without it: 403 `purpose-required`.",
    "If-Match": "Without it: 428 `precondition-required`; when it has changed: 412 `precondition-failed`.",
    "Idempotency-Key": "Without it: 400 `idempotency-key-required`.",
}
#: What every list says of its pages, where it says nothing of its own.
PAGING = {
    "cursor": "`next` of the page before; the first page without it.  Good for 24 hours, then 400 `bad-cursor`.",
    "limit": "Most items of one page.",
}
ACTOR_OPTIONAL = "Without it the client itself counts as the acting one."


def complete(document: Document, leaving_out: Set[str], token_url: str) -> None:
    """Finish a document that FastAPI derived.

    ``leaving_out`` are the ids of operations that answer without nulls; ``token_url`` is where this hub's registry
    gives tokens.
    """
    _tidy(document, leaving_out)
    operations = list(_operations(document))
    for operation in operations:
        for parameter in operation.get("parameters", []):
            _flatten(parameter)
            if parameter["in"] == "query" and parameter["name"] in PAGING:
                parameter.setdefault("description", PAGING[parameter["name"]])
        _require(operation)
        _answer(operation)
        if _is_internal(operation):
            operation["tags"] = [INTERNAL]
    document["components"]["headers"] = _used(document)
    if any(INTERNAL in operation.get("tags", ()) for operation in operations):
        document["tags"] = [
            {
                "name": INTERNAL,
                "description": "内部: between the services of a hub, and between hubs; not for departments' systems.",
            }
        ]
    document["servers"] = [{"url": "/", "description": SERVERS}]
    _secure(document, token_url)
    _name_forms(document)


def _operations(document: Document) -> Iterator[Operation]:
    for item in document["paths"].values():
        for method, operation in item.items():
            if method in METHODS:
                yield operation


def _flatten(parameter: dict[str, Any]) -> None:
    """A parameter is there or not; there is no way to send null."""
    schema = parameter.get("schema", {})
    kept = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if kept and len(kept) < len(schema["anyOf"]):
        del schema["anyOf"]
        schema |= kept[0] if len(kept) == 1 else {"anyOf": kept}
        if schema.get("default", ...) is None:
            del schema["default"]


def _require(operation: Operation) -> None:
    headers = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "header"}
    required = set()
    if "Hutong-Purpose" in headers:
        required |= {"Hutong-Purpose", "Hutong-Actor"}
    elif "Hutong-Actor" in headers:
        _say(headers["Hutong-Actor"], ACTOR_OPTIONAL)
    if "428" in operation["responses"]:
        required.add("If-Match")
    key = headers.get("Idempotency-Key", {})
    if str(key.get("description", "")).startswith("Required"):
        required.add("Idempotency-Key")
    for name in required & set(headers):
        headers[name]["required"] = True
        _say(headers[name], WITHOUT[name])


def _say(parameter: dict[str, Any], sentence: str) -> None:
    said = parameter.get("description", "").rstrip()
    if sentence not in said:
        parameter["description"] = f"{said}  {sentence}".strip()


def _answer(operation: Operation) -> None:
    """The headers that the outermost layer and the problem handlers send."""
    secured = bool(operation.get("security"))
    for status, response in operation["responses"].items():
        names = ["Hutong-Request"]
        if PROBLEM in response.get("content", {}):
            names.append("Content-Language")
        if status in ("401", "403") and secured:
            names.append("WWW-Authenticate")
        if status in ("429", "503"):
            names.append("Retry-After")
        held = response.setdefault("headers", {})
        for name in names:
            held.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def _used(document: Document) -> dict[str, Any]:
    used = {
        header["$ref"].rsplit("/", 1)[1]
        for operation in _operations(document)
        for response in operation["responses"].values()
        for header in response.get("headers", {}).values()
        if "$ref" in header
    }
    return {name: header for name, header in HEADERS.items() if name in used}


def _is_internal(operation: Operation) -> bool:
    """Called by the hub's own services, or signed by a peer hub instead of bearing a token."""
    scopes = {s for one in operation.get("security", []) for held in one.values() for s in held}
    signed = any(p["name"] == "webhook-signature" for p in operation.get("parameters", []))
    return signed or bool(scopes and scopes <= SERVICE_SCOPES)


def _secure(document: Document, token_url: str) -> None:
    for scheme in document["components"].get("securitySchemes", {}).values():
        scheme["description"] = (
            "OAuth 2.0 client credentials.  The token endpoint is the registry's, whichever service you then call.  "
            "Clients authenticate by `private_key_jwt` (RFC 7523) with Ed25519 or ES256; there are no client secrets.  "
            "A token lives five minutes and is sent as `Authorization: Bearer`."
        )
        flow = scheme["flows"]["clientCredentials"]
        flow["tokenUrl"] = token_url
        flow["scopes"] = {str(scope): meaning for scope, meaning in SCOPE_MEANINGS.items()}


def _name_forms(document: Document) -> None:
    """A form's schema is ``Body_`` and the operation; give it a name like every other body's."""
    schemas = document["components"]["schemas"]
    for old in [name for name in schemas if name.startswith("Body_")]:
        new = "".join(part.capitalize() for part in old.split("_")[1:]) + "In"
        schemas[new] = {**schemas.pop(old), "title": new}
        for operation in _operations(document):
            for media in operation.get("requestBody", {}).get("content", {}).values():
                if media["schema"].get("$ref") == f"#/components/schemas/{old}":
                    media["schema"]["$ref"] = f"#/components/schemas/{new}"


def _tidy(document: Document, leaving_out: Set[str]) -> None:
    """Make the schemas of answers exact: whole numbers have bounds, and what is left out is never null."""
    operations = list(_operations(document))
    schemas = document["components"]["schemas"]
    sent = _reached(schemas, [o.get("requestBody", {}) for o in operations])
    loud = [o["responses"] for o in operations if o["operationId"] not in leaving_out]
    with_nulls = _reached(schemas, loud)
    for name, schema in schemas.items():
        if name not in sent:
            _bound(schema)
            if name not in with_nulls:
                _drop_nulls(schema)


def _reached(schemas: Mapping[str, Any], parts: list[Any]) -> set[str]:
    """The names of the schemas that these parts of the document refer to, however far."""
    todo = [name for part in parts for name in _referred(part)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += _referred(schemas.get(name, {}))
    return seen


def _referred(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.rsplit("/", 1)[1]
        for inner in part.values():
            yield from _referred(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _referred(inner)


def _drop_nulls(schema: dict[str, Any]) -> None:
    """In properties alone: the values of a free-form object may well be null."""
    for held in schema.get("properties", {}).values():
        alternatives = held.get("anyOf", [])
        kept = [one for one in alternatives if one.get("type") != "null"]
        if len(kept) == len(alternatives):
            continue
        del held["anyOf"]
        held |= kept[0] if len(kept) == 1 else {"anyOf": kept}
        if held.get("default", ...) is None:
            del held["default"]


def _bound(part: Any) -> None:
    if isinstance(part, list):
        for inner in part:
            _bound(inner)
    elif isinstance(part, dict):
        if part.get("type") == "integer" and not {"enum", "const"} & set(part):
            part.setdefault("minimum", -LARGEST - 1)
            part.setdefault("maximum", LARGEST)
        for key, inner in part.items():
            if key not in ("example", "examples", "default"):
                _bound(inner)
