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

"""A client that requests tokens in the background."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import threading
import typing

from demo import exchange
from keystone_oauth2.fixture import _http

PAUSE = 0.05
Form = Mapping[str, str]


class Traffic:
    """Requests one token after another until it is stopped.

    :param client: sends the requests.
    :param path: path of the token endpoint.
    """

    def __init__(self, client: _http.HTTPSClient, path: str) -> None:
        self._client = client
        self._path = path
        self._credentials: tuple[typing.Any, ...] | None = None
        self._served = threading.Event()
        self._stopped = threading.Event()
        self._count = 0
        self._refusal: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Traffic:
        return self

    def __exit__(self, *_exception: typing.Any) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def use(
        self,
        form: Form | Callable[[], Form],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Change the credentials, and wait until the new ones are in use.

        :param form: a form, or a function that returns a new one for each
            request.
        """
        self._credentials = form, headers
        if not self._thread.is_alive():
            self._thread.start()
        # The current request may still use the previous credentials.
        for _ in range(2):
            self._served.clear()
            self._served.wait(self._client.TIMEOUT)

    def stop(self) -> int:
        """Stop, and return the number of requests.

        :raises exchange.Unexpected: a request was refused.
        """
        self._stopped.set()
        self._thread.join()
        if self._refusal is not None:
            raise exchange.Unexpected(
                f'The background client was refused: {self._refusal}'
            )
        return self._count

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE) and self._refusal is None:
            assert self._credentials is not None
            form, headers = self._credentials
            answer = self._client.request(
                'POST',
                self._path,
                form=form() if callable(form) else form,
                headers=headers,
            )
            self._count += 1
            if answer.status != 200:
                self._refusal = answer.text
            self._served.set()
