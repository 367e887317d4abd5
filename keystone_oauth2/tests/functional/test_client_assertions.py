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

"""Refused and accepted client assertions (RFC 7523, 3)."""

import base64
import json
import time

import jwt

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

TWO_METHODS = matchers.IsOAuthError(400, 'invalid_request')
TOKEN_ENDPOINT = f'{clients.ISSUER}/OS-OAUTH2/token'


class RefusedAssertionTest(clients.ClientsTestCase):
    """C09: all of these are invalid_client."""

    @classmethod
    def create(cls):
        super().create()
        cls.own = cls.client
        cls.signer = assertions.Signer(cls.own.id, clients.ISSUER)
        clients.register(
            cls.keystone.request,
            cls.owner_token,
            cls.own,
            'key',
            jwk=cls.signer.jwk,
        )

    def setUp(self):
        super().setUp()
        self.now = int(time.time())

    def assert_claims_refused(self, *variants):
        for claims in variants:
            with self.variant(claims):
                self.assert_refused(**clients.by_key(self.signer, **claims))

    def test_valid_assertion_is_accepted(self):
        """So the other tests of the class can fail."""
        self.assert_issued(**clients.by_key(self.signer))

    def test_wrong_audience_is_refused(self):
        """C03: the endpoint, or the issuer among others."""
        self.assert_claims_refused(
            {'aud': None},
            {'aud': TOKEN_ENDPOINT},
            {'aud': [clients.ISSUER, 'https://elsewhere.example.com']},
        )
        self.assert_issued(**clients.by_key(self.signer, aud=[clients.ISSUER]))

    def test_wrong_issuer_or_subject_is_refused(self):
        """C02: both are the client_id, as is the parameter if present."""
        other = self.identity.create_application_credential(self.user)
        self.assert_claims_refused(
            {'iss': other.id},
            {'iss': other.id, 'sub': other.id},
            {'iss': self.user.id, 'sub': self.user.id},
            {'iss': self.own.id.upper(), 'sub': self.own.id.upper()},
            {'iss': 'unknown', 'sub': 'unknown'},
        )
        for client_id, expected in (
            (other.id, clients.REFUSED),
            (self.own.id, clients.ISSUED),
        ):
            with self.variant(client_id):
                how = clients.by_assertion(
                    self.signer.assertion(), client_id=client_id
                )
                self.assertThat(self.get_token(**how), expected)

    def test_wrong_times_are_refused(self):
        """C04, C05: it must expire, soon enough, and be valid already."""
        self.assert_claims_refused(
            {'exp': None},
            {'exp': self.now - 1},
            {'exp': self.now + 3700},
            {'nbf': self.now + 90},
            {'iat': self.now + 90},
        )

    def test_times_as_clients_send_them_are_accepted(self):
        """C04, C05: as text, as keystonemiddleware sends them; with skew."""
        for claims in (
            {'exp': f'{self.now + 3600}', 'iat': f'{self.now}'},
            {'iat': self.now + 25, 'nbf': self.now + 25},
        ):
            with self.variant(claims):
                self.assert_issued(**clients.by_key(self.signer, **claims))

    def test_assertion_without_an_id_is_refused(self):
        """C06."""
        self.assert_claims_refused({'jti': None}, {'jti': 'x' * 256})

    def test_token_of_another_type_is_refused(self):
        """C08: by its typ; no critical header parameter is supported."""
        for header, expected in (
            ({'typ': 'at+jwt'}, clients.REFUSED),
            ({'crit': ['exp'], 'exp': 1}, clients.REFUSED),
            ({'typ': 'client-authentication+jwt'}, clients.ISSUED),
        ):
            with self.variant(header):
                how = clients.by_assertion(self.with_header(header))
                self.assertThat(self.get_token(**how), expected)

    def with_header(self, header, signer=None, claims=None):
        """Return an assertion with the given members in its header.

        :param claims: the octets of the claims, if they are not valid ones.
        """
        signer = signer or self.signer
        if claims is None:
            content = signer.assertion().split('.')[1]
        else:
            content = assertions.base64url(claims)
        text = json.dumps({'alg': signer.algorithm, **header}).encode()
        signed = f'{assertions.base64url(text)}.{content}'
        algorithm = jwt.get_algorithm_by_name(signer.algorithm)
        signature = algorithm.sign(signed.encode(), signer.key)
        return f'{signed}.{assertions.base64url(signature)}'

    def test_signature_of_another_party_is_refused(self):
        """C07: by another key, or without a signature."""
        other = self.identity.create_application_credential(self.user)
        stranger = assertions.Signer(self.own.id, clients.ISSUER)
        others = self.register_key(client=other)
        others.client_id = self.own.id
        for signer in (stranger, others):
            self.assert_refused(**clients.by_key(signer))
        assertion = self.signer.assertion()
        head, claims, signature = assertion.split('.')
        unsigned = jwt.encode(
            jwt.decode(assertion, options={'verify_signature': False}),
            None,
            'none',
        )
        for text in (
            f'{head}.{claims}.',
            f'{head}.{claims}.{signature[::-1]}',
            unsigned,
        ):
            with self.variant(text):
                self.assert_refused(**clients.by_assertion(text))
        self.assert_issued(**clients.by_assertion(assertion))

    def test_public_key_is_not_a_shared_secret(self):
        """C07: HMAC is never accepted, whatever the key."""
        claims = jwt.decode(
            self.signer.assertion(), options={'verify_signature': False}
        )
        text = jwt.encode(claims, self.signer.jwk['x'], 'HS256')
        self.assert_refused(**clients.by_assertion(text))

    def test_algorithm_must_be_the_registered_one(self):
        """C07: not another one of the same key."""
        key = assertions.rsa_key()
        signer = assertions.Signer(self.own.id, clients.ISSUER, 'PS256', key)
        self.register('key', jwk={**signer.jwk, 'alg': 'PS256'})
        self.assert_issued(**clients.by_key(signer))
        self.assert_refused(**clients.by_key(signer, algorithm='RS256'))

    def test_both_names_of_ed25519_are_accepted(self):
        """C07: Node and browsers export the name Ed25519 (RFC 9864)."""
        signer = assertions.Signer(self.own.id, clients.ISSUER, 'EdDSA')
        wanted = {**signer.jwk, 'alg': 'Ed25519'}
        self.assertEqual(wanted, self.register('key', jwk=wanted)['jwk'])
        for name in ('EdDSA', 'Ed25519'):
            with self.variant(name):
                text = self.with_header({'alg': name}, signer)
                self.assert_issued(**clients.by_assertion(text))

    def test_malformed_assertion_is_refused(self):
        """C01: as is an unknown client_assertion_type."""
        for text in ('x', '\u00e4.\u00f6.\u00fc'):
            with self.variant(text):
                self.assert_refused(**clients.by_assertion(text))
        how = clients.by_key(self.signer)
        how['form']['client_assertion_type'] = assertions.TYPE.upper()
        self.assert_refused(**how)

    def test_assertion_with_two_readings_is_refused(self):
        """C01, C02: two parsers would see different clients."""
        content = self.signer.assertion().split('.')[1]
        claims = base64.urlsafe_b64decode(content + '==').decode()
        for text in (
            claims.encode('utf-16'),
            f'{claims[:-1]},"sub":"other"}}'.encode(),
        ):
            with self.variant(text):
                self.assert_refused(
                    **clients.by_assertion(self.with_header({}, claims=text))
                )

    def test_incomplete_parameters_are_a_malformed_request(self):
        """C01: a parameter is missing."""
        for name in ('client_assertion', 'client_assertion_type'):
            with self.variant(name):
                how = clients.by_key(self.signer)
                del how['form'][name]
                self.assertThat(
                    self.get_token(**how),
                    matchers.IsOAuthError(
                        400, 'invalid_request', description='is missing'
                    ),
                )

    def test_assertion_beside_a_secret_is_refused(self):
        """B01: even if both are right, wherever the secret is."""
        own = self.own
        for how in (
            {
                **clients.by_key(self.signer),
                **clients.by_secret(own, own.secret),
            },
            clients.by_assertion(
                self.signer.assertion(),
                **clients.by_secret_in_body(own, own.secret)['form'],
            ),
        ):
            self.assertThat(self.get_token(**how), TWO_METHODS)


