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
"""The keys of trusted issuers, from real servers."""

import socket
import time

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import issuers
from keystone_oauth2.tests.support import trusted_issuers

TABLE = trusted_issuers.TABLE
MISSING = 'no such key'


class FetchedKeysTestCase(federation.FederationTestCase):
    """One issuer with a discovery document, and a client that uses it."""

    @classmethod
    def create(cls):
        super(federation.FederationTestCase, cls).create()
        cls.own = cls.client
        cls.key = trusted_issuers.Key('ES256')
        cls.server = issuers.IssuerServer(cls.key.jwk)
        cls._use_class_fixture(cls.server)
        cls.issuer = trusted_issuers.Issuer('idp', cls.server.url, cls.key)
        trusted_issuers.manage(
            cls.keystone,
            trusted_issuers.creation(
                cls.issuer,
                *('--discovery', '--ca-file', cls.server.ca_file),
                *('--allow-network', '127.0.0.0/8'),
            ),
        )
        clients.register(
            cls.keystone.request,
            cls.owner_token,
            cls.own,
            'federated_identity',
            issuer_id='idp',
            subject='batch',
        )

    def setUp(self):
        super().setUp()
        self.issuers = {'idp': self.issuer}
        self.publish(self.key)
        self.reset(
            jwks=trusted_issuers.compact([self.key.jwk]),
            key_source='discovery',
            jwks_uri=None,
            allowed_networks='127.0.0.0/8',
        )
        self.age(60)

    def publish(self, *keys):
        """Replace the key set of the issuer."""
        self.server.documents[issuers.JWKS] = {
            'keys': [key.jwk for key in keys]
        }

    def reset(self, **values):
        """Set columns of the issuer, unknown to Keystone."""
        names = ', '.join(f'{name} = :{name}' for name in values)
        self.execute(f'UPDATE {TABLE} SET {names}', **values)

    def age(self, seconds):
        """Make keys older, and the last request for them."""
        moment = time.strftime(
            '%Y-%m-%d %H:%M:%S.000000', time.gmtime(time.time() - seconds)
        )
        self.reset(keys_fetched_at=moment, attempted_at=moment, failure=None)

    def stored(self, name):
        """Return a column of the issuer."""
        ((value,),) = self.execute(f'SELECT {name} FROM {TABLE}')
        return value

    def by_key(self, key, client=None):
        """Return the request arguments for a JWT that a key has signed."""
        text = self.issuer.assertion(key=key)
        return federation.by_jwt(client or self.own, text)

    def eventually(self, ask, expected):
        """Ask again until an answer is as expected."""
        end = time.monotonic() + 20
        while True:
            found = ask()
            if found == expected or time.monotonic() > end:
                self.assertEqual(expected, found)
                return
            time.sleep(0.05)

    def status_of(self, key):
        return self.get_token(**self.by_key(key)).status

    def assert_try_again(self, **how):
        """Assert that a client is told to try again, and return that."""
        answer = self.get_token(**how)
        self.assertEqual(503, answer.status, answer.text)
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertEqual('2', answer.headers['Retry-After'])
        return answer

    def use_server_that_hangs(self):
        """Fetch keys from a server that accepts, and never answers.

        :returns: its socket, which ends the wait when it is closed.
        """
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        self.reset(
            key_source='jwks_uri', jwks_uri=f'https://127.0.0.1:{port}/'
        )
        return listener


