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

from demo import exchange
from demo import secret_walk
from demo import shown
from demo import stage
from demo import terminal
from keystone_oauth2.fixture import _example_service

PATH = '/local'
SHOWN_CLAIMS = ('iss', 'aud', 'client_id', 'scope', 'exp')
PAUSE = 0.1
#: Seconds until the demo gives up; the service needs about one.
PATIENCE = 30


class OutageWalk:
    """Uses JWTs without Keystone, and revokes them when it is back."""

    def __init__(self, set_up: stage.Stage, out: terminal.Terminal) -> None:
        self._stage = set_up
        self._out = out
        self._ask = exchange.Exchange(out).ask
        self._keystone = set_up.client(set_up.url)
        self._service = set_up.client(set_up.service_url)
        self._credential = set_up.admin.create_application_credential(
            set_up.alice, ['member'], name='hourly'
        )

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('With a JWT, and without Keystone')
        self._out.say(
            'The service also has the filter of keystone-oauth2, which '
            'verifies JWTs with public keys of Keystone. It fetches them, and '
            'a list of revocation events, every '
            f'{_example_service.POLL_SECONDS} s; by default, every 15 s.'
        )
        with self._out.progress('Restarting Keystone with format = jwt'):
            self._restart()
        token, unused = self._get_tokens()
        self._call(token)
        self._call_without_keystone(token, unused)
        self._revoke(token)

    def _restart(self) -> None:
        self._stage.stop_keystone()
        self._stage.start_keystone(stage.JWT_OPTIONS)

    def _get_tokens(self) -> tuple[str, str]:
        self._out.step('1. The client gets two access tokens, which are JWTs')
        tokens = (self._get_token(), self._get_token())
        claims = jwt.decode(tokens[0], options={'verify_signature': False})
        self._out.say('The first one says, among other things:')
        for name in SHOWN_CLAIMS:
            self._out.line(f'   {name}: {shown.json(claims[name])}')
        return tokens

    def _get_token(self) -> str:
        answer = self._ask(
            self._keystone,
            'POST',
            secret_walk.TOKEN_PATH,
            expect=200,
            headers=secret_walk.basic(self._credential),
            form=secret_walk.FORM,
        )
        return answer.json['access_token']

    def _call(self, token: str) -> None:
        self._out.step('2. The client calls a service with the first one')
        self._present(token, expect=200)

    def _call_without_keystone(self, token: str, unused: str) -> None:
        self._out.step('3. Keystone is stopped')
        with self._out.progress('Stopping it'):
            self._stage.stop_keystone()
        self._out.say('The first token:')
        self._present(token, expect=200)
        self._out.say('The second token, which the service has not seen yet:')
        self._present(unused, expect=200)
        self._out.say('An invalid token, with a changed end:')
        self._present(secret_walk.altered(token), expect=401)
        self._out.verdict('refused, as expected')

    def _revoke(self, token: str) -> None:
        self._out.step('4. Keystone is back, and the client is deleted')
        with self._out.progress('Starting it'):
            self._stage.start_keystone(stage.JWT_OPTIONS)
        alice = self._stage.alice
        path = f'/v3/users/{alice.id}/application_credentials'
        self._ask(
            self._keystone,
            'DELETE',
            f'{path}/{self._credential.id}',
            expect=204,
            token=self._stage.admin.token_for(alice),
        )
        seconds = self._wait_until_refused(token)
        self._present(token, expect=401)
        self._out.verdict(f'refused, as expected, after {seconds:.1f} s')

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
