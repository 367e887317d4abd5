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

"""JWTs with any content, and a client that authenticates with them."""

import base64
import json
import time

from cryptography.hazmat.primitives import serialization
from jwt import algorithms

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base

ISSUER = protocol_base.ISSUER
TOKEN_ENDPOINT = f'{ISSUER}/OS-OAUTH2/token'
HEADER = {'alg': 'ES256'}
SIGNER = assertions.Signer('client', ISSUER)
OTHER_SIGNER = assertions.Signer('other', ISSUER)
PEM = SIGNER.key.public_key().public_bytes(
    serialization.Encoding.PEM,
    serialization.PublicFormat.SubjectPublicKeyInfo,
)
#: Nesting that is too deep for Python's parser.
DEEP = 100_000
#: An integer that is too long for Python to parse.
LONG = '1' + '0' * 5000


def encoded(part):
    """Return the base64url of bytes, or of a value as JSON."""
    if not isinstance(part, bytes):
        part = json.dumps(part).encode()
    return base64.urlsafe_b64encode(part).decode().rstrip('=')


def unsigned(header, payload):
    """Return the part of a JWS that is signed (RFC 7515, 5.1)."""
    return f'{encoded(header)}.{encoded(payload)}'


def sign(header, payload, signer=SIGNER):
    """Return a JWS with any header and payload."""
    text = unsigned(header, payload)
    method = algorithms.get_default_algorithms()[signer.algorithm]
    return f'{text}.{encoded(method.sign(text.encode(), signer.key))}'


def claims(**changed):
    """Return the claims of a valid assertion.

    :param changed: claims to replace.
    """
    return {
        'iss': 'client',
        'sub': 'client',
        'aud': ISSUER,
        'exp': time.time() + 60,
        'jti': 'jti',
        **changed,
    }


def without(name):
    """Return the claims of a valid assertion, without one of them."""
    return {key: value for key, value in claims().items() if key != name}


class PrivateKeyJWTTestCase(base.TestCase):
    """Two clients with a key each."""

    def setUp(self):
        super().setUp()
        self.rules = ports.AssertionRules(frozenset([ISSUER]), 3600)
        self.replay_cache = protocol_base.ReplayCache()
        self.clients = protocol_base.ClientStore()
        for signer in (SIGNER, OTHER_SIGNER):
            self.clients.add(signer.client_id)
            self.register(signer.jwk, signer.client_id)

    def register(self, jwk, client_id='client'):
        return self.clients.register(registration.KEY, jwk, client_id)

    @property
    def method(self):
        return private_key_jwt.PrivateKeyJWT(
            replay_cache=self.replay_cache, assertion_rules=self.rules
        )

    def form(self, assertion, **form):
        values = {
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
            **form,
        }
        return protocol_base.form(
            **{
                name: value
                for name, value in values.items()
                if value is not None
            }
        )

    def read(self, assertion, **form):
        """Return the evidence of a request with an assertion."""
        return protocol_base.read(
            protocol_base.request(), self.form(assertion, **form)
        )

    def verify(self, assertion, **form):
        """Return the client that an assertion authenticates."""
        evidence = self.read(assertion, **form)
        client = self.clients.find(evidence.client_id)
        return self.method.verify(evidence, client)

    def verify_signed(self, changed, header=HEADER, signer=SIGNER):
        """Sign and verify a new assertion."""
        self.replay_cache.consumed.clear()
        return self.verify(sign(header, changed, signer))

    def authenticate(self, assertion, **form):
        """Return the client of a whole request."""
        return protocol_base.authentication(
            [self.method], client_store=self.clients
        ).authenticate(protocol_base.request(), self.form(assertion, **form))

    def assert_holds(self, changed, header=HEADER, signer=SIGNER):
        client = self.verify_signed(changed, header, signer)
        self.assertEqual('client', client.id)

    def assert_refused(self, reason, changed, header=HEADER, signer=SIGNER):
        """Assert that an assertion is refused, and is not used up."""
        error = self.assert_raises(
            ports.Refused, self.verify_signed, changed, header, signer
        )
        self.assertIn(reason, str(error))
        self.assertEqual({}, self.replay_cache.consumed)

    def assert_client_refused(self, reason, changed):
        """Assert that a request is refused, and the assertion not used up."""
        self.replay_cache.consumed.clear()
        self.clients.uses.clear()
        error = self.assert_raises(
            errors.InvalidClient, self.authenticate, sign(HEADER, changed)
        )
        self.assertIn(reason, error.detail)
        self.assertEqual({}, self.replay_cache.consumed)
        self.assertEqual([], self.clients.uses)

    def assert_unreadable(self, reason, assertion, **form):
        """Assert that an assertion cannot be read."""
        error = self.assert_raises(
            errors.InvalidClient, lambda: self.read(assertion, **form)
        )
        self.assertIn(reason, error.detail)