class UnknownKeyTest(FetchedKeysTestCase):
    def test_new_key_is_fetched_while_nobody_waits(self):
        """C12: clients try again, known and unknown ones alike."""
        new = trusted_issuers.Key('ES256')
        listener = self.use_server_that_hangs()
        refused = self.assert_try_again(**self.by_key(new))
        unknown = self.get_token(**self.by_key(new, federation.UNKNOWN_CLIENT))
        self.assertEqual(self.same(refused), self.same(unknown))
        self.assert_nobody_waits(new)
        listener.close()
        self.eventually(lambda: self.status_of(new), 401)
        self.assert_not_told(MISSING, self.by_key(new))
        self.assertIn('cannot be fetched', self.stored('failure'))
        self.assert_issued(**self.by_key(self.key))
        self.publish(self.key, new)
        self.reset(key_source='discovery', jwks_uri=None)
        self.age(60)
        self.assertEqual(503, self.status_of(new))
        self.eventually(lambda: self.status_of(new), 200)
        self.assertIsNone(self.stored('failure'))

    def assert_nobody_waits(self, new):
        """Assert that requests take as long as before."""
        start = time.monotonic()
        for _ in range(5):
            self.assert_issued(**self.by_key(self.key))
            self.assert_issued(**clients.by_secret(self.own, self.own.secret))
            self.assertEqual(503, self.status_of(new))
            self.assert_refused(**self.by(sub='x'))
        self.assertLess(time.monotonic() - start, 5)

    def test_unknown_key_is_asked_for_once_in_a_while(self):
        """C12: whatever a flood of key ids says."""
        before = len(self.server.requests)
        for _ in range(3):
            stranger = trusted_issuers.Key('ES256')
            self.eventually(
                lambda stranger=stranger: self.status_of(stranger), 401
            )
        self.assertEqual(
            [issuers.DISCOVERY, issuers.JWKS], self.server.requests[before:]
        )

    def test_key_that_is_withdrawn_is_refused(self):
        """C12: after the next fetch."""
        new = trusted_issuers.Key('ES256')
        self.publish(new)
        self.assert_issued(**self.by_key(self.key))
        self.assertEqual(503, self.status_of(new))
        self.eventually(lambda: self.status_of(new), 200)
        self.assert_not_told(MISSING, self.by_key(self.key))

    def test_wrong_documents_leave_the_keys_as_they_are(self):
        """C12: no keys, another issuer, or nothing that can be reached."""
        discovery = self.server.documents[issuers.DISCOVERY]
        self.addCleanup(
            self.server.documents.update, {issuers.DISCOVERY: discovery}
        )
        for reason, path, content in (
            ('has no usable key', issuers.JWKS, {'keys': []}),
            (
                'another issuer',
                issuers.DISCOVERY,
                {**discovery, 'issuer': f'{self.server.url}/'},
            ),
            (
                'not an https URL',
                issuers.DISCOVERY,
                {**discovery, 'jwks_uri': 'http://127.0.0.1/keys'},
            ),
            ('status 404', issuers.DISCOVERY, None),
        ):
            with self.variant(reason):
                self.server.documents.update({path: content})
                self.assert_fetch_fails(reason)

    def assert_fetch_fails(self, reason):
        self.age(60)
        stranger = trusted_issuers.Key('ES256')
        self.assertEqual(503, self.status_of(stranger))
        self.eventually(lambda: self.status_of(stranger), 401)
        self.assertIn(reason, self.stored('failure'))
        # The log follows the database.
        self.eventually(lambda: reason in self.log, True)
        self.assert_issued(**self.by_key(self.key))

    def test_address_that_is_not_public_is_refused(self):
        """C12: also to the operator, unless the network is allowed."""
        before = len(self.server.requests)
        self.reset(allowed_networks='10.0.0.0/8')
        self.assert_fetch_fails('127.0.0.1 is not allowed')
        error = self.assertRaises(
            AssertionError,
            trusted_issuers.manage,
            self.keystone,
            trusted_issuers.creation(
                trusted_issuers.Issuer('other', self.server.url),
                *('--ca-file', self.server.ca_file),
            ),
        )
        self.assertIn('127.0.0.1 is not allowed', f'{error}')
        self.assertEqual(before, len(self.server.requests))

    def test_keys_that_could_not_be_fetched_for_a_day_are_not_used(self):
        """C12: nor are they forgotten before."""
        self.use_server_that_hangs()
        self.age(86000)
        self.assert_issued(**self.by_key(self.key))
        self.age(86500)
        self.assert_try_again(**self.by_key(self.key))


class BackgroundTest(FetchedKeysTestCase):
    def test_old_keys_are_fetched_once_the_issuer_is_used(self):
        """C12: no client has to name an unknown key."""
        new = trusted_issuers.Key('ES256')
        self.publish(self.key, new)
        self.age(300)
        self.assert_issued(**self.by_key(self.key))
        self.eventually(lambda: new.kid in self.stored('jwks'), True)
        self.assert_issued(**self.by_key(new))
