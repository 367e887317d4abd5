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

"""The public keys of a trusted issuer (RFC 7517, 5)."""

import base64
import json
import time

import jwt

from keystone_oauth2.protocol.federation import issuer_keys
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.client_auth import jwts
from keystone_oauth2.tests.unit.protocol.clients import test_jwk_set
from keystone_oauth2.tests.unit.protocol.federation import issuers

OIDC = trusted_issuer.OIDC
SPIFFE = trusted_issuer.SPIFFE
KEY = issuers.KEY.jwk()


def usable(*keys, kind=OIDC):
    """Return the usable keys, and the sentences about others."""
    text, ignored = issuer_keys.usable({'keys': list(keys)}, kind)
    return json.loads(text)['keys'], ignored


class UsableTestCase(base.TestCase):
    def assert_ignored(self, reason, key, kind=OIDC, good=KEY):
        """Assert that one key of two is ignored, and is not enough alone."""
        self.assertEqual(
            [f'The key at index 0 {reason}.'], usable(key, good, kind=kind)[1]
        )
        error = self.assert_raises(ValueError, lambda: usable(key, kind=kind))
        self.assertEqual(
            f'has no usable key. The key at index 0 {reason}.', str(error)
        )


class UsableTest(UsableTestCase):
    def test_good_keys_are_kept_with_their_public_members_only(self):
        rsa = issuers.RSA_KEY.jwk()
        keys, ignored = usable(
            {**KEY, 'use': 'sig', 'x5c': ['AAAA'], 'x5u': 'https://a/'}, rsa
        )
        self.assertEqual([KEY, rsa], keys)
        self.assertEqual([], ignored)

    def test_keys_for_other_purposes_are_ignored(self):
        """C07: such as a key with the use enc, or a secret."""
        for key, reason in test_jwk_set.OTHERS:
            with self.variant(key):
                self.assert_ignored(reason, key)

    def test_private_key_is_ignored(self):
        """K07: who has published it is not the only one who knows it."""
        for algorithm in ('ES256', 'EdDSA', 'RS256'):
            private = assertions.jwk(
                assertions.new_key(algorithm), algorithm, is_private=True
            )
            with self.variant(algorithm):
                self.assert_ignored(test_jwk_set.PRIVATE, private)
        self.assert_ignored(
            test_jwk_set.PRIVATE, {'kty': 'oct', 'k': 'AAAA', 'alg': 'HS256'}
        )

    def test_weak_key_is_ignored(self):
        """K07: anyone could sign with it."""
        small = {'kty': 'OKP', 'crv': 'Ed25519', 'x': 'AQ' + 'A' * 41}
        self.assertIn('small order', usable(small, KEY)[1][0])
        exponent = assertions.jwk(assertions.rsa_key(exponent=3), 'RS256')
        self.assertIn('odd exponent', usable(exponent, KEY)[1][0])
        short = assertions.jwk(assertions.rsa_key(1024), 'RS256')
        self.assertIn('bits', usable(short, KEY)[1][0])
        for key in (small, exponent, short):
            with self.variant(key):
                self.assert_raises(ValueError, usable, key)

    def test_malformed_key_is_ignored(self):
        for key, reason in (
            (None, 'is not an object'),
            ('x', 'is not an object'),
            ([KEY], 'is not an object'),
            ({}, 'lacks the member kty'),
            ({**KEY, 'kty': ['EC']}, 'kty that is not a non-empty string'),
            ({**KEY, 'kid': 1}, 'kid that is not a non-empty string'),
            ({**KEY, 'kid': 'x' * 256}, 'a kid of more than 255 characters'),
            ({**KEY, 'alg': 'RS256'}, 'an alg that does not fit'),
            ({**KEY, 'x': KEY['y'] + '='}, 'base64url without padding'),
        ):
            with self.variant(key):
                keys, ignored = usable(key, KEY)
                self.assertEqual([KEY], keys)
                self.assertIn(reason, ignored[0])

    def test_key_with_two_ids_is_kept_twice(self):
        """Otherwise, JWTs with one of the ids would be refused."""
        other = {**KEY, 'kid': 'another'}
        self.assertEqual(([KEY, other], []), usable(KEY, other))
        self.assertEqual(([KEY], []), usable(KEY, KEY, {**KEY, 'use': 'sig'}))

    def test_text_that_is_not_a_set_is_refused(self):
        """C12: an answer of another kind never replaces good keys."""
        for jwks in (
            None,
            [],
            [KEY],
            'x',
            KEY,
            {'keys': None},
            {'keys': KEY},
            {'keys': [KEY] * 101},
        ):
            with self.variant(jwks):
                error = self.assert_raises(
                    ValueError, issuer_keys.usable, jwks, OIDC
                )
                self.assertEqual(
                    'is not a JWK set of at most 100 keys', str(error)
                )
        self.assertEqual(([KEY], []), usable(*[KEY] * 16))

    def test_set_that_has_become_empty_is_refused(self):
        """C12: an empty key set never replaces good keys."""
        error = self.assert_raises(ValueError, usable)
        self.assertEqual('has no usable key. The set is empty.', str(error))

    def test_reason_names_a_few_keys_only(self):
        error = self.assert_raises(ValueError, usable, *[{}] * 100)
        self.assertEqual(3, str(error).count('The key at index'))

    def test_set_with_many_keys_for_signatures_is_refused(self):
        """C12: each of them would be tried, and costs time."""
        many = [{**KEY, 'kid': f'{number}'} for number in range(17)]
        self.assertEqual(16, len(usable(*many[1:])[0]))
        error = self.assert_raises(ValueError, usable, *many)
        self.assertEqual('has more than 16 keys for signatures', str(error))

    def test_large_rsa_keys_are_refused_before_they_are_examined(self):
        """C12: an examination of 8192 bits takes a second."""
        began = time.monotonic()
        large = [rsa(8192, number) for number in range(1, 80)]
        keys, ignored = usable(KEY, *large)
        self.assertEqual([KEY], keys)
        self.assertIn('has more than 4096 bits', ignored[0])
        many = [rsa(4096, number) for number in range(1, 10)]
        error = self.assert_raises(ValueError, usable, KEY, *many)
        self.assertIn('more than 32768 bits in total', str(error))
        self.assertLess(time.monotonic() - began, 1)

    def test_key_with_an_id_that_is_not_printable_is_ignored(self):
        """Operators read it on a terminal."""
        for kid in ('\x1b[2J', 'a\n', '\ud800', '\0'):
            with self.variant(kid):
                keys, ignored = usable(KEY, {**KEY, 'kid': kid})
                self.assertEqual([KEY], keys)
                self.assertEqual(
                    ['The key at index 1 has a kid that is not printable.'],
                    ignored,
                )


