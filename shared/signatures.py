"""Signed webhooks: Standard Webhooks 1.0 headers, asymmetric ``v1a`` (Ed25519) signatures.

Cast: a *message* has an id that stays the same over all attempts and a timestamp per attempt; its *signature header*
lists one signature per live key, so that keys rotate without a rejected call.  The receiver verifies the raw bytes
before it parses them.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from shared.limits import WEBHOOK_MAX_BYTES, WEBHOOK_TOLERANCE_SECONDS

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class BadSignature(Exception):
    """The message is not from whom it says, was changed, or is too old."""


def new_private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def private_text(key: Ed25519PrivateKey) -> str:
    """``whsk_`` and the raw 32 bytes in base64."""
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return "whsk_" + base64.b64encode(raw).decode()


def public_text(key: Ed25519PublicKey) -> str:
    """``whpk_`` and the raw 32 bytes in base64."""
    return "whpk_" + base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def private_key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_raw(text, "whsk_"))


def public_key(text: str) -> Ed25519PublicKey:
    """Read a ``whpk_…`` key; ValueError when it is not one."""
    return Ed25519PublicKey.from_public_bytes(_raw(text, "whpk_"))


def _raw(text: str, prefix: str) -> bytes:
    if not text.startswith(prefix):
        raise ValueError(f"a key starts with {prefix}")
    try:
        return base64.b64decode(text.removeprefix(prefix), validate=True)
    except binascii.Error as error:
        raise ValueError("a key is base64") from error


def content(message_id: str, timestamp: int, body: bytes) -> bytes:
    return b"%s.%d.%s" % (message_id.encode(), timestamp, body)


def sign(
    keys: Iterable[Ed25519PrivateKey], message_id: str, now: datetime, body: bytes
) -> dict[str, str]:
    """The three headers of one attempt, signed by every live key."""
    timestamp = int(now.timestamp())
    signed = content(message_id, timestamp, body)
    signatures = ["v1a," + base64.b64encode(key.sign(signed)).decode() for key in keys]
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


def verify(
    keys: Iterable[Ed25519PublicKey],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    max_bytes: int = WEBHOOK_MAX_BYTES,
) -> str:
    """The message id, once one signature of one trusted key holds; BadSignature otherwise.

    ``headers`` must look names up without regard to case.
    """
    message_id = headers.get(ID, "")
    stamp = headers.get(TIMESTAMP, "")
    if (
        not message_id
        or len(message_id) > 100
        or not stamp.isascii()
        or not stamp.isdigit()
        or len(stamp) > 12
    ):
        raise BadSignature("headers")
    if abs(now.timestamp() - int(stamp)) > WEBHOOK_TOLERANCE_SECONDS:
        raise BadSignature("timestamp")
    if len(body) > max_bytes:
        raise BadSignature("size")
    try:
        signed = content(message_id, int(stamp), body)
    except UnicodeEncodeError as error:
        raise BadSignature("headers") from error
    trusted = list(keys)
    for part in headers.get(SIGNATURE, "").split(" ")[:8]:
        version, _, encoded = part.partition(",")
        if version != "v1a":
            continue
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        for key in trusted:
            try:
                key.verify(signature, signed)
            except InvalidSignature:
                continue
            return message_id
    raise BadSignature("signature")