class TokenEndpointAsAudienceTest(clients.ClientsTestCase):
    options = {
        **clients.OPTIONS,
        'oauth2_assertions': {'for_token_endpoint': True},
    }

    def test_only_issuer_and_token_endpoint_are_accepted(self):
        """C03: services with keystonemiddleware send the token endpoint."""
        signer = self.register_key()
        for audience in (TOKEN_ENDPOINT, clients.ISSUER, [TOKEN_ENDPOINT]):
            with self.variant(audience):
                self.assert_issued(**clients.by_key(signer, aud=audience))
        for audience in (
            f'{clients.ISSUER}/OS-OAUTH2/introspect',
            [TOKEN_ENDPOINT, clients.ISSUER],
        ):
            with self.variant(audience):
                self.assert_refused(**clients.by_key(signer, aud=audience))

    def test_it_is_accepted_at_every_endpoint(self):
        signer = self.register_key()
        answer = self.ask(
            tokens.INTROSPECT,
            'x',
            **clients.by_key(signer, aud=TOKEN_ENDPOINT),
        )
        self.assertThat(answer, tokens.INACTIVE)


class LifetimeTest(clients.ClientsTestCase):
    options = {**clients.OPTIONS, 'oauth2_assertions': {'max_lifetime': 60}}

    def test_operator_limits_the_lifetime(self):
        """C04: with some seconds of clock skew."""
        signer = self.register_key()
        now = int(time.time())
        self.assert_issued(**clients.by_key(signer, exp=now + 60))
        self.assert_refused(**clients.by_key(signer, exp=now + 100))
