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

"""Certificates that are registered for clients, through the front ends."""

from functional import base
from functional import front_ends
from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers

REFUSED = 'invalid_client'


class SelfSignedTests:
    """A front end that passes on certificates that no CA has issued."""

    processes = 1
    #: The only method that can bind any client's token to a certificate.
    provider = 'jws'
    options = {
        'oauth2': {
            'oauth2_authn_methods': 'client_secret_basic,tls_client_auth,'
            'self_signed_tls_client_auth'
        }
    }

    @classmethod
    def create(cls):
        super().create()
        cls.own = fixture.self_signed([('CN', 'made by the client itself')])
        cls.own_files = cls.own.write(cls.folder, 'own')
        cls.registered = cls.identity.create_application_credential(
            cls.user, ['reader']
        )
        cls.register(certificate=cls.own.pem)

    @classmethod
    def register(cls, **members):
        """Register a certificate for the client."""
        token = cls.identity.token_for(cls.user)
        request = cls.https().request
        clients.register(
            request, token, cls.registered, 'certificate', **members
        )

    def claim(self, files, path=base.TOKEN, **form):
        """Send the client id on a connection with a certificate."""
        return self.https(files).request(
            'POST',
            path,
            form={**(form or base.GRANT), 'client_id': self.registered.id},
        )

    def assert_whole_life_of_client(self, files):
        """Issue, use, introspect and revoke a token, and use it again."""
        answer = self.claim(files)
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual('reader', answer.json['scope'])
        token = answer.json['access_token']
        self.assertEqual(200, self.use_token(token, files).status)
        self.assertEqual(401, self.use_token(token).status)
        seen = self.claim(files, base.INTROSPECT, token=token).json
        self.assertIs(True, seen['active'])
        self.assertEqual(['x5t#S256'], list(seen['cnf']))
        self.claim(files, base.REVOKE, token=token)
        self.assertEqual(401, self.use_token(token, files).status)

    def test_self_signed(self):
        """D04: the certificate of this client needs no chain."""
        self.assert_whole_life_of_client(self.own_files)

    def test_subject(self):
        """D02: a certificate from the CA, by its subject."""
        self.register(tls_client_auth_subject_dn=f'CN={self.user.name}')
        self.assert_whole_life_of_client(self.files)

    def test_unregistered_certificate(self):
        """D04: it is refused, even with the name of a user."""
        for name in ('made by the client itself', self.user.name):
            with self.variant(name):
                other = fixture.self_signed([('CN', name)])
                files = other.write(self.folder, 'other')
                self.assert_refused(self.claim(files))
                # For users, Mutual-TLS still requires a chain.
                self.assert_refused(
                    self.post(base.TOKEN, base.GRANT, files=files)
                )

    def test_impersonating_certificate(self):
        """E04: anyone can create names, including that of the CA."""
        certificate = fixture.CertificateAuthority().client(
            [('CN', self.user.name)]
        )
        files = certificate.write(self.folder, 'impostor')
        self.assert_refused(self.post(base.TOKEN, base.GRANT, files=files))

    def test_unknown_ca(self):
        """D04: it is refused even if registered: it may have been revoked."""
        certificate = fixture.CertificateAuthority().client([('CN', 'other')])
        self.register(certificate=certificate.pem)
        files = certificate.write(self.folder, 'unknown')
        self.assert_refused(self.claim(files))

    def assert_refused(self, answer):
        """Assert that Keystone refuses the client."""
        url = f'{self.stack.url}/v3'
        refused = matchers.IsOAuthError(401, REFUSED, url=url)
        self.assertThat(answer, refused)

    def test_user(self):
        """D11: users with a certificate from the CA are unaffected."""
        self.assert_whole_life(files=self.files)


class NginxSelfSignedTest(SelfSignedTests, base.StackTestCase):
    front_end = 'nginx-uwsgi'
    changes = {
        '    ssl_verify_client      optional;\n': front_ends.snippet(
            'self-signed/nginx.conf'
        ),
    }


class NginxHTTPSelfSignedTest(NginxSelfSignedTest):
    front_end = 'nginx-http'


class ApacheModWSGISelfSignedTest(SelfSignedTests, base.StackTestCase):
    front_end = 'apache-mod_wsgi'
    changes = {
        '    SSLVerifyClient      optional\n': front_ends.snippet(
            'self-signed/apache.conf'
        ),
    }


class ApacheUWSGISelfSignedTest(ApacheModWSGISelfSignedTest):
    front_end = 'apache-uwsgi'


class HAProxySelfSignedTest(SelfSignedTests, base.StackTestCase):
    front_end = 'haproxy'
    changes = {
        front_ends.HAPROXY_BIND: front_ends.snippet('self-signed/haproxy.cfg')
    }
