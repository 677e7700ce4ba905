"""What an OpenAPI document says of headers, security and callers, for all operations alike.

FastAPI derives a document from signatures; but a header whose absence has an answer of its own (403, 428, 400) must be
optional there, and what the outermost layer adds to every answer stands in no signature.  Both are said here.
"""

from collections.abc import Iterator
from typing import Any

from shared.documents import METHODS
from shared.vocabulary import SCOPE_MEANINGS, SERVICE_SCOPES

INTERNAL = "internal 内部"
PROBLEM = "application/problem+json"
#: For ``responses`` of an operation whose answer has a strong ETag.
TAGGED: dict[str, Any] = {"headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}

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
    "WWW-Authenticate": _header("`Bearer`: get a new token and try once more.", 300),
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
    "Content-Disposition": _header("With the workbook alone: its file name.", 200),
}

#: What happens without a header that is required, by its name.
WITHOUT = {
    "Hutong-Purpose": "Without it, or with one that is not granted: 403 `purpose-required`.",
    "Hutong-Actor": "Without it: 403 `purpose-required`.",
    "If-Match": "Without it: 428 `precondition-required`; when it has changed: 412 `precondition-failed`.",
    "Idempotency-Key": "Without it: 400 `idempotency-key-required`.",
}
ACTOR_OPTIONAL = "Without it the client itself counts as the acting one."


def complete(document: Document, token_url: str) -> None:
    """Say what holds for all operations; ``token_url`` is where this hub's registry gives tokens."""
    operations = list(_operations(document))
    for operation in operations:
        for parameter in operation.get("parameters", []):
            _flatten(parameter)
        _require(operation)
        _answer(operation)
        if _is_internal(operation):
            operation["tags"] = [INTERNAL]
    document["components"]["headers"] = _used(document)
    if any(INTERNAL in operation.get("tags", ()) for operation in operations):
        document["tags"] = [
            {
                "name": INTERNAL,
                "description": "Between the services of a hub, and between hubs; not for departments' systems.",
            }
        ]
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
        if status == "401" and secured:
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
