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

"""JWT access tokens wherever OpenStack accepts tokens, over TLS.

Each answer is compared with the one to an opaque token of the same client.
"""

import datetime
import time

from keystone_oauth2.tests.integration import doors
from keystone_oauth2.tests.support import forgeries


class DoorsTest(doors.DoorsTestCase):
    """Tokens of a client with a secret."""

    def test_token_is_accepted_like_an_opaque_one(self):
        token, opaque = self.issue_both()
        for name in (
            'X-Auth-Token',
            'X-Subject-Token',
            'X-Subject-Token of itself',
            'auth_token',
            'oauth2_token',
            'external_oauth2_token',
        ):
            with self.variant(name):
                answer = self.doors[name](token, None)
                self.assertEqual(200, answer.status, answer.text)
                self.assertEqual(
                    self.comparable(self.doors[name](opaque, None)),
                    self.comparable(answer),
                )
        answer = self.doors['introspection'](token, None)
        self.assertIs(True, answer.json['active'])
        for name in doors.BOUND:
            with self.variant(name):
                answer = self.doors[name](token, self.files)
                self.assertEqual(401, answer.status, answer.text)

    def test_forged_token_is_refused_like_an_opaque_one(self):
        """H05: whatever is wrong with it."""
        token, opaque = self.issue_both()
        expected = self.ask_all(doors.tampered(opaque))
        for problem, forged in forgeries.forged(
            self.keystone.folder, token, self.issue()
        ).items():
            with self.variant(problem):
                self.assert_refused_like(expected, forged)

    def test_revoked_token_is_refused_like_an_opaque_one(self):
        """G09: at once."""
        for revoke in (self.identity.revoke, self.revoke):
            with self.variant(revoke):
                token, opaque = self.issue_both()
                for one in (token, opaque):
                    self.assertEqual(200, self.call('basic', one).status)
                    revoke(one)
                self.assert_refused_like(self.ask_all(opaque), token)

    def test_token_without_grounds_is_refused_like_an_opaque_one(self):
        """G03: its client, user, project or role is gone."""
        for change in (
            lambda user, client: self.identity.delete_application_credential(
                user, client.id
            ),
            lambda user, _client: self.identity.disable(user),
            lambda user, _client: self.identity.update(
                user, password='another-password'
            ),
            lambda user, _client: self.identity.disable(self.its_project),
            lambda user, _client: self.identity.unassign(user, 'reader'),
        ):
            self.its_project = self.identity.create_project()
            user = self.identity.create_user(self.its_project, ['reader'])
            client = self.identity.create_application_credential(user)
            with self.variant(change):
                token, opaque = self.issue_both(client)
                for one in (token, opaque):
                    self.assertEqual(200, self.call('basic', one).status)
                change(user, client)
                self.assert_refused_like(self.ask_all(opaque), token)

    def test_expired_token_is_refused_like_an_opaque_one(self):
        """A07: except for a service that is allowed to use it."""
        end = datetime.datetime.now(datetime.timezone.utc)
        end += datetime.timedelta(seconds=15)
        client = self.identity.create_application_credential(
            self.user, expires_at=end
        )
        token, opaque = self.issue_both(client)
        service_client = self.identity.create_application_credential(
            self.service_user
        )
        service_token = self.issue(service_client)
        # The clock of another process cannot be set.
        while datetime.datetime.now(datetime.timezone.utc) <= end:
            time.sleep(0.1)
        self.assert_refused_like(self.ask_all(opaque), token)
        for one in (token, opaque):
            answer = self.https(url=self.example_service.url).request(
                'GET',
                '/token',
                token=one,
                headers={'X-Service-Token': service_token},
            )
            self.assertEqual(200, answer.status, answer.text)


class DoorsWithJWSTest(DoorsTest):
    """Where the opaque tokens are Keystone's own JWTs."""

    provider = 'oauth2_jws'


class BoundDoorsTest(doors.DoorsTestCase):
    """D07: tokens that are bound to a certificate."""

    def setUp(self):
        super().setUp()
        self.own = self.certificate_files(self.user, 'own')
        self.other = self.certificate_files(self.user, 'other')
        self.registered = self.identity.create_application_credential(
            self.user
        )

    def assert_accepted(self, token, files):
        """Assert that a token is accepted everywhere with a certificate."""
        for name, present in self.doors.items():
            if name in ('X-Subject-Token, no caller', 'token to exchange'):
                continue
            with self.variant(name):
                answer = present(token, files)
                self.assertEqual(200, answer.status, answer.text)

    def assert_bound(self, token, files):
        """Assert that Keystone and the services require a certificate."""
        for name in ('X-Auth-Token', 'token to exchange', *doors.BOUND):
            with self.variant(name):
                answer = self.doors[name](token, files)
                self.assertEqual(401, answer.status, answer.text)

    def issue_registered(self):
        """Return a token of a client with a registered certificate."""
        self.register(
            self.user,
            self.registered,
            'certificate',
            certificate=self.pem(self.own),
        )
        answer = self.https(self.own).request(
            'POST',
            '/v3/OS-OAUTH2/token',
            form={
                'grant_type': 'client_credentials',
                'client_id': self.registered.id,
            },
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def pem(self, files):
        """Return a certificate from its file."""
        with open(files[0]) as file:
            return file.read()

    def test_token_of_a_client_needs_its_certificate(self):
        """D06: on a site with Fernet tokens, too."""
        token = self.issue_registered()
        self.assert_accepted(token, self.own)
        for files in (None, self.other):
            with self.variant(files):
                self.assert_bound(token, files)

    def test_token_of_a_user_is_accepted_like_an_opaque_one(self):
        token, opaque = self.issue_both(files=self.own)
        self.assert_accepted(token, self.own)
        for files in (None, self.own, self.other):
            for name, present in self.doors.items():
                # An answer about a JWT also has its audience.
                if name == 'introspection':
                    continue
                with self.variant((files, name)):
                    self.assertEqual(
                        self.comparable(present(opaque, files)),
                        self.comparable(present(token, files)),
                    )

    def test_forged_token_is_refused_like_an_opaque_one(self):
        """H05: even with the certificate that it names."""
        token, opaque = self.issue_both(files=self.own)
        expected = self.ask_all(doors.tampered(opaque), self.own)
        for problem, forged in forgeries.forged(
            self.keystone.folder, token, self.issue(files=self.own)
        ).items():
            with self.variant(problem):
                self.assert_refused_like(expected, forged, self.own)

    def test_revoked_token_is_refused_like_an_opaque_one(self):
        """G09: at once."""
        token, opaque = self.issue_both(files=self.own)
        for one in (token, opaque):
            self.identity.revoke(one)
        expected = self.ask_all(opaque, self.own)
        self.assert_refused_like(expected, token, self.own)
