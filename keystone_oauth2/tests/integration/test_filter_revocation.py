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

"""Tokens that a filter has accepted, and that are revoked then."""

import pathlib

from keystone_oauth2.tests.integration import misbehaving
from keystone_oauth2.tests.integration import revocation_causes
from keystone_oauth2.tests.support import jwts

#: Seconds, the least for the age of the list of events.
SHORT = 2


class CausesTest(revocation_causes.Causes, misbehaving.GatewayTestCase):
    """I09, I11: a remembered token is refused soon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = cls.use(misbehaving.Gateway(cls.keystone))
        cls.subject = None

    def setUp(self):
        if self.subject is not None:
            self.token_of_a_bystander()
        super().setUp()
        if self.subject is None:
            type(self).subject = self.behind_gateway(self.gateway, shared=True)

    @property
    def certificate(self):
        """The variables of the TLS front end for the owner's client."""
        if self.owner_files is None:
            return {}
        return {
            'SSL_CLIENT_CERT': pathlib.Path(self.owner_files[0]).read_text(),
            'SSL_CLIENT_VERIFY': 'SUCCESS',
        }

    def token_of_a_bystander(self):
        """Return a token of another user, which the filter has accepted.

        One that was issued in the five seconds after a change for all tokens,
        in another test, may have been revoked by it.
        """
        found = []

        def is_accepted_offline():
            found.append(self.issue())
            self.assertEqual(200, self.subject.use(found[-1]))
            before = self.subject.gateway.count(misbehaving.TOKENS)
            self.assertEqual(200, self.subject.use(found[-1]))
            return before == self.subject.gateway.count(misbehaving.TOKENS)

        self.wait_until(is_accepted_offline, 'Keystone is not asked')
        return found[-1]

    def assert_revoked_by(self, change, *ids, spares_others=True):
        """Assert that after a change the token is refused soon.

        :param change: is made at Keystone.
        """
        bystander = self.token_of_a_bystander()
        self.subject.use(self.token, environ=self.certificate)
        self.assert_accepted_offline(
            self.subject, self.token, environ=self.certificate
        )
        change()
        self.wait_for_status(
            401, self.subject, self.token, (200,), self.certificate
        )
        self.assertEqual(200, self.subject.use(bystander))
        if spares_others:
            self.assert_accepted_offline(self.subject, bystander)

    def roles(self):
        """Return what the service sees of the roles in the token."""
        self.assertEqual(
            200, self.subject.use(self.token, environ=self.certificate)
        )
        return set(self.subject.service.environ['HTTP_X_ROLES'].split(','))

    def test_one_of_two_roles_taken_away(self):
        """I09, I11: the service sees the other one only."""
        self.use_certificate('member', 'reader')
        self.assertEqual({'member', 'reader'}, self.roles())
        self.assert_accepted_offline(
            self.subject, self.token, environ=self.certificate
        )
        self.identity.unassign(self.owner, 'member')
        self.wait_until(
            lambda: self.roles() == {'reader'}, 'the service sees one role'
        )
        self.assertEqual({'reader'}, self.roles())

    def test_token_that_was_never_seen(self):
        """I09: it is refused as well."""
        self.assertEqual(200, self.subject.use(self.issue(self.own)))
        self.revoke(self.token, self.own)
        other = self.issue(self.own)
        self.wait_for_status(401, self.subject, self.token, (200,))
        self.assertEqual(200, self.subject.use(other))


class AgeTest(misbehaving.GatewayTestCase):
    """I09: the list of revocation events becomes too old."""

    def setUp(self):
        super().setUp()
        self.known, self.new = self.issue(), self.issue()

    def start(self, **options):
        """Return a service whose filter knows one of the tokens."""
        client = self.behind_gateway(http_connect_timeout=10, **options)
        self.assertEqual(200, client.use(self.known))
        self.assert_accepted_offline(client, self.known)
        return client

    def test_keystone_is_asked_meanwhile(self):
        """I09: about each token, until there is a list again."""
        client = self.start(oauth2_events_max_age=SHORT)
        gateway = client.gateway
        gateway.misbehave(misbehaving.status(500), jwts.EVENTS)

        def is_asked():
            before = gateway.count(misbehaving.TOKENS)
            self.assertEqual(200, client.use(self.known))
            return gateway.count(misbehaving.TOKENS) > before

        self.wait_until(is_asked, 'Keystone is asked')
        for token in (self.known, self.new, self.known, self.new):
            before = gateway.count(misbehaving.TOKENS)
            self.assertEqual(200, client.use(token))
            self.assertEqual(before + 1, gateway.count(misbehaving.TOKENS))
        self.revoke(self.new)
        self.assertEqual(401, client.use(self.new))
        gateway.recover()
        self.wait_until(lambda: not is_asked(), 'there is a list again')
        self.assertEqual(401, client.use(self.new))
        self.assert_accepted_offline(client, self.known)

    def test_keystone_is_away(self):
        """I05, I09: tokens are accepted until then, and 503 after it."""
        subjects = [
            self.start(oauth2_events_max_age=10, delay_auth_decision=delay)
            for delay in (False, True)
        ]
        for client in subjects:
            client.gateway.stop()
            self.assertEqual(200, client.use(self.known))
            self.assertEqual(200, client.use(self.new))
        for client in subjects:
            for token in (self.known, self.new):
                self.wait_for_status(503, client, token, (200,))
                self.assert_unavailable(client, token)
            client.gateway.start()
            for token in (self.known, self.new):
                self.wait_for_status(200, client, token, (503,))
