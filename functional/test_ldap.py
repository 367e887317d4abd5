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

"""Clients of users in an LDAP directory, with each authentication method."""

from functional import base
from functional import directory
from functional import directory_users
from functional import front_ends
from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = clients.ISSUER


class MethodsTest(directory_users.DirectoryTestCase):
    """The users register what their clients authenticate with."""

    # Its tokens can hold an application credential and a certificate.
    provider = 'jws'
    options = {
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': ','.join(clients.METHODS),
        }
    }
    changes = {
        '    ssl_verify_client      optional;\n': front_ends.snippet(
            'self-signed/nginx.conf'
        ),
    }

    def register(self, kind, **wanted):
        """Register an authenticator, as the user."""
        return clients.register(
            self.https().request,
            self.identity.token_for(self.user),
            self.client,
            kind,
            **wanted,
        )

    def assert_life(self, post, files=None):
        """Issue, use, introspect and revoke a token.

        :param post: sends a form to a path, as the client.
        :param files: of the certificate that the token is bound to.
        """
        answer = post(base.TOKEN, base.GRANT)
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(
            {'member', 'reader'}, set(answer.json['scope'].split())
        )
        token = answer.json['access_token']
        self.assertEqual(200, self.use_token(token, files).status)
        seen = post(base.INTROSPECT, {'token': token}).json
        self.assertIs(True, seen['active'])
        self.assertEqual(self.user.id, seen['sub'])
        self.assertEqual(self.user.name, seen['username'])
        self.assertEqual(files is not None, 'cnf' in seen)
        self.assertEqual(200, post(base.REVOKE, {'token': token}).status)
        seen = post(base.INTROSPECT, {'token': token}).json
        self.assertEqual({'active': False}, seen)
        self.assertEqual(401, self.use_token(token, files).status)

    def send(self, files=None, client_id=None, **credentials):
        """Return a function that sends a form with certain credentials."""

        def post(path, form):
            form = {'client_id': client_id or self.client.id, **form}
            return self.https(files).request(
                'POST', path, form={**form, **credentials}
            )

        return post

    def by_secret(self, secret):
        """Return a function that sends a form with HTTP Basic."""
        client = self.client._replace(secret=secret)
        return lambda path, form: self.post(path, form, client=client)

    def test_secret(self):
        """With HTTP Basic."""
        self.assert_life(self.by_secret(self.client.secret))

    def test_secret_in_the_body(self):
        """As a parameter."""
        self.assert_life(self.send(client_secret=self.client.secret))

    def test_registered_secret(self):
        """The user registers it with an own token."""
        secret = self.register('secret')['secret']
        self.assert_life(self.by_secret(secret))

    def test_key(self):
        """``private_key_jwt``, with a key that the user registers."""
        signer = assertions.Signer(self.client.id, ISSUER)
        self.register('key', jwk=signer.jwk)
        self.assert_life(
            lambda path, form: self.send(
                client_assertion_type=assertions.TYPE,
                client_assertion=signer.assertion(),
            )(path, form)
        )

    def test_subject(self):
        """D02: a certificate from the CA, by its subject."""
        self.register(
            'certificate', tls_client_auth_subject_dn=f'CN={self.user.name}'
        )
        self.assert_life(self.send(self.files), self.files)

    def test_self_signed_certificate(self):
        """D04: a certificate without a chain."""
        certificate = fixture.self_signed([('CN', 'own')])
        files = certificate.write(self.folder, 'own')
        self.register('certificate', certificate=certificate.pem)
        self.assert_life(self.send(files), files)

    def test_certificate_of_the_user(self):
        """D11: the mapping and the default project of the directory."""
        post = self.send(self.files, self.user.id)
        self.assert_life(post, self.files)

    def test_user_without_default_project(self):
        """D11: the certificate is refused, the secret is not."""
        user = self.create_person()
        certificate = self.authority.client([('CN', user.name)])
        files = certificate.write(self.folder, user.name)
        post = self.send(files, user.id)
        self.assertEqual(200, post(base.TOKEN, base.GRANT).status)
        self.directory.change(directory.person(user.name), departmentNumber=[])
        self.assertEqual(401, post(base.TOKEN, base.GRANT).status)
        client = self.identity.create_application_credential(user)
        self.assertEqual(200, self.post(base.TOKEN, base.GRANT, client).status)

    def test_certificate_of_another_user(self):
        """D11: a name in the directory is compared like any other."""
        post = self.send(self.files, self.create_person().id)
        self.assertEqual(401, post(base.TOKEN, base.GRANT).status)
