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

"""Tests with JavaScript clients, over TLS.

oauth4webapi, openid-client and @badgateway/oauth2-client discover the server,
get a token, introspect it and revoke it. They verify each response strictly.
"""

import json
import os

from keystone_oauth2.tests.integration import javascript
from keystone_oauth2.tests.support import assertions

LIBRARIES = ('oauth4webapi', 'openid-client')


class JavaScriptTest(javascript.JavaScriptTestCase):
    #: This provider can bind the token of any client to a certificate.
    provider = 'jws'

    def run_client(
        self, library, method, *, trust=True, algorithm='ES256', **task
    ):
        """Run a client, and return its report.

        :param algorithm: of the key for ``private_key_jwt``.
        """
        task = {
            'issuer': self.issuer,
            'method': method,
            'secret': self.client.secret,
            'parameters': {},
            **task,
        }
        if method == 'private_key_jwt':
            signer = self.register_key(self.user, self.client, algorithm)
            task['private_key'] = assertions.jwk(
                signer.key, signer.algorithm, is_private=True
            )
        if method == 'tls_client_auth':
            task.setdefault('client_id', self.user.id)
            task['certificate'], task['key'] = self.files
        task.setdefault('client_id', self.client.id)
        ca_file = self.keystone.ca_file if trust else ''
        process = self.start(
            'node',
            f'{library}.mjs',
            input=json.dumps(task),
            env={**os.environ, 'NODE_EXTRA_CA_CERTS': f'{ca_file}'},
        )
        self.assertEqual(0, process.returncode, process.stderr)
        return json.loads(process.stdout)

    def assert_served(self, library, method, client_id, **how):
        """Assert that a client gets, introspects and revokes a token."""
        report = self.run_client(library, method, client_id=client_id, **how)
        self.assertNotIn('error', report, report)
        self.assertEqual(self.issuer, report['server']['issuer'])
        token = report['token']
        self.assertEqual('member reader', token['scope'])
        self.assertEqual('bearer', token['token_type'])
        self.assertIs(True, report['before']['active'])
        self.assertEqual(client_id, report['before']['client_id'])
        self.assertEqual(self.issuer, report['before']['iss'])
        self.assertEqual({'active': False}, report['after'])
        self.assert_invalid(token['access_token'])
        return report

    def test_secret_in_the_header_is_accepted(self):
        """B02, H01, H02: with strict encoding, and with discovery."""
        for library in LIBRARIES:
            with self.variant(library):
                self.assert_served(
                    library, 'client_secret_basic', self.client.id
                )

    def test_secret_in_the_body_is_accepted(self):
        """B03, G01, G07: with independent clients."""
        for library in LIBRARIES:
            with self.variant(library):
                self.assert_served(
                    library, 'client_secret_post', self.client.id
                )

    def test_client_that_parses_by_media_type_can_revoke(self):
        """G07, B03: the revocation response has neither body nor type."""
        for method in ('client_secret_basic', 'client_secret_post'):
            with self.variant(method):
                report = self.run_client('oauth2-client', method)
                self.assertNotIn('error', report, report)
                self.assertEqual(self.issuer, report['server']['issuer'])
                self.assertEqual(
                    ['member', 'reader'], report['token']['scope']
                )
                self.assertIs(True, report['before']['active'])
                self.assertIsNone(report['revocation'])
                self.assertEqual({'active': False}, report['after'])

    def test_key_is_accepted(self):
        """C01, C02, C03, C06, C07, H03: with discovery."""
        for library in LIBRARIES:
            with self.variant(library):
                self.assert_served(library, 'private_key_jwt', self.client.id)

    def test_key_for_ed25519_is_accepted(self):
        """C07: the libraries call the algorithm Ed25519 (RFC 9864)."""
        for library in LIBRARIES:
            with self.variant(library):
                self.assert_served(
                    library,
                    'private_key_jwt',
                    self.client.id,
                    algorithm='EdDSA',
                )

    def test_certificate_of_an_application_credential_is_accepted(self):
        """D01, D02, D06: with a registered subject."""
        self.register(
            self.user,
            self.client,
            'certificate',
            tls_client_auth_subject_dn=f'CN={self.user.name}',
        )
        for library in LIBRARIES:
            with self.variant(library):
                report = self.assert_served(
                    library, 'tls_client_auth', self.client.id
                )
                self.assertEqual(self.confirmation(), report['before']['cnf'])

    def test_certificate_is_accepted_at_the_advertised_endpoint(self):
        """D01, D06, D09: with independent clients."""
        for library in LIBRARIES:
            with self.variant(library):
                report = self.assert_served(
                    library, 'tls_client_auth', self.user.id
                )
                aliases = report['server']['mtls_endpoint_aliases']
                self.assertEqual(
                    f'{self.keystone.mtls_endpoint}/OS-OAUTH2/token',
                    aliases['token_endpoint'],
                )
                self.assertEqual(self.confirmation(), report['before']['cnf'])

    def test_challenges_of_a_refusal_are_understood(self):
        """B05: a strict parser reads both lines of WWW-Authenticate."""
        for library in LIBRARIES:
            with self.variant(library):
                error = self.run_client(
                    library, 'client_secret_basic', secret='wrong'
                )['error']
                self.assertEqual(401, error['status'])
                self.assertEqual(
                    [
                        {
                            'scheme': 'basic',
                            'parameters': {'realm': 'keystone'},
                        },
                        {
                            'scheme': 'keystone',
                            'parameters': {'uri': f'{self.keystone.url}/v3'},
                        },
                    ],
                    error['challenges'],
                )

    def test_error_is_understood(self):
        """A09, A13: the client reads error and error_description."""
        for library in LIBRARIES:
            with self.variant(library):
                error = self.run_client(
                    library,
                    'client_secret_post',
                    parameters={'scope': 'admin'},
                )['error']
                self.assertEqual(400, error['status'])
                self.assertEqual('invalid_scope', error['error'])
                self.assertIn('not delegated', error['description'])

    def test_server_with_an_unknown_ca_is_not_trusted(self):
        """A06: the tests above would fail without the right CA."""
        for library in LIBRARIES:
            with self.variant(library):
                report = self.run_client(
                    library, 'client_secret_post', trust=False
                )
                self.assertIn(
                    report['error']['cause'],
                    (
                        'SELF_SIGNED_CERT_IN_CHAIN',
                        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
                    ),
                    report,
                )

    def test_other_issuer_is_not_accepted(self):
        """H02: the issuer in the metadata must be the expected one."""
        for library in LIBRARIES:
            with self.variant(library):
                report = self.run_client(
                    library,
                    'client_secret_post',
                    issuer=self.keystone.mtls_endpoint,
                )
                self.assertEqual(
                    'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
                    report['error']['code'],
                    report,
                )
