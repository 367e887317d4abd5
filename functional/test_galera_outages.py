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

"""Members of a Galera cluster leave, fail and return.

No node of Keystone is restarted.
"""

import contextlib
import signal

from functional import base
from functional import galera
from functional import galera_nodes
from functional import traffic
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = 'https://keystone.example.com/v3'
#: Expected statuses other than 200.
REFUSED = {'wrong secret': 401}


class OutageTest(galera_nodes.GaleraTestCase):
    options = {
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': (
                'client_secret_basic,private_key_jwt,tls_client_auth'
            ),
        },
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }

    @classmethod
    def create(cls):
        super().create()
        cls.guessed = cls.identity.create_application_credential(cls.user)
        cls.signer = assertions.Signer(cls.client.id, ISSUER)
        clients.register(
            cls.https().request,
            cls.identity.token_for(cls.user),
            cls.client,
            'key',
            jwk=cls.signer.jwk,
        )

    def traffic(self, number):
        """Return traffic to one of the nodes."""
        url = self.nodes[number].url
        token = self.issue(url=url)
        wrong = self.guessed._replace(secret='wrong')

        def grant(**credentials):
            return self.post(base.TOKEN, base.GRANT, url=url, **credentials)

        return traffic.Traffic(
            {
                'secret': lambda: grant(client=self.client),
                'wrong secret': lambda: grant(client=wrong),
                'certificate': lambda: grant(files=self.files),
                'assertion': lambda: self.https(url=url).request(
                    'POST',
                    base.TOKEN,
                    form={
                        **base.GRANT,
                        'client_assertion_type': assertions.TYPE,
                        'client_assertion': self.signer.assertion(),
                    },
                ),
                'introspection': lambda: self.post(
                    base.INTROSPECT,
                    {'token': token},
                    client=self.client,
                    url=url,
                ),
            }
        )

    def assert_well(self, outcomes):
        """Assert that all responses are as usual."""
        for outcome in outcomes:
            status = REFUSED.get(outcome.kind, 200)
            self.assertEqual(status, outcome.status, outcome)
            if outcome.kind == 'introspection':
                self.assertIs(True, outcome.answer.json['active'])

    def assert_unavailable(self, outcome):
        """Assert a response that asks to try again."""
        self.assertEqual(503, outcome.status, outcome)
        answer = outcome.answer
        self.assertEqual('application/json', answer.headers['Content-Type'])
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertRegex(answer.headers['Retry-After'], r'^[1-9]\d*$')

    def assert_answered(self, outcomes):
        """Assert usual responses, or ones that ask to try again."""
        for outcome in outcomes:
            if outcome.status == 503:
                self.assert_unavailable(outcome)
            else:
                self.assert_well([outcome])

    def assert_outage(self, change, undo):
        """Assert that the second node recovers, and the first works on.

        :param change: makes the member of the second node unavailable.
        :param undo: makes it available again.
        """
        with self.traffic(0) as first, self.traffic(1) as second:
            self.assert_well([*first.go_on(), *second.go_on()])
            change()
            for outcome in second.go_on():
                self.assert_unavailable(outcome)
            self.assert_well(first.go_on())
            undo()
            self.cluster.wait()
            self.assert_well([*first.go_on(), *second.go_on()])
        self.assert_answered([*first.outcomes, *second.outcomes])

    def test_member_is_shut_down(self):
        """It gets what it has missed from the others."""
        member = self.cluster.members[1]
        self.assert_outage(member.stop, member.start)

    def test_member_is_killed(self):
        """It gets all data again."""
        member = self.cluster.members[1]
        self.assert_outage(lambda: member.stop(signal.SIGKILL), member.start)

    def test_majority_is_lost(self):
        """A member without a majority neither reads nor writes."""
        first, *others = self.cluster.members
        with self.traffic(0) as flow:
            self.assert_well(flow.go_on())
            with contextlib.ExitStack() as stack:
                for member in others:
                    stack.enter_context(member.away())
                galera.wait_until(lambda: not first.is_ready())
                for outcome in flow.go_on():
                    self.assert_unavailable(outcome)
            self.cluster.wait()
            self.assert_well(flow.go_on())
        self.assert_answered(flow.outcomes)
        self.assert_whole_life(client=self.client, url=self.nodes[1].url)
