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

    def setUp(self):
        super().setUp()
        self.signer = self.register_key()
        self.now = int(time.time())

    def assert_claims_refused(self, *variants):
        for claims in variants:
            with self.variant(claims):
                self.assert_refused(**clients.by_key(self.signer, **claims))

    def test_valid_assertion_is_accepted(self):
        """So the other tests of the class can fail."""
        self.assert_issued(**clients.by_key(self.signer))

    def test_wrong_audience_is_refused(self):
        """C03: the endpoint, a part of the issuer, or one of several."""
        self.assert_claims_refused(
            {'aud': None},
            {'aud': ''},
            {'aud': TOKEN_ENDPOINT},
            {'aud': f'{clients.ISSUER}/'},
            {'aud': clients.ISSUER.upper()},
            {'aud': 'https://keystone.example.com'},
            {'aud': 'https://elsewhere.example.com/v3'},
            {'aud': []},
            {'aud': [TOKEN_ENDPOINT]},
            {'aud': [clients.ISSUER, 'https://elsewhere.example.com']},
            {'aud': [clients.ISSUER, clients.ISSUER]},
            {'aud': {'x': clients.ISSUER}},
            {'aud': 5},
        )
        self.assert_issued(**clients.by_key(self.signer, aud=[clients.ISSUER]))

    def test_wrong_issuer_or_subject_is_refused(self):
        """C02: both are the client_id, as is the parameter if present."""
        other = self.identity.create_application_credential(self.user)
        self.assert_claims_refused(
            {'iss': None},
            {'sub': None},
            {'iss': other.id},
            {'sub': other.id},
            {'iss': other.id, 'sub': other.id},
            {'iss': self.user.id, 'sub': self.user.id},
            {'iss': clients.ISSUER},
            {'iss': '', 'sub': ''},
            {'iss': f'{self.own.id} ', 'sub': f'{self.own.id} '},
            {'iss': self.own.id.upper(), 'sub': self.own.id.upper()},
            {'iss': 'unknown', 'sub': 'unknown'},
        )
        for client_id in (other.id, self.user.id, f'{self.own.id}x'):
            with self.variant(client_id):
                self.assert_refused(
                    **clients.by_assertion(
                        self.signer.assertion(), client_id=client_id
                    )
                )
        self.assert_issued(
            **clients.by_assertion(
                self.signer.assertion(), client_id=self.own.id
            )
        )

    def test_wrong_times_are_refused(self):
        """C04, C05: it must expire, soon enough, and be valid already."""
        self.assert_claims_refused(
            {'exp': None},
            {'exp': self.now - 1},
            {'exp': self.now - 300},
            {'exp': self.now + 3700},
            {'exp': self.now + 10 * 365 * 86400},
            {'exp': 10**30},
            {'exp': 'tomorrow'},
            {'exp': True},
            {'exp': [self.now + 60]},
            {'exp': f'{self.now - 300}'},
            {'nbf': int(time.time()) + 45},
            {'nbf': self.now + 90},
            {'nbf': 'x'},
            {'iat': self.now + 90},
            {'iat': -1},
        )

    def test_times_as_clients_send_them_are_accepted(self):
        """C04, C05: as text, as keystonemiddleware sends them; with skew."""
        for claims in (
            {'exp': f'{self.now + 3600}', 'iat': f'{self.now}'},
            {'exp': self.now + 30.5},
            {'iat': None},
            {'iat': self.now + 10, 'nbf': self.now + 10},
            {'iat': self.now + 25, 'nbf': self.now + 25},
            {'iat': self.now - 3600, 'nbf': self.now - 3600},
        ):
            with self.variant(claims):
                self.assert_issued(**clients.by_key(self.signer, **claims))

    def test_assertion_without_an_id_is_refused(self):
        """C06."""
        self.assert_claims_refused(
            {'jti': None},
            {'jti': ''},
            {'jti': 5},
            {'jti': 'x' * 256},
            {'jti': 'a\0b'},
            {'jti': 'a\nb'},
            {'jti': '\ud800'},
        )

    def test_token_of_another_type_is_refused(self):
        """C08: by its typ; no critical header parameter is supported."""
        for header in (
            {'typ': 'at+jwt'},
            {'typ': 'application/at+jwt'},
            {'typ': 'dpop+jwt'},
            {'typ': 'JWS'},
            {'typ': 5},
            {'crit': ['exp'], 'exp': 1},
            {'crit': []},
            {'b64': False, 'crit': ['b64']},
        ):
            with self.variant(header):
                self.assert_refused(
                    **clients.by_assertion(self.with_header(header))
                )
        for typ in (
            'JWT',
            'jwt',
            'application/JWT',
            'client-authentication+jwt',
            'application/client-authentication+jwt',
        ):
            with self.variant(typ):
                self.assert_issued(
                    **clients.by_assertion(self.with_header({'typ': typ}))
                )

    def with_header(self, header):
        """Return an assertion with the given members in its header."""
        signer = self.signer
        claims = signer.assertion().split('.')[1]
        text = json.dumps({'alg': signer.algorithm, **header}).encode()
        signed = f'{assertions.base64url(text)}.{claims}'
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
            f'{head}.{claims}.{signature[:-4]}',
            f'{head}.{claims}.{signature[::-1]}',
            f'{head}.{self.signer.assertion().split(".")[1]}.{signature}',
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
        for key in (
            self.own.secret,
            self.signer.jwk['x'],
            base64.urlsafe_b64decode(self.signer.jwk['x'] + '='),
        ):
            text = jwt.encode(claims, key, 'HS256')
            self.assert_refused(**clients.by_assertion(text))

    def test_algorithm_must_be_that_of_the_key(self):
        """C07: one of its kind, and the registered one."""
        key = assertions.rsa_key()
        signer = assertions.Signer(self.own.id, clients.ISSUER, 'PS256', key)
        self.register('key', jwk={**signer.jwk, 'alg': 'PS256'})
        self.assert_issued(**clients.by_key(signer))
        for algorithm in ('RS256', 'PS384', 'RS512'):
            with self.variant(algorithm):
                self.assert_refused(
                    **clients.by_key(signer, algorithm=algorithm)
                )

    def test_malformed_assertion_is_refused(self):
        """C01: as is an unknown client_assertion_type."""
        head, claims, signature = self.signer.assertion().split('.')
        for text in (
            'x',
            'a.b.c',
            '..',
            f'{head}.{claims}',
            f'{head}.{claims}.{signature}.x',
            f'{claims}.{head}.{signature}',
            f'{head}.{"WzFd"}.{signature}',
            f'{head}.{"ew"}.{signature}',
            '\u00e4.\u00f6.\u00fc',
            f'{head} .{claims}.{signature}',
        ):
            with self.variant(text):
                self.assert_refused(**clients.by_assertion(text))
        for kind in (
            'x',
            assertions.TYPE.upper(),
            'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
            'urn:ietf:params:oauth:grant-type:jwt-bearer',
        ):
            with self.variant(kind):
                how = clients.by_key(self.signer)
                how['form']['client_assertion_type'] = kind
                self.assert_refused(**how)

    def test_incomplete_parameters_are_a_malformed_request(self):
        """C01: a parameter is missing."""
        for name in ('client_assertion', 'client_assertion_type'):
            for value in (None, ''):
                with self.variant((name, value)):
                    how = clients.by_key(self.signer)
                    del how['form'][name]
                    if value is not None:
                        how['form'][name] = value
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
        'oauth2': {
            **clients.OPTIONS,
            'client_assertion_for_token_endpoint': True,
        }
    }

    def test_only_issuer_and_token_endpoint_are_accepted(self):
        """C03: services with keystonemiddleware send the token endpoint."""
        signer = self.register_key()
        for audience in (TOKEN_ENDPOINT, clients.ISSUER, [TOKEN_ENDPOINT]):
            with self.variant(audience):
                self.assert_issued(**clients.by_key(signer, aud=audience))
        for audience in (
            f'{clients.ISSUER}/OS-OAUTH2/introspect',
            f'{clients.ISSUER}/OS-OAUTH2',
            'https://elsewhere.example.com/v3/OS-OAUTH2/token',
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
    options = {
        'oauth2': {**clients.OPTIONS, 'client_assertion_max_lifetime': 60}
    }

    def test_operator_limits_the_lifetime(self):
        """C04: with some seconds of clock skew."""
        signer = self.register_key()
        now = int(time.time())
        self.assert_issued(**clients.by_key(signer, exp=now + 60))
        for seconds in (100, 3600):
            with self.variant(seconds):
                self.assert_refused(
                    **clients.by_key(signer, exp=now + seconds)
                )
