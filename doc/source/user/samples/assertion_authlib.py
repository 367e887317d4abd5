"""The same with Authlib, which comes with joserfc."""

import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

issuer, client_id, path = sys.argv[1:]
with open(path) as file:
    key = ECKey.import_key(file.read())
session = OAuth2Session(
    client_id,
    key,
    # Authlib would name the token endpoint as the audience.
    token_endpoint_auth_method=PrivateKeyJWT(issuer, alg='ES256'),
)
token = session.fetch_token(
    f'{issuer}/OS-OAUTH2/token', grant_type='client_credentials'
)
print(token['access_token'])
