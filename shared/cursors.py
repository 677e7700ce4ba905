"""Page cursors: sealed, so that a client can neither read nor edit one, and bound to who asked for what.

A cursor opens only for the same client, the same filter and before its expiry; authorisation is checked anew
on every page.
"""

import base64
import os
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keys import KeySet
from shared.limits import CURSOR_LIFE_SECONDS
from shared.problems import Problem


class BadCursor(Problem):
    status = 400
    type = "bad-cursor"
    title = "The cursor is not yours, not for this list or this purpose, or too old"
    title_zh = "分页游标无效、不适用于本列表或本次使用目的，或已过期"


class Cursors:
    def __init__(self, keys: KeySet) -> None:
        self._keys = {number: AESGCM(key) for number, key in keys.keys.items()}
        self._current = keys.current

    def make(self, position: Any, bound_to: str, now: datetime) -> str:
        plain = orjson.dumps([int(now.timestamp()) + CURSOR_LIFE_SECONDS, position])
        nonce = os.urandom(12)
        sealed = self._keys[self._current].encrypt(nonce, plain, bound_to.encode())
        return (
            base64.urlsafe_b64encode(bytes([self._current]) + nonce + sealed).decode().rstrip("=")
        )

    def read(self, cursor: str, bound_to: str, now: datetime) -> Any:
        """The position; BadCursor when edited, foreign or expired."""
        try:
            whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            plain = self._keys[whole[0]].decrypt(whole[1:13], whole[13:], bound_to.encode())
            expires, position = orjson.loads(plain)
        except (InvalidTag, ValueError, KeyError, IndexError) as error:
            raise BadCursor from error
        if expires < now.timestamp():
            raise BadCursor
        return position
