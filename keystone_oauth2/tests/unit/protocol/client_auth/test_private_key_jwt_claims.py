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

"""The parties, the audience and the id in a client assertion (RFC 7523, 3)."""

import dataclasses

from keystone_oauth2.protocol import errors
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class PartiesTest(jwts.PrivateKeyJWTTestCase):
    def test_issuer_and_subject_must_both_be_the_client(self):
        """C02: one of them is not enough."""
        for changed in (
            jwts.without('iss'),
            jwts.claims(iss='other'),
            jwts.claims(sub='other'),
            jwts.claims(iss=jwts.ISSUER),
            jwts.claims(iss=None),
            jwts.claims(iss=['client']),
            jwts.claims(iss={}),
            jwts.claims(iss='Client'),
        ):
            with self.variant(changed):
                self.assert_refused('iss differs from sub', changed)
                self.assert_client_refused('iss differs from sub', changed)

    def test_client_id_in_the_body_must_be_the_same(self):
        """C02: it may be omitted, but must not differ."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        for form in ({}, {'client_id': 'client'}):
            with self.variant(form):
                self.replay_cache.consumed.clear()
                self.assertEqual(
                    'client', self.authenticate(assertion, **form).id
                )
        self.replay_cache.consumed.clear()
        for client_id, reason in (
            ('other', 'sub differs from client_id'),
            ('CLIENT', 'unknown client'),
            ('client ', 'unknown client'),
        ):
            with self.variant(client_id):
                error = self.assert_raises(
                    errors.InvalidClient,
                    lambda client_id=client_id: self.authenticate(
                        assertion, client_id=client_id
                    ),
                )
                self.assertIn(reason, error.detail)
                self.assertEqual({}, self.replay_cache.consumed)

    def test_subject_must_be_the_client_id_in_the_body(self):
        """C02: whatever the claim is."""
        for subject in (None, '', 1, ['client'], {}, 'a\0b', '\ud800'):
            with self.variant(subject):
                assertion = jwts.sign(jwts.HEADER, jwts.claims(sub=subject))
                error = self.assert_raises(
                    errors.InvalidClient,
                    lambda assertion=assertion: self.authenticate(
                        assertion, client_id='client'
                    ),
                )
                self.assertIn('sub differs from client_id', error.detail)


class AudienceTest(jwts.PrivateKeyJWTTestCase):
    def test_issuer_is_the_only_audience(self):
        """C03: as a string, or as a list with one item."""
        for audience in (jwts.ISSUER, [jwts.ISSUER]):
            with self.variant(audience):
                self.assert_holds(jwts.claims(aud=audience))

    def test_any_other_audience_is_refused(self):
        """C03: the issuer among other audiences is refused, too."""
        self.assert_refused('aud', jwts.without('aud'))
        for audience in (
            '',
            'https://another.example.com/v3',
            jwts.TOKEN_ENDPOINT,
            [jwts.TOKEN_ENDPOINT],
            [jwts.ISSUER, jwts.TOKEN_ENDPOINT],
            [jwts.TOKEN_ENDPOINT, jwts.ISSUER],
            [jwts.ISSUER, jwts.ISSUER],
            [],
            [[jwts.ISSUER]],
            {jwts.ISSUER: jwts.ISSUER},
            f'{jwts.ISSUER}/',
            f'{jwts.ISSUER} {jwts.TOKEN_ENDPOINT}',
            jwts.ISSUER.upper(),
            jwts.ISSUER.replace('https', 'http'),
            'client',
            '\ud800',
            None,
            True,
            1,
        ):
            with self.variant(audience):
                self.assert_refused('aud', jwts.claims(aud=audience))

    def test_token_endpoint_is_accepted_if_the_operator_allows_it(self):
        """C03: still as a single audience."""
        self.rules = dataclasses.replace(
            self.rules,
            audiences=frozenset([jwts.ISSUER, jwts.TOKEN_ENDPOINT]),
        )
        for audience in (
            jwts.ISSUER,
            jwts.TOKEN_ENDPOINT,
            [jwts.TOKEN_ENDPOINT],
        ):
            with self.variant(audience):
                self.assert_holds(jwts.claims(aud=audience))
        for audience in (
            [jwts.ISSUER, jwts.TOKEN_ENDPOINT],
            f'{jwts.TOKEN_ENDPOINT}/',
            1,
        ):
            with self.variant(audience):
                self.assert_refused('aud', jwts.claims(aud=audience))


class IdTest(jwts.PrivateKeyJWTTestCase):
    def test_assertion_must_have_an_id(self):
        """C06: one that can be stored, and shown in a log."""
        self.assert_refused('jti', jwts.without('jti'))
        for jti in (
            None,
            '',
            1,
            True,
            ['jti'],
            {},
            'a\0b',
            'a\nb',
            '\x7f',
            '\u2028',
            '\ud800',
            'x' * 256,
        ):
            with self.variant(jti):
                self.assert_refused('jti', jwts.claims(jti=jti))
        for jti in ('x', 'a b', '\xe9\U0001f600', 'x' * 255):
            with self.variant(jti):
                self.assert_holds(jwts.claims(jti=jti))
