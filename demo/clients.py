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

"""Clients with the plugin ``v3oauth2client``."""

from __future__ import annotations

import collections
import textwrap
import typing
import urllib.parse

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from keystoneauth1 import session
import requests

from demo import clouds
from demo import exchange
from demo import shown
from demo import stage
from demo import terminal

TOKEN_PATH = '/v3/OS-OAUTH2/token'


class Client:
    """A session with the plugin, whose requests are counted.

    :param options: of the plugin, besides ``auth_url``.
    :ivar refusal: the last request that was refused, if any.
    """

    def __init__(
        self, set_up: stage.Stage, out: terminal.Terminal, **options: str
    ) -> None:
        self._out = out
        self._service_url = set_up.service_url
        self._options = {'auth_url': f'{set_up.url}/v3', **options}
        loader = loading.get_plugin_loader(clouds.PLUGIN)
        self._auth = loader.load_from_options(**self._options)
        self._session = session.Session(
            auth=self._auth, verify=str(set_up.ca_file)
        )
        self._session.session.hooks['response'].append(self._count)
        self._sent: collections.Counter[str] = collections.Counter()
        self.refusal: str | None = None

    @property
    def token(self) -> str:
        """The access token, which is requested if there is none."""
        return self._auth.get_token(self._session)

    @property
    def token_requests(self) -> int:
        """How many token requests were sent."""
        return self._sent[f'POST {TOKEN_PATH}']

    def get(self, path: str) -> requests.Response:
        """Call the example service, and return the response.

        :raises keystoneauth1.exceptions.ClientException: there is no token,
            or no response.
        """
        return self._session.get(self._service_url + path, raise_exc=False)

    def show(self) -> None:
        """Print how it is made."""
        options = [
            f'    {name}={value!r},' for name, value in self._options.items()
        ]
        self._out.code(
            '\n'.join(
                (
                    f'auth = get_plugin_loader({clouds.PLUGIN!r})'
                    '.load_from_options(',
                    *options,
                    ')',
                )
            )
        )
        self._out.code('client = Session(auth=auth)')

    def call(self, path: str, times: int = 1) -> None:
        """Call the service, and print the last response.

        :param times: if more than once, all requests are counted and printed.
        :raises exchange.Unexpected: a call is refused.
        """
        code = f"client.get(f'{{service}}{path}')"
        self._out.code(
            code if times == 1 else f'for _ in range({times}): {code}'
        )
        for _ in range(times):
            answer = self.get(path)
            if answer.status_code != 200:
                raise exchange.Unexpected(f'{path}: {answer.status_code}')
        self._out.received('200 OK', refused=False)
        self._out.received(shown.json(answer.json()), refused=False)
        if times > 1:
            self.show_sent()

    def renew(self) -> None:
        """Drop the access token, as if a service had refused it."""
        self._out.code('client.invalidate()')
        self._session.invalidate()

    def show_sent(self) -> None:
        """Print how many requests were sent, and forget them."""
        self._out.say('What the client has sent:')
        for request, count in self._sent.items():
            self._out.line(f'   {count:>4} x {request}')
        self._sent.clear()

    def see_refused(self, path: str) -> None:
        """Call the service, and print why there is no token.

        :raises exchange.Unexpected: there is one.
        """
        self._out.code(f"client.get(f'{{service}}{path}')")
        try:
            self.get(path)
        except exceptions.AuthorizationFailure as error:
            text = f'{type(error).__name__}: {error}'
            self._out.received(
                textwrap.fill(text, clouds.WIDTH, break_on_hyphens=False),
                refused=True,
            )
            self._out.verdict('refused, as expected')
        else:
            raise exchange.Unexpected('The plugin has got a token.')

    def _count(
        self, response: requests.Response, **_arguments: typing.Any
    ) -> None:
        path = urllib.parse.urlsplit(response.url).path
        request = f'{response.request.method} {path}'
        # First: a thread that sees the new count must see the refusal, too.
        if response.status_code != 200:
            self.refusal = f'{request}: status {response.status_code}'
        self._sent[request] += 1
