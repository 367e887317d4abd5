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

"""Each change that revokes tokens, through another worker."""

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import revocation_causes
from keystone_oauth2.tests.support import jwts


class RevocationEventsTest(
    revocation_causes.Causes, authorization_server.AuthorizationServerTestCase
):
    """Two processes on one database: one is changed, the other one asked."""

    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.keystone.start_node()
        cls.bystander = (
            cls.https()
            .request(
                'POST',
                '/v3/OS-OAUTH2/token',
                form={
                    'grant_type': 'client_credentials',
                    'client_id': cls.client.id,
                    'client_secret': cls.client.secret,
                },
            )
            .json['access_token']
        )

    def events(self):
        """Return the events at the other node."""
        answer = self.https(url=self.other.url).request(
            'GET', jwts.EVENTS, token=self.identity.admin_token()
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['revocation_events']

    def status(self):
        """Return the status that a service gets for it at the other node."""
        return (
            self.https(url=self.other.url)
            .request(
                'GET',
                '/v3/auth/tokens',
                token=self.identity.admin_token(),
                headers={'X-Subject-Token': self.token},
            )
            .status
        )

    def assert_revoked_by(self, change, *ids, spares_others=True):
        """Assert that after a change the token is revoked everywhere.

        :param change: is made at the first node.
        :param ids: names of those in the new event.
        :param spares_others: whether a token of another user remains valid.
        """
        known = self.events()
        # Those without ids are of other tests.
        self.assertFalse(
            [e for e in self.concerned(known, self.token) if len(e) > 1]
        )
        self.assertEqual(200, self.status())
        change()
        new = [event for event in self.events() if event not in known]
        concerned = list(self.concerned(new, self.token))
        self.assertIn({*ids, 'issued_before'}, [set(e) for e in concerned])
        self.assertEqual(404, self.status())
        others = list(self.concerned(new, self.bystander))
        self.assertEqual(spares_others, not others, others)

    @staticmethod
    def concerned(events, token):
        return (event for event in events if jwts.concerns(event, token))
