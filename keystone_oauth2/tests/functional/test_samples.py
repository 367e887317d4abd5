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

"""The samples of the API reference equal real answers."""

import re
import sqlite3
import time
import urllib.parse

import jwt

from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

REQUEST_ID = re.compile(r'req-[0-9a-f-]{36}')


class ErrorSamplesTest(mutual_tls.MutualTLSTestCase):
    options = {
        'oauth2': {'oauth2_authn_methods': ['client_secret_basic']},
        'oauth2_limits': {'client_failures': '2/hour'},
    }

    def answers(self):
        """Return a real answer for each sample, by name."""
        post = self.post_as
        client = self.client
        grant = base.GRANT
        body = f'client_id={client.id}&client_secret={client.secret}'
        return {
            'invalid-client': self.post(),
            'invalid-scope': post(client, f'{grant}&scope=admin'),
            'malformed': post(client, f'{grant}&x=%'),
            'media-type': post(client, headers={'Content-Type': 'x/y'}),
            'method-not-allowed': self.keystone.request('GET', base.TOKEN),
            'missing-parameter': post(client, ''),
            'narrower-scope': post(client, f'{grant}&scope=reader'),
            'not-found': self.post(path='/v3/OS-OAUTH2/nothing'),
            'query': post(client, path=f'{base.TOKEN}?x=y'),
            'repeated-parameter': post(client, f'{grant}&{grant}'),
            'too-large': post(client, 'x' * 20000),
            'too-many-requests': self.fail_often(),
            'two-methods': post(client, f'{grant}&{body}'),
            'unsupported-grant-type': post(client, 'grant_type=password'),
        }

    def fail_often(self):
        other = self.identity.create_application_credential(self.user)
        for _ in range(2):
            self.post_as((other.id, 'wrong'))
        return self.post_as((other.id, 'wrong'))

    def test_error_answers_equal_the_samples(self):
        """A13: each error of the reference."""
        for name, answer in self.answers().items():
            with self.variant(name):
                self.assertEqual(
                    samples.read(f'error-{name}.json'), answer.json
                )

    def test_every_sample_of_an_error_is_compared(self):
        elsewhere = {
            'cannot-be-bound',
            'invalid-target',
            'server-error',
            'unauthorized-client',
            'unavailable',
        }
        self.assertEqual(
            {path.name for path in samples.FOLDER.glob('error-*.json')},
            {
                f'error-{name}.json'
                for name in self.answers().keys() | elsewhere
            },
        )


class DeniedSampleTest(base.KeystoneTestCase):
    policy = {'identity:create_oauth2_access_token': '!'}

    def test_denied_client(self):
        answer = self.post_as(self.client)
        self.assertEqual(
            samples.read('error-unauthorized-client.json'), answer.json
        )


class CannotBeBoundSampleTest(mutual_tls.MutualTLSTestCase):
    """With Fernet tokens, the default."""

    @classmethod
    def create(cls):
        super().create()
        subject = {'tls_client_auth_subject_dn': f'CN={cls.user.name}'}
        answer = cls.keystone.request(
            'POST',
            f'/v3/OS-OAUTH2/clients/{cls.client.id}/certificates',
            json={'certificate': subject},
            token=cls.identity.token_for(cls.user),
        )
        assert answer.status == 201, answer.text

    def test_certificate_of_an_application_credential(self):
        """D06: an unbound token is not issued instead."""
        answer = self.post_with(self.certificate, self.client)
        self.assertEqual(400, answer.status)
        self.assertEqual(
            samples.read('error-cannot-be-bound.json'), answer.json
        )


class DefectSampleTest(base.KeystoneTestCase):
    """A Keystone without keys, and one without its tables."""

    def test_server_error_has_only_the_request_id(self):
        """A13, A14: the traceback is only in the log."""
        keys = self.keystone.folder / 'fernet-keys'
        elsewhere = keys.rename(self.keystone.folder / 'elsewhere')
        self.addCleanup(elsewhere.rename, keys)
        answer = self.post_as(self.client)
        self.assertThat(answer, matchers.IsOAuthError(500, 'server_error'))
        request_id = answer.headers['x-openstack-request-id']
        expected = samples.read('error-server-error.json')
        expected['error_description'] = REQUEST_ID.sub(
            request_id, expected['error_description']
        )
        self.assertEqual(expected, answer.json)
        self.assertIn('Traceback', self.log)
        self.assertIn(request_id, self.log)

    def test_database_failure_is_reported_as_unavailable(self):
        database = sqlite3.connect(self.keystone.folder / 'keystone.db')
        self.addCleanup(database.close)
        rename = 'ALTER TABLE {} RENAME TO {}'.format
        names = 'application_credential', 'elsewhere'
        database.execute(rename(*names))
        self.addCleanup(database.execute, rename(*reversed(names)))
        answer = self.post_as(self.client)
        self.assertEqual(503, answer.status)
        self.assertEqual('5', answer.headers['Retry-After'])
        self.assertEqual(samples.read('error-unavailable.json'), answer.json)
        self.assertNotIn('application_credential', answer.text)