def rsa(bits, number):
    """Return an RSA key of a length, whose strength nobody knows."""
    modulus = 2**bits - 2 * number - 1
    return {
        'kty': 'RSA',
        'kid': f'{number}',
        'n': base64.urlsafe_b64encode(modulus.to_bytes(bits // 8, 'big'))
        .decode()
        .rstrip('='),
        'e': 'AQAB',
    }


class BundleTest(UsableTestCase):
    """C11: a SPIFFE bundle (SPIFFE trust domain and bundle, 4)."""

    GOOD = {**KEY, 'use': 'jwt-svid'}

    def test_keys_for_jwt_svids_are_used(self):
        self.assertEqual(([KEY], []), usable(self.GOOD, kind=SPIFFE))

    def test_keys_for_other_uses_are_ignored(self):
        reason = 'is not for the use jwt-svid'
        for key in (
            KEY,
            {**KEY, 'use': 'x509-svid'},
            {**KEY, 'use': 'sig'},
            {**KEY, 'use': 'JWT-SVID'},
            {**KEY, 'use': ['jwt-svid']},
            {**KEY, 'use': None},
        ):
            with self.variant(key):
                self.assert_ignored(reason, key, SPIFFE, self.GOOD)

    def test_key_without_an_id_is_ignored(self):
        key = issuers.Key(None).jwk(use='jwt-svid')
        for kid in ({}, {'kid': ''}, {'kid': None}):
            with self.variant(kid):
                self.assert_ignored(
                    'has no kid', {**key, **kid}, SPIFFE, self.GOOD
                )

    def test_use_of_spiffe_is_for_spiffe_only(self):
        self.assert_ignored(test_jwk_set.NO_USE, self.GOOD)


class HaveSignedTest(base.TestCase):
    def keys(self, *keys):
        return issuer_keys.read(
            issuer_keys.usable({'keys': list(keys)}, OIDC)[0]
        )

    def have_signed(self, keys, token):
        return keys.have_signed(token, jwt.get_unverified_header(token))

    def test_key_that_the_header_names_is_used(self):
        keys = self.keys(KEY, issuers.OTHER_KEY.jwk(), issuers.RSA_KEY.jwk())
        for key in (issuers.KEY, issuers.OTHER_KEY, issuers.RSA_KEY):
            with self.variant(key.kid):
                self.assertTrue(self.have_signed(keys, key.sign({})))
                self.assertTrue(self.have_signed(keys, key.sign({}, kid=None)))

    def test_key_that_the_header_does_not_name_is_not_tried(self):
        """C07: though it has signed."""
        keys = self.keys(KEY, issuers.OTHER_KEY.jwk())
        for kid in ('other', 'KEY', '', 'key '):
            with self.variant(kid):
                token = issuers.KEY.sign({}, kid=kid)
                self.assertFalse(self.have_signed(keys, token))

    def test_key_without_an_id_accepts_any_kid(self):
        key = issuers.Key(None)
        keys = self.keys(key.jwk(), issuers.OTHER_KEY.jwk())
        for kid in (None, 'any', 'other'):
            with self.variant(kid):
                self.assertTrue(self.have_signed(keys, key.sign({}, kid=kid)))
                self.assertTrue(keys.knows(kid))

    def test_known_ids_are_those_of_the_keys(self):
        keys = self.keys(KEY, issuers.OTHER_KEY.jwk())
        for kid, is_known in (
            ('key', True),
            ('other', True),
            (None, True),
            ('Key', False),
            ('', False),
            ('\ud800', False),
        ):
            with self.variant(kid):
                self.assertIs(is_known, keys.knows(kid))

    def test_algorithm_must_fit_the_key(self):
        """C07: alg confusion: the header alone does not determine it."""
        keys = self.keys(KEY, issuers.RSA_KEY.jwk(alg='PS256'))
        right = issuers.RSA_KEY.sign({}, alg='PS256')
        self.assertTrue(self.have_signed(keys, right))
        for algorithm in ('RS256', 'PS384'):
            with self.variant(algorithm):
                token = issuers.RSA_KEY.sign({}, alg=algorithm)
                self.assertFalse(self.have_signed(keys, token))
        for algorithm in ('RS256', 'ES384', 'HS256', 'none', 'unknown'):
            with self.variant(algorithm):
                self.assertFalse(
                    keys.have_signed(issuers.KEY.sign({}), {'alg': algorithm})
                )

    def test_changed_or_missing_signature_is_refused(self):
        """C07: as are those of others."""
        keys = self.keys(KEY)
        token = issuers.KEY.sign({'sub': 'a'})
        header, payload, signature = token.split('.')
        stranger = issuers.Key('key').sign({'sub': 'a'})
        other = issuers.KEY.sign({'sub': 'b'}).split('.')
        for text in (
            stranger,
            f'{header}.{payload}.',
            f'{header}.{payload}.{signature[:-2]}',
            f'{header}.{payload}.{signature}A',
            f'{header}.{payload}.{other[2]}',
            f'{header}.{other[1]}.{signature}',
            f'{header}.{payload}.{jwts.encoded(bytes(64))}',
            f'{header}.{payload}.\u20ac',
        ):
            with self.variant(text):
                self.assertFalse(keys.have_signed(text, {'alg': 'ES256'}))
