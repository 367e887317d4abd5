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

"""Contents of a token issued for a client secret."""

import datetime

from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

RULES = [
    {'path': '/v2.1/servers', 'method': 'GET', 'service': 'compute'},
    {'path': '/v2.1/images', 'method': 'GET', 'service': 'image'},
]


def soon(seconds):
    """Return a time with a time zone, as the API accepts it."""
    now = timeutils.utcnow().replace(tzinfo=datetime.timezone.utc)
    return now + datetime.timedelta(seconds=seconds)


class TokenBySecretTest(base.KeystoneTestCase):
    def create_credential(self, *arguments, **attributes):
        return self.identity.create_application_credential(
            self.user, *arguments, **attributes
        )

    def create_another(self, answer):
        """Try to create a credential with the token of an answer."""
        return self.keystone.request(
            'POST',
            f'/v3/users/{self.user.id}/application_credentials',
            json={'application_credential': {'name': self.id()}},
            token=answer.json['access_token'],
        )

    def test_token_has_the_delegated_roles_and_project(self):
        """B12: and names the client."""
        client = self.create_credential(['reader'])
        answer = self.post_as(client)
        self.assertThat(answer, matchers.IsAccessToken('reader'))
        token = self.validate(answer)
        self.assertEqual(['application_credential'], token['methods'])
        self.assertEqual(client.id, token['application_credential']['id'])
        self.assertEqual(self.user.id, token['user']['id'])
        self.assertEqual('default', token['user']['domain']['id'])
        self.assertEqual(self.project.id, token['project']['id'])
        self.assertEqual(['reader'], [role['name'] for role in token['roles']])
        self.assertNotIn('oauth2_credential', token)

    def test_keystone_accepts_the_token(self):
        answer = self.keystone.request(
            'GET',
            '/v3/auth/projects',
            token=self.post_as(self.client).json['access_token'],
        )
        self.assertEqual(200, answer.status)
        self.assertEqual(
            [self.project.id],
            [project['id'] for project in answer.json['projects']],
        )

    def test_access_rules_are_in_the_token(self):
        client = self.create_credential(access_rules=RULES)
        token = self.validate(self.post_as(client))
        rules = token['application_credential']['access_rules']
        self.assertCountEqual(
            RULES,
            [
                {name: rule[name] for name in ('path', 'method', 'service')}
                for rule in rules
            ],
        )

    def test_only_an_unrestricted_client_can_delegate_further(self):
        for unrestricted, status in ((False, 403), (True, 201)):
            with self.variant(unrestricted):
                client = self.create_credential(unrestricted=unrestricted)
                answer = self.post_as(client)
                token = self.validate(answer)
                self.assertIs(
                    not unrestricted,
                    token['application_credential']['restricted'],
                )
                self.assertEqual(status, self.create_another(answer).status)

    def test_expires_in_is_the_remaining_life_of_the_token(self):
        """A07: the token expires with its credential."""
        end = soon(60)
        client = self.create_credential(expires_at=end)
        answer = self.post_as(client)
        self.assertThat(
            answer, matchers.IsAccessToken(expires_in=range(50, 61))
        )
        expires_at = self.validate(answer)['expires_at']
        left = timeutils.parse_isotime(expires_at) - end
        self.assertLess(abs(left.total_seconds()), 1)

    def test_expires_in_decreases_towards_the_expiry_of_the_credential(self):
        """A07: from one token of a credential to the next."""
        time = self.useFixture(
            time_fixture.TimeFixture(timeutils.utcnow().replace(microsecond=0))
        )
        client = self.create_credential(expires_at=soon(60))
        for expected in (60, 50, 40):
            self.assertThat(
                self.post_as(client),
                matchers.IsAccessToken(expires_in=[expected]),
            )
            time.advance_time_seconds(10)

    def test_token_is_refused_after_the_credential_has_expired(self):
        time = self.useFixture(time_fixture.TimeFixture())
        client = self.create_credential(expires_at=soon(60))
        value = self.post_as(client).json['access_token']
        time.advance_time_seconds(58)
        self.assertEqual(200, self.identity.validate(value).status)
        time.advance_time_seconds(3)
        self.assertEqual(404, self.identity.validate(value).status)

    def test_token_is_refused_after_the_credential_is_deleted(self):
        client = self.create_credential()
        value = self.post_as(client).json['access_token']
        self.assertEqual(200, self.identity.validate(value).status)
        self.identity.delete_application_credential(self.user, client.id)
        self.assertEqual(404, self.identity.validate(value).status)
        self.assertThat(
            self.post_as(client), matchers.IsOAuthError(401, 'invalid_client')
        )

    def test_each_token_is_new_and_cannot_be_altered(self):
        """A15: only the server can make or alter one."""
        values = [
            self.post_as(self.client).json['access_token'] for _ in range(3)
        ]
        self.assertEqual(3, len(set(values)))
        for place in range(0, len(values[0]) - 2, len(values[0]) // 12):
            other = 'A' if values[0][place] != 'A' else 'B'
            altered = values[0][:place] + other + values[0][place + 1 :]
            with self.variant(place):
                self.assertEqual(404, self.identity.validate(altered).status)

    def test_client_cannot_choose_its_id(self):
        """B12: so it cannot choose the id of a user."""
        answer = self.keystone.request(
            'POST',
            f'/v3/users/{self.user.id}/application_credentials',
            json={
                'application_credential': {
                    'name': self.id(),
                    'id': self.user.id,
                }
            },
            token=self.identity.token_for(self.user),
        )
        self.assertIn(answer.status, (201, 400))
        if answer.status == 201:
            created = answer.json['application_credential']
            self.assertNotEqual(self.user.id, created['id'])


class SignedTokenBySecretTest(TokenBySecretTest):
    """The same with Keystone's JWS tokens."""

    options = {'token': {'provider': 'jws'}}

    def test_token_is_a_jws(self):
        value = self.post_as(self.client).json['access_token']
        self.assertEqual(3, len(value.split('.')))


class InTreeTokenBySecretTest(base.KeystoneTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_expires_in_is_the_option_and_not_the_remaining_life(self):
        """A07: it is an hour, although the token has a minute."""
        client = self.identity.create_application_credential(
            self.user, expires_at=soon(60)
        )
        self.assertEqual(3600, self.post_as(client).json['expires_in'])

    def test_answer_may_be_cached(self):
        """A08: no Cache-Control, no Pragma."""
        answer = self.post_as(self.client)
        self.assertEqual(200, answer.status)
        self.assertNotIn('Cache-Control', answer.headers)
        self.assertNotIn('Pragma', answer.headers)
