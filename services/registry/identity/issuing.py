"""Issuing access tokens: OAuth 2.0 client credentials with ``private_key_jwt`` on Authlib's core.

Authlib's server is synchronous, so what it needs is loaded before: the client and whether its assertion was used.  The
grant is written into the token (RFC 9068, ``at+jwt``) for the services that have no database of clients; the
registry itself reads grants anew at each request.
"""

import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey

from shared import jwk
from shared.auth import ALGORITHMS, Grant
from shared.limits import CLOCK_SKEW_SECONDS, MAX_ASSERTION_SECONDS, TOKEN_LIFE_SECONDS

METHOD = "private_key_jwt"


class KnownClient:
    """A client as Authlib asks about it; its tokens live ``life`` seconds, never beyond its grant."""

    def __init__(
        self,
        grant: Grant,
        keys: list[dict[str, Any]],
        assertion_is_new: bool,
        life: int = TOKEN_LIFE_SECONDS,
    ) -> None:
        self.grant = grant
        self.keys = keys
        self.assertion_is_new = assertion_is_new
        self.life = life

    def get_client_id(self) -> str:
        return self.grant.client

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def get_allowed_scope(self, scope: str | None) -> str:
        """All granted scopes when none is asked; InvalidScopeError when one is asked that is not granted."""
        granted = {str(s) for s in self.grant.scopes}
        asked = set((scope or "").split()) or granted
        if not asked <= granted:
            raise InvalidScopeError()
        return " ".join(sorted(asked))


class _Assertion(JWTBearerClientAssertion):
    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, issuer: str) -> None:
        super().__init__(leeway=CLOCK_SKEW_SECONDS)
        self._issuer = issuer

    def get_audiences(self) -> list[str]:
        return [self._issuer]

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> Any:
        # Authlib would take any recommended algorithm; a client's is Ed25519 or ES256, by its key.
        try:
            decoded = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise InvalidClientError(description="The assertion does not verify") from error
        self.verify_claims(decoded.claims)
        return decoded.claims

    def verify_claims(self, claims: Any) -> None:
        # RFC 7523bis: the sole audience is the issuer string, never an array nor the endpoint.
        if claims.get("aud") != self._issuer:
            raise InvalidClientError(description="Invalid claim: 'aud'")
        if not isinstance(claims.get("iat"), int) or not isinstance(claims.get("exp"), int):
            raise InvalidClientError(description="Invalid claim: 'iat'")
        if claims["exp"] - claims["iat"] > MAX_ASSERTION_SECONDS:
            raise InvalidClientError(description="The assertion lives too long")
        super().verify_claims(claims)

    def validate_jti(self, claims: Any, jti: Any) -> bool:
        return bool(self._client.assertion_is_new)

    def resolve_client_public_key(self, client: KnownClient) -> KeySet:
        self._client = client
        return KeySet([jwk.read(key) for key in client.keys])


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = [METHOD]


class _Tokens(JWTBearerTokenGenerator):
    def __init__(self, issuer: str, key: OKPKey | ECKey) -> None:
        super().__init__(issuer, alg=jwk.algorithm(key))
        self._key = key

    def get_jwks(self) -> KeySet:
        # As a set of one, so that the token's header names the key.
        return KeySet([self._key])

    def get_audiences(self, client: KnownClient, user: Any, scope: str) -> str:
        return str(self.issuer)

    def _get_expires_in(self, client: Any, grant_type: str) -> int:
        return int(client.life)

    def get_extra_claims(
        self, client: KnownClient, grant_type: str, user: Any, scope: str
    ) -> dict[str, Any]:
        return {"grant": client.grant.model_dump(mode="json", exclude={"client", "scopes"})}


class Issuer(AuthorizationServer):
    """The token endpoint of one hub."""

    def __init__(self, issuer: str, key: OKPKey | ECKey, client: KnownClient | None) -> None:
        super().__init__()
        self._client = client
        self.register_grant(_Grant)
        self.register_client_auth_method(METHOD, _Assertion(issuer))
        self.register_token_generator("default", _Tokens(issuer, key))

    def query_client(self, client_id: str) -> KnownClient | None:
        return self._client

    def save_token(self, token: Any, request: Any) -> None:
        return

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        return

    def create_oauth2_request(self, request: Mapping[str, str]) -> OAuth2Request:
        # The address is nominal: behind a proxy the process itself speaks plain HTTP on a private network.
        made = _Request("POST", "https://issuer.invalid/oauth2/token")
        made.payload = BasicOAuth2Payload(dict(request))
        return made

    def handle_response(
        self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        return status, body, dict(headers)


class _Request(OAuth2Request):
    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


def claimed_client(assertion: str) -> tuple[str, str, int]:
    """Who an unverified assertion says it is: client, ``jti`` and expiry; ValueError when unreadable."""
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
        client, jti, until = claims["sub"], claims["jti"], claims["exp"]
        f"{client}{jti}".encode()
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("unreadable assertion") from error
    if not (isinstance(client, str) and isinstance(jti, str) and isinstance(until, int)):
        raise ValueError("unreadable assertion")
    if not (0 < len(client) <= 100 and 0 < len(jti) <= 200 and 0 < until < 1 << 33):
        raise ValueError("unreadable assertion")
    if any(c < " " for c in client + jti):
        raise ValueError("unreadable assertion")
    return client, jti, until
