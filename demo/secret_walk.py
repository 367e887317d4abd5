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

"""The four steps with a client secret."""

from __future__ import annotations

import base64
import datetime
import time

from demo import clients
from demo import clouds
from demo import shell
from demo import stage
from demo import terminal
from demo import walk

FORM = {'grant_type': 'client_credentials'}
CALLS = 10
GRACE = 1


class SecretWalk(walk.Walk):
    """Delegates, gets a token, calls a service, and shows refusals."""

    def __init__(
        self,
        set_up: stage.Stage,
        out: terminal.Terminal,
        commands: shell.Shell,
    ) -> None:
        super().__init__(set_up, out, commands)
        self._keystone = set_up.client(set_up.url)
        self._service = set_up.client(set_up.service_url)

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('With a client secret')
        secret = self._delegate()
        start = time.monotonic()
        token = self._get_token(secret)
        self._call()
        self._seconds = time.monotonic() - start
        self._see_wrong_ones_refused(token)
        self._see_expired_one_refused()

    def _delegate(self) -> str:
        self._out.step('1. A user delegates a role to a client')
        self._out.say(
            'The user alice creates an application credential, which is the '
            'client, and a secret for it. The commands "openstack oauth2 ..." '
            'come with this package (its extra osc).'
        )
        self._out.shell('export OS_CLOUD=alice')
        self._out.shell('umask 077')
        self.client_id = self._shell.openstack_to_variable(
            'CLIENT_ID',
            'application credential create backup --role member '
            '-f value -c ID',
        )
        secret = self._shell.openstack_to_file(
            clouds.SECRET_FILE,
            'oauth2 client secret create $CLIENT_ID --expires-in 90d '
            '-f value -c secret',
        )
        self._shell.openstack('oauth2 client show $CLIENT_ID')
        return secret

    def _get_token(self, secret: str) -> str:
        self._out.step('2. The client gets an access token')
        self._out.say(
            'This is the request and the response of RFC 6749, shown once. '
            'Any HTTP client can send it.'
        )
        answer = self._ask(
            self._keystone,
            'POST',
            clients.TOKEN_PATH,
            expect=200,
            headers=basic(self.client_id, secret),
            form=FORM,
        )
        return answer.json['access_token']

    def _call(self) -> None:
        self._out.step('3. The client calls a service with it')
        self._out.say(
            'Here the client is a session of keystoneauth with the plugin '
            'v3oauth2client (the extra client). It finds the token endpoint, '
            'and sends that request once for all calls. The service only uses '
            "keystonemiddleware's filter oauth2_token."
        )
        client = self._client(oauth2_client_secret_file=clouds.SECRET_FILE)
        client.show()
        client.call('/secret', CALLS)

    def _see_wrong_ones_refused(self, token: str) -> None:
        self._out.step('4. Invalid and expired credentials are refused')
        self._out.say('The plugin, with a wrong secret:')
        self._client(oauth2_client_secret='guessed').see_refused('/secret')
        self._out.say('An invalid token, with a changed end, by hand:')
        self._present(altered(token), expect=401)
        self._out.verdict('refused, as expected')

    def _see_expired_one_refused(self) -> None:
        lifetime = stage.SHORT_LIFE + self._seconds
        self._out.say(
            f'A client that expires in {lifetime:.0f} seconds, together with '
            'its tokens, with the plugin:'
        )
        end = time.time() + lifetime
        credential = self._stage.admin.create_application_credential(
            self._stage.alice,
            ['member'],
            expires_at=datetime.datetime.fromtimestamp(
                end, datetime.timezone.utc
            ),
        )
        client = clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=credential.id,
            oauth2_client_secret=credential.secret,
        )
        client.call('/secret')
        token = client.token
        self._out.wait(
            end + GRACE - time.time(), 'Waiting until it has expired'
        )
        self._out.say('The plugin, which knows that it needs another token:')
        client.see_refused('/secret')
        self._out.say('The token that it had, by hand:')
        self._present(token, expect=401)
        self._out.verdict('refused, as expected')

    def _client(self, **credential: str) -> clients.Client:
        return clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=self.client_id,
            **credential,
        )

    def _present(self, token: str, *, expect: int) -> None:
        self._ask(
            self._service,
            'GET',
            '/secret',
            expect=expect,
            headers=bearer(token),
        )


def bearer(token: str) -> dict[str, str]:
    """Return the header field for an access token (RFC 6750, 2.1)."""
    return {'Authorization': f'Bearer {token}'}


def altered(token: str) -> str:
    """Return an invalid token of the same form."""
    return token[:-4] + token[-4:].swapcase()[::-1]


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the header field for HTTP Basic (RFC 6749, 2.3.1)."""
    pair = f'{client_id}:{secret}'.encode()
    return {'Authorization': f'Basic {base64.b64encode(pair).decode()}'}
