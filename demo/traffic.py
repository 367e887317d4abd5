# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A client that calls a service in the background."""

from __future__ import annotations

import threading
import time
import typing

from keystoneauth1 import exceptions

from demo import clients
from demo import exchange

PAUSE = 0.05
PATIENCE = 60


class Traffic:
    """Calls a service again and again until it is stopped.

    :param path: of the service.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._client: clients.Client | None = None
        self._stopped = threading.Event()
        self._calls = 0
        self._token_requests = 0
        self._refusal: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Traffic:
        return self

    def __exit__(self, *_exception: typing.Any) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def use(self, client: clients.Client) -> None:
        """Go on with another client, and wait until it has a token.

        :raises exchange.Unexpected: a request was refused.
        """
        self._client = client
        if self._thread.ident is None:
            self._thread.start()
        self._wait(client, 0)

    def wait_for_token(self) -> None:
        """Wait until the client has requested its next token.

        :raises exchange.Unexpected: a request was refused.
        """
        assert self._client is not None
        self._wait(self._client, self._client.token_requests)

    def stop(self) -> tuple[int, int]:
        """Stop, and return the number of calls and of token requests.

        :raises exchange.Unexpected: a request was refused.
        """
        self._stopped.set()
        self._thread.join()
        self._check()
        return self._calls, self._token_requests

    def _wait(self, client: clients.Client, known: int) -> None:
        end = time.monotonic() + PATIENCE
        while client.token_requests == known:
            self._check()
            if time.monotonic() > end:
                raise exchange.Unexpected(
                    'The background client has requested no token.'
                )
            time.sleep(PAUSE)
        self._refusal = self._refusal or client.refusal
        self._check()

    def _check(self) -> None:
        if self._refusal is not None:
            raise exchange.Unexpected(
                f'The background client was refused: {self._refusal}'
            )

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE) and self._refusal is None:
            client = self._client
            assert client is not None
            before = client.token_requests
            try:
                client.get(self._path)
            except exceptions.ClientException as error:
                self._refusal = str(error)
                break
            self._calls += 1
            self._token_requests += client.token_requests - before
            # The plugin hides some: it tries again, or uses an older token.
            self._refusal = client.refusal
