"""One token for many calls, with Authlib, asyncio and a secret."""

import pathlib

from authlib.integrations import httpx_client


async def client(issuer, client_id, secret_file):
    """Return an asynchronous client that renews its token."""
    made = httpx_client.AsyncOAuth2Client(
        client_id,
        pathlib.Path(secret_file).read_text().strip(),
        token_endpoint=f'{issuer}/OS-OAUTH2/token',
        # This is what makes it renew the token.
        grant_type='client_credentials',
        timeout=30,
    )
    made.register_compliance_hook('protected_request', add_token)
    await made.fetch_token()
    return made


def add_token(url, headers, body):
    """Send the token in X-Auth-Token as well."""
    token = headers['Authorization'].removeprefix('Bearer ')
    headers['X-Auth-Token'] = token
    return url, headers, body
