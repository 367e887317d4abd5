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

import time
import uuid

from cryptography.hazmat.primitives.asymmetric import ec
import jwt
from oslo_serialization import jsonutils

from demo import exchange
from demo import secret_walk
from demo import stage
from demo import terminal
from demo import traffic
from keystone_oauth2.fixture import _identity

TOKEN_PATH = secret_walk.TOKEN_PATH
FORM = secret_walk.FORM
ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
LIFETIME = 60


class RotationWalk:
    """Adds a secret, retires the first one, and then allows only a key."""

    def __init__(self, set_up: stage.Stage, out: terminal.Terminal) -> None:
        self._stage = set_up
        self._out = out
        self._ask = exchange.Exchange(out).ask
        self._keystone = set_up.client(set_up.url)
        self._owner = set_up.admin.token_for(set_up.alice)
        self._client = set_up.admin.create_application_credential(
            set_up.alice, ['member'], name='nightly'
        )
        self._path = f'/v3/OS-OAUTH2/clients/{self._client.id}'

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('From a secret to a key, without an interruption')
        self._out.say(
            'Throughout, another client of alice keeps requesting tokens in '
            'the background, with its current secret or key.'
        )
        with traffic.Traffic(
            self._stage.client(self._stage.url), TOKEN_PATH
        ) as running:
            running.use(FORM, secret_walk.basic(self._client))
            rotated = self._rotate(running)
            self._switch_to_key(running, rotated)
            count = running.stop()
        self._out.verdict(
            f'{count} tokens were requested in the background; none was '
            f'refused'
        )

    def _rotate(
        self, running: traffic.Traffic
    ) -> _identity.ApplicationCredential:
        self._out.step('1. Its owner registers a second secret')
        answer = self._manage(
            'POST', '/secrets', 201, {'secret': {'description': 'second'}}
        )
        rotated = _identity.ApplicationCredential(
            self._client.id, answer.json['secret']['secret']
        )
        self._out.step('2. The client switches to it')
        running.use(FORM, secret_walk.basic(rotated))
        self._out.say('The owner can see which secrets are still in use:')
        self._manage('GET', '/secrets', 200)
        self._out.step('3. The owner retires the first secret')
        self._out.say(
            'It has the id of the application credential itself, which keeps '
            'its id, its roles and its tokens.'
        )
        self._manage('DELETE', f'/secrets/{self._client.id}', 204)
        self._see_refused(self._client)
        return rotated

    def _switch_to_key(
        self,
        running: traffic.Traffic,
        rotated: _identity.ApplicationCredential,
    ) -> None:
        self._out.step('4. The client creates a key; its owner registers it')
        key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())
        self._manage(
            'POST', '/keys', 201, {'key': {'jwk': jsonutils.loads(public)}}
        )
        self._out.step('5. The client signs its requests with the key')
        running.use(lambda: self._signed(key))
        self._ask(
            self._keystone,
            'POST',
            TOKEN_PATH,
            expect=200,
            form=self._signed(key),
        )
        self._out.step('6. The owner allows nothing but the key')
        self._manage(
            'PATCH',
            '',
            200,
            {'client': {'authentication_methods': ['private_key_jwt']}},
        )
        self._see_refused(rotated)

    def _signed(self, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
        claims = {
            'iss': self._client.id,
            'sub': self._client.id,
            'aud': self._stage.issuer,
            'exp': int(time.time()) + LIFETIME,
            'jti': uuid.uuid4().hex,
        }
        return {
            **FORM,
            'client_assertion_type': ASSERTION_TYPE,
            'client_assertion': jwt.encode(claims, key, algorithm='ES256'),
        }

    def _see_refused(self, client: _identity.ApplicationCredential) -> None:
        self._ask(
            self._keystone,
            'POST',
            TOKEN_PATH,
            expect=401,
            headers=secret_walk.basic(client),
            form=FORM,
        )
        self._out.verdict('refused, as expected')

    def _manage(
        self, method: str, path: str, expect: int, body: object = None
    ) -> exchange.Answer:
        return self._ask(
            self._keystone,
            method,
            self._path + path,
            expect=expect,
            token=self._owner,
            json=body,
        )
