"""Verify JWT access tokens with PyJWT."""

import json
import urllib.parse
import urllib.request

import jwt

ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256']
REQUIRED = ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'sub']


def metadata(issuer):
    """Return the metadata of an issuer."""
    url = urllib.parse.urlsplit(issuer)
    path = f'/.well-known/oauth-authorization-server{url.path}'
    with urllib.request.urlopen(
        url._replace(path=path).geturl(), timeout=10
    ) as answer:
        found = json.load(answer)
    if found['issuer'] != issuer:
        raise ValueError(f'the metadata is that of {found["issuer"]}')
    return found


class Verifier:
    def __init__(self, issuer, audience):
        self.issuer = issuer
        self.audience = audience
        # Remembers the keys for five minutes.
        self.keys = jwt.PyJWKClient(metadata(issuer)['jwks_uri'])

    def verify(self, token):
        """Return the claims of a valid token, or raise jwt.PyJWTError."""
        verified = jwt.decode_complete(
            token,
            self.keys.get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
            issuer=self.issuer,
            audience=self.audience,
            options={'require': REQUIRED},
        )
        if verified['header'].get('typ') != 'at+jwt':
            raise jwt.InvalidTokenError('not an access token')
        return verified['payload']
