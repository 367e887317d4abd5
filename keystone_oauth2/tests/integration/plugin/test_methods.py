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

"""Each way to authenticate, and what happens when its files change."""

import json

from keystoneauth1 import exceptions

from keystone_oauth2.tests.integration.plugin import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients


class SecretTest(base.PluginTestCase):
    def test_methods(self):
        for method in ('client_secret_basic', 'client_secret_post', None):
            with self.variant(method):
                client = self.load(
                    oauth2_client_id=self.client.id,
                    oauth2_client_secret=self.client.secret,
                    oauth2_auth_method=method,
                )
                self.assert_calls(client)

    def test_url_of_keystone_in_any_form(self):
        for url in ('', '/', '/v3', '/v3/'):
            with self.variant(url):
                client = self.load(auth_url=self.gateway.url + url)
                self.assertEqual(self.project.id, client.get_project_id())

    def test_endpoint_without_metadata(self):
        client = self.load(oauth2_endpoint=self.gateway.url + base.TOKEN)
        self.assert_calls(client)
        self.assertEqual(0, self.gateway.count(base.METADATA))

    def test_rotated_secret(self):
        """A file is read at the next token request."""
        own = self.identity.create_application_credential(self.user)
        secrets = [self.register(self.user, own, 'secret') for _ in range(2)]
        path = self.file('secret', secrets[0]['secret'] + '\n')
        client = self.load(
            oauth2_client_id=own.id, oauth2_client_secret_file=str(path)
        )
        self.assert_calls(client)
        path.write_text(secrets[1]['secret'])
        self.delete(own, 'secret', secrets[0])
        self.revoke_all(client, own, secrets[1]['secret'])
        self.assert_calls(client)
        self.assertEqual(2, self.token_requests)

    def test_wrong_secret(self):
        """The error says what the server said."""
        client = self.load(
            oauth2_client_id=self.client.id, oauth2_client_secret='wrong-one'
        )
        error = self.assertRaises(exceptions.Unauthorized, self.call, client)
        self.assertIn(
            'invalid_client: Client authentication failed.', str(error)
        )
        self.assertNotIn('wrong-one', repr(vars(error)))

    def delete(self, client, kind, authenticator):
        """Delete an authenticator as the owner."""
        path = clients.path_of(
            client, f'/{clients.COLLECTIONS[kind]}/{authenticator["id"]}'
        )
        answer = self.https().request(
            'DELETE', path, token=self.identity.token_for(self.user)
        )
        self.assertEqual(204, answer.status, answer.text)

    def revoke_all(self, session, client, secret):
        """Revoke the token of a session."""
        form = {
            'token': session.get_token(),
            'client_id': client.id,
            'client_secret': secret,
        }
        answer = self.https().request(
            'POST', '/v3/OS-OAUTH2/revoke', form=form
        )
        self.assertEqual(200, answer.status, answer.text)


class KeyTest(base.PluginTestCase):
    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(self.user)

    def test_key_files(self):
        """PEM and JWK, with the algorithm that suits the key."""
        for algorithm in ('ES256', 'ES384', 'EdDSA', 'PS256'):
            signer = self.register_key(self.user, self.own, algorithm)
            private = assertions.jwk(signer.key, algorithm, is_private=True)
            for text in (signer.pem, json.dumps(private)):
                with self.variant((algorithm, text[:1])):
                    path = self.file('key', text)
                    self.assert_calls(self.load_with_key(self.own, path))

    def test_assertion_is_for_the_issuer_in_the_metadata(self):
        signer = self.register_key(self.user, self.own)
        client = self.load(
            auth_url=self.keystone.url,
            oauth2_client_id=self.own.id,
            oauth2_key_file=str(self.file('key', signer.pem)),
        )
        self.assert_calls(client)

    def test_rotated_key(self):
        path = self.file('key', self.register_key(self.user, self.own).pem)
        client = self.load_with_key(self.own, path)
        self.assert_calls(client)
        path.write_text(self.register_key(self.user, self.own).pem)
        client.invalidate()
        self.assert_calls(client)
        path.write_text('broken')
        client.invalidate()
        error = self.assertRaises(
            exceptions.AuthorizationFailure, self.call, client
        )
        self.assertIn(f'oauth2_key_file: {path} must have', str(error))

    def test_key_that_is_not_registered(self):
        path = self.file('key', assertions.Signer('x', 'y').pem)
        client = self.load_with_key(self.own, path)
        error = self.assertRaises(exceptions.Unauthorized, self.call, client)
        self.assertIn('invalid_client', str(error))

    def test_assertion_file(self):
        """A new assertion for each token: each is accepted once."""
        signer = self.register_key(self.user, self.own)
        path = self.file('assertion', signer.assertion())
        client = self.load(
            auth_url=self.keystone.url,
            oauth2_client_id=self.own.id,
            oauth2_assertion_file=str(path),
        )
        self.assert_calls(client)
        client.invalidate()
        self.assertRaises(exceptions.Unauthorized, self.call, client)
        path.write_text(signer.assertion())
        self.assert_calls(client)


class CertificateTest(base.PluginTestCase):
    """At Keystone itself: a gateway would not pass a certificate on."""

    def load_certificate(self, **options):
        """Return a session of the user with the certificate."""
        return self.load(
            auth_url=self.keystone.url,
            oauth2_client_id=self.user.id,
            **options,
        )

    def test_bound_token(self):
        """D07: the certificate goes with each call."""
        certificate, key = self.files
        client = self.load_certificate(
            oauth2_certfile=certificate, oauth2_keyfile=key
        )
        self.assert_calls(client)
        self.assertEqual(self.user.id, client.get_user_id())
        token = client.get_token()
        url = f'{self.keystone.url}/v3/auth/projects'
        without = self.https().request('GET', '/v3/auth/projects', token=token)
        self.assertEqual(401, without.status, url)

    def test_certificate_of_the_session(self):
        client = self.load_certificate(oauth2_auth_method='tls_client_auth')
        client.cert = self.files
        self.assert_calls(client)
        self.assertEqual(self.project.id, client.get_project_id())

    def test_one_file(self):
        certificate, key = (open(path).read() for path in self.files)
        path = self.file('both.pem', certificate + key)
        client = self.load_certificate(oauth2_certfile=str(path))
        self.assert_calls(client)

    def test_missing_file(self):
        certificate, _ = self.files
        for options, expected in (
            ({'oauth2_certfile': '/missing'}, 'oauth2_certfile: cannot read'),
            (
                {'oauth2_certfile': certificate, 'oauth2_keyfile': '/missing'},
                'oauth2_keyfile: cannot read /missing',
            ),
        ):
            with self.variant(options):
                error = self.assertRaises(
                    exceptions.ClientException,
                    self.call,
                    self.load_certificate(**options),
                )
                self.assertIn(expected, str(error))
