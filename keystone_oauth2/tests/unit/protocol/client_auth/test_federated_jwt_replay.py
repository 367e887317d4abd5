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

"""A JWT of an issuer that issues one per job is accepted once."""

import datetime
import time

from keystone_oauth2.tests.unit.protocol.client_auth import federated
from keystone_oauth2.tests.unit.protocol.federation import issuers


class OnceTest(federated.FederatedTestCase):
    def setUp(self):
        super().setUp()
        self.once = issuers.trusted('once', is_once=True)
        self.issuers.remove('issuer')
        self.issuers.add(self.once)
        self.clients.add('second')
        for client_id in ('client', 'second'):
            self.register(self.once, client_id=client_id)
        self.token = issuers.KEY.sign(issuers.claims(jti='1'))

    def test_assertion_can_be_used_only_once(self):
        """C06: nor can another one with that jti."""
        self.authenticate(self.token)
        again = issuers.KEY.sign(issuers.claims(jti='1', x='y'))
        for token in (self.token, again):
            self.assert_refused('the assertion was already used', token)
        self.authenticate(issuers.KEY.sign(issuers.claims(jti='2')))

    def test_assertion_can_be_used_by_one_client_only(self):
        """C06: a jti belongs to its issuer, not to the client."""
        self.authenticate(self.token, 'second')
        self.assert_refused('client client: the assertion was', self.token)

    def test_issuers_may_use_the_same_jti(self):
        """C06: as may a client with keys."""
        other = issuers.trusted(
            'other',
            issuer='https://other.example.com',
            is_once=True,
        )
        self.issuers.add(other)
        self.register(other)
        self.authenticate(self.token)
        self.authenticate(
            issuers.KEY.sign(issuers.claims(iss=other.issuer, jti='1'))
        )
        self.assertEqual(
            {
                ('federated_jwt', issuers.ISSUER, '1'),
                ('federated_jwt', other.issuer, '1'),
            },
            set(self.replay_cache.consumed),
        )

    def test_assertion_can_be_used_with_one_entry_of_an_issuer_only(self):
        """C06: the operator may have made several, with the same keys."""
        again = issuers.trusted('again', is_once=True)
        self.issuers.add(again)
        self.clients.add('third')
        self.register(again, client_id='third')
        self.authenticate(self.token)
        self.assert_refused('already used', self.token, 'third')

    def test_assertion_that_does_not_match_is_not_used_up(self):
        """C06: otherwise, an attacker could use up those of others."""
        self.clients.add('third')
        self.register(self.once, 'another', 'third')
        self.clients.add('fourth')
        for client_id in ('third', 'fourth', 'unknown'):
            with self.variant(client_id):
                self.assert_refused('', self.token, client_id)
        self.assert_refused(
            '', issuers.OTHER_KEY.sign(issuers.claims(jti='1'), kid='key')
        )
        self.authenticate(self.token)

    def test_assertion_without_an_id_is_refused(self):
        """C06: it could be used again."""
        self.assert_refused(
            'jti is missing', issuers.KEY.sign(issuers.claims(jti=None))
        )

    def test_assertion_is_remembered_until_it_expires(self):
        """C06: in UTC."""
        end = int(time.time()) + 60
        self.authenticate(issuers.KEY.sign(issuers.claims(jti='2', exp=end)))
        (remembered,) = self.replay_cache.consumed.values()
        self.assertIsNone(remembered.tzinfo)
        utc = remembered.replace(tzinfo=datetime.timezone.utc)
        self.assertEqual(end, utc.timestamp())


class ReusableTest(federated.FederatedTestCase):
    def test_assertion_of_other_issuers_can_be_used_again(self):
        """C10: Kubernetes gives one to a pod for an hour, maybe with a jti."""
        self.register()
        for jti in ('1', None):
            token = issuers.KEY.sign(issuers.claims(jti=jti))
            for _ in range(2):
                self.assertEqual('client', self.authenticate(token).id)
        self.assertEqual({}, self.replay_cache.consumed)

    def test_issuer_that_is_changed_later_is_once_from_then_on(self):
        """C06: the operator decides, not the identity."""
        self.register()
        token = issuers.KEY.sign(issuers.claims())
        self.authenticate(token)
        self.issuers.add(issuers.trusted(is_once=True))
        self.authenticate(token)
        self.assert_refused('already used', token)
