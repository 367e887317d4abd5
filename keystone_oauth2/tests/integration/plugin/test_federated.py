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

"""Workloads without a secret, with the JWT of a trusted issuer in a file."""

import json

import sqlalchemy as sa
from testtools import matchers

from keystone_oauth2.fixture import _cluster
from keystone_oauth2.fixture import _manage
from keystone_oauth2.plugin import errors
from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration.plugin import base
from keystone_oauth2.tests.support import assertions

REFUSED = 'invalid_client: Client authentication failed.'
DOMAIN = 'spiffe://example.org'
KEY_ID = 'of-spire'


class WorkloadTestCase(base.PluginTestCase):
    """A client that an application credential delegates to a workload."""

    options = {
        **base.PluginTestCase.options,
        'oauth2': {
            'oauth2_authn_methods': [
                *authorization_server.METHODS,
                'federated_jwt',
                'spiffe_jwt',
            ]
        },
        'oauth2_assertions': {'spiffe_draft': True},
    }

    @classmethod
    def trust(cls, issuer_id, *arguments):
        """Let Keystone trust an issuer."""
        _manage.run(
            cls.keystone.deployment.config_file,
            ['trusted_issuer_create', issuer_id, *arguments],
            program=_manage.EXTENSION,
        )

    def workload(self, text, **options):
        """Return a session of the client, and its file with a JWT."""
        path = self.file('jwt', text)
        session = self.load(
            oauth2_client_id=self.own.id,
            oauth2_assertion_file=str(path),
            **options,
        )
        return session, path

    def error(self, session, text):
        """Return the message of an error, which has no JWT in it."""
        error = self.assertRaises(errors.AccessTokenError, self.call, session)
        self.assertNotIn(text, repr(vars(error)))
        self.assertIsNone(error.__context__)
        return str(error)


class KubernetesTest(WorkloadTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.use(
            _cluster.Cluster(cls.keystone.authority, cls.issuer)
        )
        cls.trust(
            'cluster',
            *('--kind', 'kubernetes', '--issuer', cls.cluster.issuer),
            *('--allow-network', '127.0.0.0/8'),
            *('--ca-file', str(cls.keystone.ca_file)),
        )
        cls.own = cls.identity.create_application_credential(cls.user)
        cls.register(
            cls.user,
            cls.own,
            'federated_identity',
            issuer_id='cluster',
            subject='system:serviceaccount:shop:backup',
        )

    def test_renewed_token(self):
        """The file is read for each token request; a JWT can be reused."""
        for method in (None, 'federated_jwt', 'private_key_jwt'):
            with self.variant(method):
                session, path = self.workload(
                    self.cluster.token('shop', 'backup'),
                    oauth2_auth_method=method,
                )
                self.assert_calls(session)
                session.invalidate()
                self.assert_calls(session)
                path.write_text(self.cluster.token('shop', 'other'))
                session.invalidate()
                self.assertRaises(errors.AccessTokenError, self.call, session)
                path.write_text(self.cluster.token('shop', 'backup') + '\n')
                self.assert_calls(session)

    def test_keys_that_are_being_fetched(self):
        """The first token with a new key is worth a moment's wait."""
        self.cluster.rotate_key()
        self.forget_attempt()
        session, _ = self.workload(self.cluster.token('shop', 'backup'))
        self.assert_calls(session)
        self.assertEqual(2, self.token_requests)

    def test_expired_token(self):
        """The error says what to look at."""
        text = self.cluster.token('shop', 'backup', -60)
        session, path = self.workload(text)
        message = self.error(session, text)
        self.assertIn(REFUSED, message)
        self.assertThat(
            message,
            matchers.EndsWith(
                f'; oauth2_assertion_file: the JWT in {path} has expired'
            ),
        )
        self.assertEqual(1, self.token_requests)

    def test_file_without_a_token(self):
        for text in ('nonsense', 'a.b.c', '.'.join('[[[')):
            with self.variant(text):
                session, path = self.workload(text)
                message = self.error(session, text)
                self.assertIn(REFUSED, message)
                self.assertIn(
                    f'; oauth2_assertion_file: {path} has no JWT', message
                )

    def test_token_of_another_workload(self):
        """The server does not say why, and the plugin does not know."""
        text = self.cluster.token('playground', 'backup')
        session, path = self.workload(text)
        message = self.error(session, text)
        self.assertIn(REFUSED, message)
        self.assertNotIn('oauth2_assertion_file', message)

    def forget_attempt(self):
        """Let Keystone fetch keys again, as it may after 30 seconds."""
        engine = sa.create_engine(
            self.keystone.deployment.options['database']['connection'],
            poolclass=sa.NullPool,
        )
        with engine.begin() as connection:
            connection.execute(
                sa.text('UPDATE oauth2_trusted_issuer SET attempted_at = NULL')
            )


class SpiffeTest(WorkloadTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.identity.create_application_credential(cls.user)
        cls.spire = assertions.Signer(cls.own.id, cls.issuer)
        key = {**cls.spire.jwk, 'kid': KEY_ID, 'use': 'jwt-svid'}
        path = cls.keystone.folder / 'bundle.json'
        path.write_text(json.dumps({'keys': [key]}))
        cls.trust(
            'spire',
            *('--kind', 'spiffe', '--issuer', DOMAIN),
            *('--jwks-file', str(path)),
        )
        cls.register(
            cls.user,
            cls.own,
            'federated_identity',
            issuer_id='spire',
            subject=f'{DOMAIN}/backup',
        )

    def test_method(self):
        """The type of the assertion is that of the method that is named."""
        svid = self.spire.assertion(
            {'kid': KEY_ID}, iss=None, sub=f'{DOMAIN}/backup'
        )
        session, _ = self.workload(svid, oauth2_auth_method='spiffe_jwt')
        self.assert_calls(session)
        session, _ = self.workload(svid)
        self.assertIn(REFUSED, self.error(session, svid))
