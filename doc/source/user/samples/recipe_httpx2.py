"""One token for many calls and threads, with HTTPX2."""

import pathlib
import threading
import time

import httpx2


class ClientCredentials(httpx2.Auth):
    """Use it as Client(auth=ClientCredentials(...)).

    :param secret_file: is read for each token.
    """

    def __init__(self, issuer, client_id, secret_file):
        self.token_url = f'{issuer}/OS-OAUTH2/token'
        self.client_id = client_id
        self.secret_file = pathlib.Path(secret_file)
        self.lock = threading.Lock()
        self.token = None
        self.renew_at = 0

    def sync_auth_flow(self, request):
        """Send a request with the token, and again after a 401."""
        token = self.current()
        response = yield self.sign(request, token)
        if response.status_code == 401:
            yield self.sign(request, self.current(refused=token))

    def sign(self, request, token):
        """Return a request with the token in both header fields."""
        request.headers['X-Auth-Token'] = token
        request.headers['Authorization'] = f'Bearer {token}'
        return request

    def current(self, refused=None):
        """Return the token, renewed by one of the threads."""
        with self.lock:
            if self.token == refused or time.time() > self.renew_at:
                self.renew()
            return self.token

    def renew(self):
        """Replace the token."""
        answer = httpx2.post(
            self.token_url,
            auth=(self.client_id, self.secret_file.read_text().strip()),
            data={'grant_type': 'client_credentials'},
            timeout=30,
        )
        if answer.is_error:
            raise httpx2.HTTPStatusError(
                f'{answer.status_code} from the token endpoint: {answer.text}',
                request=answer.request,
                response=answer,
            )
        found = answer.json()
        self.token = found['access_token']
        self.renew_at = time.time() + found['expires_in'] - 60
