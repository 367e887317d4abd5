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

"""Rotate the secret of an active client, then replace it with a key."""

from __future__ import annotations

import pathlib

from demo import clients
from demo import clouds
from demo import stage
from demo import traffic
from demo import walk

SECRET_FILE = 'nightly.secret'
KEY_FILE = 'nightly.key'
PATH = '/secret'


class RotationWalk(walk.Walk):
    """Adds a secret, retires the first one, and then allows only a key."""

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._credential = self._create_client('nightly')
        clouds.write_privately(
            pathlib.Path(SECRET_FILE), self._credential.secret
        )
        self._out.chapter('From a secret to a key, without an interruption')
        self._out.say(
            'Throughout, another client of alice keeps calling the service in '
            'the background, with the plugin. Its tokens are from the second '
            f'Keystone and expire after {stage.SHORT_LIFE} seconds, so the '
            'plugin often requests a new one, and reads its file anew:'
        )
        client = self._client(oauth2_client_secret_file=SECRET_FILE)
        client.show()
        with traffic.Traffic(PATH) as running:
            running.use(client)
            self._rotate_secret(running)
            self._switch_to_key(running)
            self._rotate_key(running)
            calls, tokens = running.stop()
        self._out.verdict(
            f'{calls} calls with {tokens} tokens in the background; none was '
            'refused'
        )

    def _rotate_secret(self, running: traffic.Traffic) -> None:
        self._out.step('1. Its owner creates a second secret')
        self._shell.set('CLIENT_ID', self._credential.id)
        self._shell.openstack_to_file(
            'next.secret',
            'oauth2 client secret create $CLIENT_ID --description second '
            '-f value -c secret',
        )
        self._out.step('2. The client switches to it, without a restart')
        self._shell.move('next.secret', SECRET_FILE)
        running.wait_for_token()
        self._out.say('The owner can see which secrets are still in use:')
        self._shell.openstack(
            'oauth2 client secret list $CLIENT_ID -c ID -c "Last Used At"'
        )
        self._out.step('3. The owner retires the first secret')
        self._out.say(
            'It has the id of the application credential itself, which keeps '
            'its id, its roles and its tokens.'
        )
        self._shell.openstack(
            'oauth2 client secret delete $CLIENT_ID $CLIENT_ID'
        )
        self._out.say('The plugin with the first secret:')
        self._see_refused(self._credential.secret)
        running.wait_for_token()

    def _switch_to_key(self, running: traffic.Traffic) -> None:
        self._out.step('4. A key is made, and its public half registered')
        self._shell.openstack_to_variable(
            'KEY_ID',
            f'oauth2 client key create $CLIENT_ID --generate {KEY_FILE} '
            '--description first -f value -c id',
        )
        self._out.step('5. The client is configured with the key')
        client = self._client(oauth2_key_file=KEY_FILE)
        client.show()
        running.use(client)
        self._out.step('6. The owner allows nothing but the key')
        self._shell.openstack(
            'oauth2 client set $CLIENT_ID '
            '--authentication-method private_key_jwt'
        )
        self._out.say('The plugin with the second secret:')
        self._see_refused(pathlib.Path(SECRET_FILE).read_text().strip())

    def _rotate_key(self, running: traffic.Traffic) -> None:
        self._out.step('7. The key is replaced, without a restart')
        self._shell.openstack(
            'oauth2 client key create $CLIENT_ID --generate next.key '
            '--description second -c id -c type -c thumbprint'
        )
        self._shell.move('next.key', KEY_FILE)
        running.wait_for_token()
        self._shell.openstack(
            'oauth2 client key list $CLIENT_ID -c ID -c Description '
            '-c "Last Used At"'
        )
        self._shell.openstack('oauth2 client key delete $CLIENT_ID $KEY_ID')
        running.wait_for_token()

    def _client(self, **credential: str) -> clients.Client:
        return clients.Client(
            self._stage,
            self._out,
            oauth2_endpoint=self._stage.short_url + clients.TOKEN_PATH,
            oauth2_client_id=self._credential.id,
            **credential,
        )

    def _see_refused(self, secret: str) -> None:
        clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=self._credential.id,
            oauth2_client_secret=secret,
        ).see_refused(PATH)
