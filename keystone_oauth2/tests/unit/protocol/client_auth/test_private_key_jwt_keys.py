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

"""The keys of a client, and their algorithms (RFC 7518, 3.1)."""

from cryptography.hazmat.primitives.asymmetric import ec

from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class AlgorithmTest(jwts.PrivateKeyJWTTestCase):
    def test_each_algorithm_of_each_key_is_accepted(self):
        """C07: both RSA schemes, three curves, Ed25519."""
        rsa = assertions.rsa_key()
        p521 = ec.generate_private_key(ec.SECP521R1())
        for algorithm, key in (
            ('RS256', rsa),
            ('RS384', rsa),
            ('RS512', rsa),
            ('PS256', rsa),
            ('PS384', rsa),
            ('PS512', rsa),
            ('ES256', None),
            ('ES384', None),
            ('ES512', p521),
            ('EdDSA', None),
        ):
            with self.variant(algorithm):
                signer = assertions.Signer(
                    'client', jwts.ISSUER, algorithm, key
                )
                self.register(signer.jwk)
                self.assert_holds(jwts.claims(), {'alg': algorithm}, signer)

    def test_ed25519_has_two_names(self):
        """C07: whichever name the key is registered with (RFC 9864, 2.2)."""
        for registered in ({}, {'alg': 'EdDSA'}, {'alg': 'Ed25519'}):
            signer = assertions.Signer('client', jwts.ISSUER, 'EdDSA')
            self.register({**signer.jwk, **registered})
            for name in ('EdDSA', 'Ed25519'):
                with self.variant((registered, name)):
                    self.assert_holds(jwts.claims(), {'alg': name}, signer)
            for name in ('Ed448', 'ed25519', 'EDDSA'):
                with self.variant((registered, name)):
                    self.assert_refused(
                        'unsupported alg',
                        jwts.claims(),
                        {'alg': name},
                        signer,
                    )

    def test_algorithm_must_match_the_key(self):
        """C07: the header alone does not determine it."""
        for algorithm in (
            'RS256',
            'PS256',
            'ES384',
            'ES512',
            'EdDSA',
            'Ed25519',
        ):
            with self.variant(algorithm):
                self.assert_refused(
                    'no registered key', jwts.claims(), {'alg': algorithm}
                )
        for algorithm in (
            'HS256',
            'ES256K',
            'es256',
            'RSA-OAEP',
            'dir',
            ['ES256'],
            {},
            1,
            '\ud800',
        ):
            with self.variant(algorithm):
                self.assert_refused(
                    'unsupported alg', jwts.claims(), {'alg': algorithm}
                )
        self.assert_refused('unsupported alg', jwts.claims(), {})

    def test_algorithm_registered_with_the_key_is_the_only_one(self):
        """C07: otherwise an RSA key has six algorithms."""
        signer = assertions.Signer(
            'client', jwts.ISSUER, 'PS256', assertions.rsa_key()
        )
        self.register({**signer.jwk, 'alg': 'PS256'})
        self.assert_holds(jwts.claims(), {'alg': 'PS256'}, signer)
        for algorithm in ('RS256', 'RS512', 'PS384', 'PS512'):
            with self.variant(algorithm):
                signer.algorithm = algorithm
                self.assert_refused(
                    'no registered key',
                    jwts.claims(),
                    {'alg': algorithm},
                    signer,
                )


class KeyTest(jwts.PrivateKeyJWTTestCase):
    def test_key_of_another_client_is_refused(self):
        """C07: even though it is registered, with the same kid."""
        rsa = assertions.Signer(
            'other', jwts.ISSUER, 'RS256', assertions.rsa_key(number=1)
        )
        own = assertions.Signer(
            'client', jwts.ISSUER, 'RS256', assertions.rsa_key()
        )
        self.register({**rsa.jwk, 'kid': 'same'}, 'other')
        self.register({**own.jwk, 'kid': 'same'})
        for header in ({'alg': 'RS256'}, {'alg': 'RS256', 'kid': 'same'}):
            with self.variant(header):
                self.assert_refused(
                    'no registered key', jwts.claims(), header, rsa
                )
                self.assert_holds(jwts.claims(), header, own)
        self.assert_refused(
            'no registered key', jwts.claims(), jwts.HEADER, jwts.OTHER_SIGNER
        )

    def test_key_is_selected_by_its_id(self):
        """C07: a key with another id is not tried."""
        signer = assertions.Signer('client', jwts.ISSUER)
        key = self.register({**signer.jwk, 'kid': 'new'})
        self.register({**jwts.OTHER_SIGNER.jwk, 'kid': 'old'})
        for header in ({**jwts.HEADER, 'kid': 'new'}, jwts.HEADER):
            with self.variant(header):
                client = self.verify_signed(jwts.claims(), header, signer)
                self.assertEqual(key, client.authenticator)
        for kid in ('old', 'NEW', '', '\ud800'):
            with self.variant(kid):
                self.assert_refused(
                    'no registered key',
                    jwts.claims(),
                    {**jwts.HEADER, 'kid': kid},
                    signer,
                )

    def test_key_without_an_id_accepts_any_kid(self):
        """C07: libraries send a kid that was not registered."""
        self.assert_holds(jwts.claims(), {**jwts.HEADER, 'kid': 'whatever'})

    def test_key_in_the_header_is_ignored(self):
        """C07: as is the URL of a key."""
        stranger = assertions.Signer('client', jwts.ISSUER)
        for member, value in (
            ('jwk', stranger.jwk),
            ('jku', 'https://another.example.com/jwks'),
            ('x5u', 'https://another.example.com/certificate'),
            ('x5c', ['AAAA']),
        ):
            with self.variant(member):
                header = {**jwts.HEADER, member: value}
                self.assert_refused(
                    'no registered key', jwts.claims(), header, stranger
                )
                self.assert_holds(jwts.claims(), header)


class WeakKeyTest(jwts.PrivateKeyJWTTestCase):
    def test_weak_key_registered_by_an_older_release_is_refused(self):
        """K07: one constant signature fits every assertion of the client."""
        neutral = 'AQ' + 'A' * 41
        self.register({'kty': 'OKP', 'crv': 'Ed25519', 'x': neutral})
        signature = jwts.encoded(b'\1' + bytes(63))
        for jti in ('1', '2'):
            for name in ('EdDSA', 'Ed25519'):
                parts = [
                    jwts.encoded({'alg': name}),
                    jwts.encoded(jwts.claims(jti=jti)),
                    signature,
                ]
                error = self.assert_raises(
                    ports.Refused, self.verify, '.'.join(parts)
                )
                self.assertIn('small order', str(error))
        self.assertEqual({}, self.replay_cache.consumed)
        self.assertEqual([], self.clients.uses)

    def test_key_with_a_small_exponent_is_refused(self):
        """K07: an older release accepted such a key."""
        signer = assertions.Signer(
            'client', jwts.ISSUER, 'RS256', assertions.rsa_key(exponent=3)
        )
        self.register(signer.jwk)
        self.assert_refused(
            'odd exponent', jwts.claims(), {'alg': 'RS256'}, signer
        )
