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

"""G06: the keys that introspection responses are signed with (RFC 9701)."""

import os

import jwt

from keystone_oauth2.tests.functional import test_signed_introspection as base
from keystone_oauth2.tests.support import jwts


class RotationTest(base.SignedTestCase):
    """H09: a signature can be verified with the published keys."""

    def test_next_key_signs_after_a_rotation(self):
        """G06: and an earlier response can still be verified."""
        active, *_, staged = self.kids()
        old = self.ask_signed('x')
        self.assertEqual(active, self.kid(old.text))
        self.age(jwts.KNOWN)
        self.rotate()
        new = self.ask_signed('x')
        self.assertEqual(staged, self.kid(new.text))
        for answer in (old, new):
            self.verified(answer)

    def test_new_keys_sign_after_an_emergency(self):
        """G06: at once."""
        before = self.kids()
        self.rotate('--emergency')
        answer = self.ask_signed('x')
        self.assertNotIn(self.kid(answer.text), before)
        self.verified(answer)


class AlgorithmTest(base.SignedTestCase):
    """The algorithm of new keys is changed."""

    def test_advertised_as_soon_as_it_is_staged(self):
        """H04: G06, so clients know it before it signs."""
        self.assertEqual(['ES256'], self.metadata()[base.ADVERTISED])
        self.age(jwts.KNOWN)
        # The key that was staged before signs first.
        self.rotate(algorithm='RS256')
        self.assertEqual(['ES256', 'RS256'], self.metadata()[base.ADVERTISED])
        self.age(jwts.KNOWN)
        self.rotate(algorithm='RS256')
        self.assertEqual(['RS256'], self.metadata()[base.ADVERTISED])
        answer = self.ask_signed('x')
        self.assertEqual(
            'RS256', jwt.get_unverified_header(answer.text)['alg']
        )
        self.verified(answer)


class UnusableKeysTest(base.SignedTestCase):
    """The keys become unreadable."""

    def test_service_is_told_to_try_again(self):
        """G06: as a client that asks for a JWT access token is."""
        token = self.issue()
        path = self.directory / '1'
        path.chmod(0o640)
        os.utime(self.directory)
        answer = self.ask_signed(token)
        self.assertEqual(
            (503, 'temporarily_unavailable', '60', base.JSON, 'no-store'),
            (
                answer.status,
                answer.json['error'],
                answer.headers['Retry-After'],
                answer.headers['Content-Type'],
                answer.headers['Cache-Control'],
            ),
        )
        self.assertIn('there is no usable signing key', self.log)
        self.assertNotIn(base.ADVERTISED, self.metadata())
        # Others need no key.
        self.assert_is_json(self.introspect(token))
        path.chmod(0o600)
        self.verified(self.ask_signed(token))


class NoKeysTest(base.SignedTestCase):
    """Keystone has its own provider."""

    options = {**jwts.OPTIONS, 'token': {}, 'oauth2_tokens': {}}

    def test_accept_is_disregarded(self):
        """G06: H04, nothing is signed, nor advertised."""
        answer = self.ask_signed(self.issue())
        self.assert_is_json(answer)
        self.assertEqual('X-Auth-Token', answer.headers['Vary'])
        self.assertNotIn(base.ADVERTISED, self.metadata())


class NoIssuerTest(base.SignedTestCase):
    """There are keys, but no issuer to name."""

    options = {
        'oauth2_limits': jwts.OPTIONS['oauth2_limits'],
        'token': jwts.OPTIONS['token'],
    }

    def test_accept_is_disregarded(self):
        """G06: ``iss`` is required."""
        self.assert_is_json(self.ask_signed(self.issue()))
