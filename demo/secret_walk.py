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

from keystoneauth1 import session
from keystoneauth1.identity import v3

from demo import exchange
from demo import stage
from demo import terminal
from keystone_oauth2.fixture import _identity

TOKEN_PATH = '/v3/OS-OAUTH2/token'
FORM = {'grant_type': 'client_credentials'}
GRACE = 1


class SecretWalk:
    """Delegates, gets a token, calls a service, and shows refusals."""

    def __init__(self, set_up: stage.Stage, out: terminal.Terminal) -> None:
        self._stage = set_up
        self._out = out
        self._ask = exchange.Exchange(out).ask
        self._keystone = set_up.client(set_up.url)
        self._service = set_up.client(set_up.service_url)

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('With a client secret')
        start = time.monotonic()
        self.credential = self._delegate()
        token = self._get_token()
        self._seconds = time.monotonic() - start
        self._call(token)
        self._call_with_keystoneauth()
        self._see_wrong_ones_refused(token)
        self._see_expired_one_refused()

    def _delegate(self) -> _identity.ApplicationCredential:
        self._out.step('1. A user delegates a role to a client')
        self._out.say(
            'The user alice creates an application credential. Its id and '
            "secret become the client's id and secret."
        )
        alice = self._stage.alice
        answer = self._ask(
            self._keystone,
            'POST',
            f'/v3/users/{alice.id}/application_credentials',
            expect=201,
            token=self._stage.admin.token_for(alice),
            json={
                'application_credential': {
                    'name': 'backup',
                    'roles': [{'name': 'member'}],
                }
            },
        )
        created = answer.json['application_credential']
        return _identity.ApplicationCredential(
            created['id'], created['secret']
        )

    def _get_token(self) -> str:
        self._out.step('2. The client gets an access token')
        answer = self._ask(
            self._keystone,
            'POST',
            TOKEN_PATH,
            expect=200,
            headers=basic(self.credential),
            form=FORM,
        )
        return answer.json['access_token']

    def _call(self, token: str) -> None:
        self._out.step('3. The client calls a service with it')
        self._out.say(
            "The service only uses keystonemiddleware's filter oauth2_token."
        )
        self._present(token, expect=200)

    def _call_with_keystoneauth(self) -> None:
        self._out.step('   The same in two lines, with keystoneauth')
        url = self._stage.url
        auth = v3.OAuth2ClientCredential(
            auth_url=f'{url}/v3',
            oauth2_endpoint=f'{url}{TOKEN_PATH}',
            oauth2_client_id=self.credential.id,
            oauth2_client_secret=self.credential.secret,
        )
        verify = str(self._stage.ca_file)
        client = session.Session(auth=auth, verify=verify)
        answer = client.get(f'{self._stage.service_url}/secret')
        self._out.sent(
            'auth = v3.OAuth2ClientCredential(auth_url, oauth2_endpoint, '
            'id, secret)'
        )
        self._out.sent("Session(auth=auth).get(f'{service}/secret')")
        self._out.received(
            f'{answer.status_code} {answer.reason}', refused=False
        )

    def _see_wrong_ones_refused(self, token: str) -> None:
        self._out.step('4. Invalid and expired credentials are refused')
        self._out.say('A wrong secret:')
        wrong = _identity.ApplicationCredential(self.credential.id, 'guessed')
        self._ask(
            self._keystone,
            'POST',
            TOKEN_PATH,
            expect=401,
            headers=basic(wrong),
            form=FORM,
        )
        self._out.verdict('refused, as expected')
        self._out.say('An invalid token, with a changed end:')
        self._present(altered(token), expect=401)
        self._out.verdict('refused, as expected')

    def _see_expired_one_refused(self) -> None:
        lifetime = stage.SHORT_LIFE + self._seconds
        self._out.say(
            f'A token of a credential that expires in {lifetime:.0f} seconds, '
            'together with its tokens:'
        )
        credential = self._stage.admin.create_application_credential(
            self._stage.alice,
            ['member'],
            expires_at=datetime.datetime.now(datetime.timezone.utc)
            + datetime.timedelta(seconds=lifetime),
        )
        answer = self._ask(
            self._keystone,
            'POST',
            TOKEN_PATH,
            expect=200,
            headers=basic(credential),
            form=FORM,
        )
        self._present(answer.json['access_token'], expect=200)
        self._out.wait(
            answer.json['expires_in'] + GRACE, 'Waiting until it has expired'
        )
        self._present(answer.json['access_token'], expect=401)
        self._out.verdict('refused, as expected')

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


def basic(client: _identity.ApplicationCredential) -> dict[str, str]:
    """Return the header field for HTTP Basic (RFC 6749, 2.3.1)."""
    pair = f'{client.id}:{client.secret}'.encode()
    return {'Authorization': f'Basic {base64.b64encode(pair).decode()}'}
