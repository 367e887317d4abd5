"""One token for many calls, with requests-oauthlib."""

import pathlib
import time

from oauthlib import oauth2
import requests_oauthlib

TIMEOUT = 30


class Session(requests_oauthlib.OAuth2Session):
    """A session of one client.

    :param secret_file: is read for each token.
    """

    def __init__(self, issuer, client_id, secret_file):
        super().__init__(client=oauth2.BackendApplicationClient(client_id))
        self.token_url = f'{issuer}/OS-OAUTH2/token'
        self.secret_file = pathlib.Path(secret_file)

    def call(self, method, url, **arguments):
        """Return the response of a service."""
        if self.token.get('expires_at', 0) < time.time() + 60:
            self.renew()
        answer = self.send_token(method, url, **arguments)
        if answer.status_code == 401:
            self.renew()
            answer = self.send_token(method, url, **arguments)
        return answer

    def renew(self):
        """Replace the token."""
        self.fetch_token(
            self.token_url,
            client_secret=self.secret_file.read_text().strip(),
            timeout=TIMEOUT,
        )

    def send_token(self, method, url, headers=None, **arguments):
        """Send a request with the token in both header fields."""
        return self.request(
            method,
            url,
            headers={
                **(headers or {}),
                'X-Auth-Token': self.token['access_token'],
            },
            # X-Auth-Token would follow a redirect to another host.
            allow_redirects=False,
            timeout=TIMEOUT,
            **arguments,
        )
