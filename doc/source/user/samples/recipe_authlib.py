"""One token for many calls, with Authlib and a key."""

import pathlib

from authlib.integrations import requests_client
from authlib.oauth2 import rfc7523
from joserfc import jwk


def session(issuer, client_id, key_file):
    """Return a session that renews its token.

    :param key_file: with the private key, of the type P-256.
    """
    key = jwk.ECKey.import_key(pathlib.Path(key_file).read_text())
    made = requests_client.OAuth2Session(
        client_id,
        key,
        # Authlib would name the token endpoint as the audience.
        token_endpoint_auth_method=rfc7523.PrivateKeyJWT(issuer, alg='ES256'),
        token_endpoint=f'{issuer}/OS-OAUTH2/token',
        # This is what makes it renew the token.
        grant_type='client_credentials',
        default_timeout=30,
    )
    # X-Auth-Token would follow a redirect to another host.
    made.max_redirects = 0
    made.register_compliance_hook('protected_request', add_token)
    made.fetch_token()
    return made


def add_token(url, headers, body):
    """Send the token in X-Auth-Token as well."""
    token = headers['Authorization'].removeprefix('Bearer ')
    headers['X-Auth-Token'] = token
    return url, headers, body