class TokenSamplesTest(mutual_tls.MutualTLSTestCase):
    options = {
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com:5000'},
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'private_key_jwt',
                'tls_client_auth',
            ]
        },
    }

    def send(self, name, **replaced):
        """Send the request of a sample, with ids that exist here."""
        head, _, body = samples.read(name).partition('\n\n')
        line, *fields = head.splitlines()
        headers = dict(field.split(': ', 1) for field in fields)
        headers.pop('Host')
        if 'Authorization' in headers:
            headers['Authorization'] = base.basic(*self.client)
        form = dict(urllib.parse.parse_qsl(body.strip()))
        self.assertLessEqual(replaced.keys(), form.keys())
        method, path, _ = line.split()
        return self.keystone.request(
            method,
            path,
            headers=headers,
            body=urllib.parse.urlencode({**form, **replaced}),
            environ=mutual_tls.verified(self.certificate)
            if 'certificate' in name
            else {},
        )

    def assert_like(self, name, answer):
        """Assert that an answer differs only in the token."""
        self.assertEqual(200, answer.status, answer.text)
        expected = samples.read(name)
        found = answer.json
        self.assertEqual(list(expected), list(found))
        for member in ('token_type', 'scope'):
            self.assertEqual(expected.get(member), found.get(member))
        self.assertAlmostEqual(
            expected['expires_in'], found['expires_in'], delta=3
        )
        self.assertRegex(found['access_token'], r'\AgAAAAA')

    def test_client_secret(self):
        self.assert_like(
            'token-create-secret-response.json',
            self.send('token-create-secret-request.txt'),
        )

    def test_client_secret_in_the_body(self):
        self.assert_like(
            'token-create-secret-response.json',
            self.send(
                'token-create-post-request.txt',
                client_id=self.client.id,
                client_secret=self.client.secret,
            ),
        )

    def test_client_certificate(self):
        self.assert_like(
            'token-create-certificate-response.json',
            self.send(
                'token-create-certificate-request.txt', client_id=self.user.id
            ),
        )

    def sign(self, header, claims):
        """Return an assertion of a client whose key is registered first."""
        key = assertions.new_key(header['alg'])
        jwk = {**assertions.jwk(key, header['alg']), 'kid': header['kid']}
        answer = self.keystone.request(
            'POST',
            f'/v3/OS-OAUTH2/clients/{self.client.id}/keys',
            json={'key': {'jwk': jwk}},
            token=self.identity.token_for(self.user),
        )
        self.assertEqual(201, answer.status, answer.text)
        now = int(time.time())
        own = {
            'iss': self.client.id,
            'sub': self.client.id,
            'iat': now,
            'exp': now + claims['exp'] - claims['iat'],
        }
        self.assertLessEqual(own.keys(), claims.keys())
        return jwt.encode({**claims, **own}, key, header['alg'], header)

    def test_client_assertion(self):
        """C01: C02, C03, C04, with the claims of the sample."""
        name = 'token-create-assertion-{}'.format
        request = samples.read(name('request.txt'))
        assertion = request.rpartition('client_assertion=')[2].strip()
        shown = jwt.decode_complete(
            assertion, options={'verify_signature': False}
        )
        header = samples.read(name('header.json'))
        claims = samples.read(name('claims.json'))
        self.assertEqual(header, shown['header'])
        self.assertEqual(claims, shown['payload'])
        self.assert_like(
            'token-create-secret-response.json',
            self.send(
                name('request.txt'),
                client_assertion=self.sign(header, claims),
            ),
        )

    def test_scope(self):
        self.assert_like(
            'token-create-scope-response.json',
            self.send('token-create-scope-request.txt'),
        )

    def test_every_sample_of_a_token_is_compared(self):
        self.assertEqual(
            {
                'token-create-assertion-claims.json',
                'token-create-assertion-header.json',
                'token-create-assertion-request.txt',
                'token-create-certificate-request.txt',
                'token-create-certificate-response.json',
                'token-create-post-request.txt',
                'token-create-scope-request.txt',
                'token-create-scope-response.json',
                'token-create-secret-request.txt',
                'token-create-secret-response.json',
            },
            {path.name for path in samples.FOLDER.glob('token-*')},
        )
