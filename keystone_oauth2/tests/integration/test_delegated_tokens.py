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

"""What Keystone lets a token of a client do at its own API.

Keystone restricts tokens that stand for a delegation, and each release has
other rules. They are the same for JWTs.
"""

import functools
import uuid

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import two_formats


class DelegatedTokensTest(
    two_formats.TwoFormats, authorization_server.AuthorizationServerTestCase
):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_project = cls.identity.create_project()
        cls.identity.assign(cls.user, 'reader', cls.other_project)
        cls.foreign_project = cls.identity.create_project()
        cls.other_user = cls.identity.create_user(cls.project, ['reader'])
        cls.unrestricted = cls.identity.create_application_credential(
            cls.user, unrestricted=True
        )

    @functools.cached_property
    def pairs(self):
        """A JWT and an opaque token for each way to get one."""
        return {
            'secret': (*self.issue_both(), None),
            'unrestricted': (*self.issue_both(self.unrestricted), None),
            'certificate': (*self.issue_both(files=self.files), self.files),
        }

    def assert_alike(self, send):
        """Assert that Keystone answers both formats alike.

        :param send: sends a request with a token, and perhaps a certificate.
        """
        for way, (token, opaque, files) in self.pairs.items():
            with self.variant(way):
                self.assertEqual(
                    self.comparable(send(opaque, files)),
                    self.comparable(send(token, files)),
                )

    def test_exchange_for_another_token(self):
        """For each scope, and for none."""
        trust_id = self.create_trust()
        for scope in (
            {},
            {'scope': 'unscoped'},
            {'scope': {'project': {'id': self.project.id}}},
            {'scope': {'project': {'id': self.other_project.id}}},
            {'scope': {'project': {'id': self.foreign_project.id}}},
            {'scope': {'domain': {'id': 'default'}}},
            {'scope': {'system': {'all': True}}},
            {'scope': {'OS-TRUST:trust': {'id': trust_id}}},
        ):
            with self.variant(scope):
                self.assert_alike(
                    lambda token, files, scope=scope: self.exchange(
                        token, files, **scope
                    )
                )

    def create_trust(self):
        """Return the id of a trust of another user in this one."""
        answer = self.trust(
            self.identity.token_for(self.other_user),
            trustor_user_id=self.other_user.id,
            trustee_user_id=self.user.id,
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.json['trust']['id']

    def trust(self, token, files=None, **users):
        """Create a trust with a token."""
        return self.https(files).request(
            'POST',
            '/v3/OS-TRUST/trusts',
            json={
                'trust': {
                    **users,
                    'impersonation': True,
                    'project_id': self.project.id,
                    'roles': [{'name': 'reader'}],
                }
            },
            token=token,
        )

    def test_new_trust(self):
        self.assert_alike(
            lambda token, files: self.trust(
                token,
                files,
                trustor_user_id=self.user.id,
                trustee_user_id=self.other_user.id,
            )
        )

    def test_new_application_credential(self):
        """With a restricted client's token, Keystone refuses it."""
        self.assert_alike(
            lambda token, files: self.https(files).request(
                'POST',
                f'/v3/users/{self.user.id}/application_credentials',
                json={'application_credential': {'name': uuid.uuid4().hex}},
                token=token,
            )
        )

    def test_new_ec2_credential(self):
        self.assert_alike(
            lambda token, files: self.https(files).request(
                'POST',
                f'/v3/users/{self.user.id}/credentials/OS-EC2',
                json={'tenant_id': self.project.id},
                token=token,
            )
        )

    def test_what_can_be_read(self):
        user = f'/v3/users/{self.user.id}'
        for path in (
            '/v3/auth/catalog',
            '/v3/auth/domains',
            '/v3/auth/projects',
            '/v3/auth/system',
            '/v3/OS-TRUST/trusts',
            '/v3/credentials',
            f'/v3/projects/{self.project.id}',
            '/v3/users',
            user,
            f'{user}/application_credentials/{self.client.id}',
            f'{user}/credentials/OS-EC2',
            f'{user}/projects',
        ):
            with self.variant(path):
                self.assert_alike(
                    lambda token, files, path=path: self.https(files).request(
                        'GET', path, token=token
                    )
                )

    def test_answers_have_content(self):
        """Equal answers would be worth little if all were refusals."""
        token, _ = self.issue_both()
        for path, member in (
            ('/v3/auth/catalog', 'catalog'),
            ('/v3/auth/projects', 'projects'),
        ):
            with self.variant(path):
                answer = self.https().request('GET', path, token=token)
                self.assertEqual(200, answer.status, answer.text)
                self.assertTrue(answer.json[member])


class DelegatedTokensWithJWSTest(DelegatedTokensTest):
    """Where the opaque tokens are Keystone's own JWTs."""

    provider = 'oauth2_jws'
