"""Answers: the exact bytes that leave, and their tags."""

from typing import Any

import orjson

from services.registry.children.kit import Kit
from shared.hashes import keyed


def dump(seen: Any) -> bytes:
    return orjson.dumps(seen, option=orjson.OPT_UTC_Z)


def etag(kit: Kit, representation: bytes) -> str:
    """Strong, and keyed: it tells nothing but whether these very bytes were seen before."""
    return '"' + keyed(kit.entries.key, "etag", representation).hex()[:32] + '"'
