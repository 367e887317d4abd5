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

"""A service that goes on while Keystone is stopped."""

from __future__ import annotations

import time

import jwt

from demo import clients
from demo import secret_walk
from demo import shown
from demo import stage
from demo import walk
from keystone_oauth2.fixture import _example_service

NAME = 'hourly'
PATH = '/local'
SHOWN_CLAIMS = ('iss', 'aud', 'client_id', 'scope', 'exp')
PAUSE = 0.1
#: Seconds until the demo gives up; the service needs about one.
PATIENCE = 30


class OutageWalk(walk.Walk):
    """Uses JWTs without Keystone, and revokes them when it is back."""

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._service = self._stage.client(self._stage.service_url)
        self._credential = self._create_client(NAME)
        self._out.chapter('With a JWT, and without Keystone')
        self._out.say(
            'The service also has the filter of keystone-oauth2, which '
            'verifies JWTs with public keys of Keystone. It fetches them, and '
            'a list of revocation events, every '
            f'{_example_service.POLL_SECONDS} s; by default, every 15 s.'
        )
        with self._out.progress('Restarting Keystone with format = jwt'):
            self._restart()
        client, other = self._client(), self._client()
        self._get_tokens(client, other)
        self._call(client)
        self._call_without_keystone(client, other)
        self._revoke(client)

    def _restart(self) -> None:
        self._stage.stop_keystone()
        self._stage.start_keystone(stage.JWT_OPTIONS)

    def _client(self) -> clients.Client:
        return clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=self._credential.id,
            oauth2_client_secret=self._credential.secret,
        )

    def _get_tokens(self, *both: clients.Client) -> None:
        self._out.step('1. Two sessions with the plugin get tokens: JWTs')
        tokens = [client.token for client in both]
        claims = jwt.decode(tokens[0], options={'verify_signature': False})
        self._out.say('The first one says, among other things:')
        for name in SHOWN_CLAIMS:
            self._out.line(f'   {name}: {shown.json(claims[name])}')

    def _call(self, client: clients.Client) -> None:
        self._out.step('2. The first session calls a service')
        client.call(PATH, secret_walk.CALLS)

    def _call_without_keystone(
        self, client: clients.Client, other: clients.Client
    ) -> None:
        self._out.step('3. Keystone is stopped')
        with self._out.progress('Stopping it'):
            self._stage.stop_keystone()
        self._out.say('The first session:')
        client.call(PATH, secret_walk.CALLS)
        self._out.say('The second, whose token the service has not seen yet:')
        other.call(PATH)
        self._out.say('An invalid token, with a changed end, by hand:')
        self._present(secret_walk.altered(client.token), expect=401)
        self._out.verdict('refused, as expected')

    def _revoke(self, client: clients.Client) -> None:
        self._out.step('4. Keystone is back, and the client is deleted')
        with self._out.progress('Starting it'):
            self._stage.start_keystone(stage.JWT_OPTIONS)
        token = client.token
        self._shell.openstack(f'application credential delete {NAME}')
        seconds = self._wait_until_refused(token)
        self._present(token, expect=401)
        self._out.verdict(f'refused, as expected, after {seconds:.1f} s')
        self._out.say('The plugin asks for another token, in vain:')
        client.see_refused(PATH)

    def _wait_until_refused(self, token: str) -> float:
        start = time.monotonic()
        while (passed := time.monotonic() - start) < PATIENCE:
            answer = self._service.request(
                'GET', PATH, headers=secret_walk.bearer(token)
            )
            if answer.status != 200:
                break
            time.sleep(PAUSE)
        return passed

    def _present(self, token: str, *, expect: int) -> None:
        self._ask(
            self._service,
            'GET',
            PATH,
            expect=expect,
            headers=secret_walk.bearer(token),
        )
