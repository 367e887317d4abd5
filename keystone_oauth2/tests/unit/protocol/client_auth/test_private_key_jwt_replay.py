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

"""Each client assertion is accepted once (RFC 7523, 3)."""

import datetime
import time

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class OnceTest(jwts.PrivateKeyJWTTestCase):
    def test_assertion_can_be_used_only_once(self):
        """C06: neither it nor another one with that jti is accepted again."""
        first = jwts.sign(jwts.HEADER, jwts.claims())
        self.assertEqual('client', self.verify(first).id)
        for again in (
            first,
            jwts.sign(jwts.HEADER, jwts.claims(exp=time.time() + 90)),
        ):
            error = self.assert_raises(ports.Refused, self.verify, again)
            self.assertIn('already used', str(error))
        self.assertEqual(
            'client',
            self.verify(jwts.sign(jwts.HEADER, jwts.claims(jti='2'))).id,
        )

    def test_clients_may_use_the_same_jti(self):
        """C06: a jti belongs to its client."""
        other = jwts.claims(iss='other', sub='other')
        for _ in range(2):
            self.replay_cache.consumed.pop(
                ('client_assertion', 'client', 'jti'), None
            )
            self.assertEqual(
                'client',
                self.verify(jwts.sign(jwts.HEADER, jwts.claims())).id,
            )
        self.assertEqual(
            'other',
            self.verify(jwts.sign(jwts.HEADER, other, jwts.OTHER_SIGNER)).id,
        )

    def test_assertion_is_remembered_until_it_expires(self):
        """C06: in UTC."""
        end = int(time.time()) + 60
        for sent in (end, str(end), float(end)):
            with self.variant(sent):
                self.assert_holds(jwts.claims(exp=sent))
                remembered = self.replay_cache.consumed[
                    'client_assertion', 'client', 'jti'
                ]
                self.assertIsNone(remembered.tzinfo)
                self.assertEqual(
                    end,
                    remembered.replace(
                        tzinfo=datetime.timezone.utc
                    ).timestamp(),
                )

    def test_use_of_a_key_is_recorded_once_for_each_assertion(self):
        """C06: a replay is not recorded."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        self.authenticate(assertion)
        self.assert_raises(errors.InvalidClient, self.authenticate, assertion)
        self.assertEqual(1, len(self.clients.uses))

    def test_invalid_assertion_is_not_used_up(self):
        """C06: otherwise an attacker could block a client's jti."""
        forged = jwts.sign(jwts.HEADER, jwts.claims(), jwts.OTHER_SIGNER)
        for _ in range(2):
            self.assert_raises(ports.Refused, self.verify, forged)
        self.assertEqual(
            'client',
            self.verify(jwts.sign(jwts.HEADER, jwts.claims())).id,
        )
