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

"""Send requests and print them."""

from __future__ import annotations

from collections.abc import Mapping
import http.client
import pathlib
import typing
import urllib.parse

from demo import shown
from demo import terminal
from keystone_oauth2.fixture._http import Answer
from keystone_oauth2.fixture._http import HTTPSClient

SHOWN_HEADERS = ('WWW-Authenticate', 'Cache-Control')


class Unexpected(Exception):
    """A response has an unexpected status."""


class Exchange:
    """Sends requests, and prints them with their responses."""

    def __init__(self, out: terminal.Terminal) -> None:
        self._out = out

    def ask(
        self,
        client: HTTPSClient,
        method: str,
        path: str,
        *,
        expect: int,
        headers: Mapping[str, str] | None = None,
        **arguments: typing.Any,
    ) -> Answer:
        """Send a request, and print it with its response.

        :param expect: the status that the response must have.
        :param arguments: as for the client's ``request``.
        :raises Unexpected: the response has another status.
        """
        self._show_request(client, method, path, headers or {}, **arguments)
        answer = client.request(method, path, headers=headers, **arguments)
        self._show_answer(answer)
        if answer.status != expect:
            raise Unexpected(f'{method} {path}: expected status {expect}.')
        return answer

    def _show_request(
        self,
        client: HTTPSClient,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        form: Mapping[str, str] | None = None,
    ) -> None:
        self._out.sent(f'{method} {client.url}{path}')
        for name, value in headers.items():
            self._out.sent(f'{name}: {shown.header(value)}')
        if client.session.cert:
            name = pathlib.Path(client.session.cert[0]).name
            self._out.sent(f'(with the certificate {name})')
        if form:
            self._out.sent(urllib.parse.urlencode(form))

    def _show_answer(self, answer: Answer) -> None:
        phrase = http.client.responses.get(answer.status, '')
        lines = [f'{answer.status} {phrase}']
        for name in SHOWN_HEADERS:
            lines += [f'{name}: {x}' for x in answer.headers.getlist(name)]
        if answer.body:
            lines.append(shown.json(answer.json))
        self._out.received('\n'.join(lines), refused=answer.status >= 400)
