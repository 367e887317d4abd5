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

"""Keys registered for a client, and assertions signed with them."""

import base64
import json
import time

import jwt

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import assertions
from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import tokens

ALGORITHMS = ('ES256', 'ES384', 'RS256', 'PS256', 'EdDSA')
TWO_METHODS = matchers.IsOAuthError(400, 'invalid_request')
TOKEN_ENDPOINT = f'{clients.ISSUER}/OS-OAUTH2/token'
#: The example of RFC 7638, 3.1.
EXAMPLE = {
    'kty': 'RSA',
    'n': '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu'
    '1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9y'
    'BXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9'
    'c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4l'
    'Fd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    'e': 'AQAB',
    'alg': 'RS256',
    'kid': '2011-04-29',
}
EXAMPLE_THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'


def encoded(content):
    """Return base64url without padding, as in a JWT."""
    return base64.urlsafe_b64encode(content).decode().rstrip('=')


class RegistrationTest(clients.ClientsTestCase):
    def post(self, wanted):
        return self.manage('POST', '/keys', {'key': wanted})

    def new_jwk(self, algorithm='ES256'):
        return assertions.Signer(self.own.id, '', algorithm).jwk

    def test_key_is_shown_with_its_thumbprint(self):
        """The example of RFC 7638."""
        key = self.register('key', jwk=EXAMPLE, description='an example')
        self.assertEqual(EXAMPLE, key['jwk'])
        self.assertEqual(EXAMPLE_THUMBPRINT, key['thumbprint'])
        self.assertEqual('an example', key['description'])
        self.assertEqual(key, self.shown('key', key))

    def test_members_that_are_not_part_of_the_key_are_dropped(self):
        wanted = self.new_jwk()
        key = self.register(
            'key',
            jwk={**wanted, 'use': 'sig', 'key_ops': ['verify'], 'x5u': 'x'},
        )
        self.assertEqual(wanted, key['jwk'])

    def test_set_is_registered_as_a_whole(self):
        jwks = [self.new_jwk(name) for name in ('ES256', 'EdDSA', 'RS256')]
        answer = self.post(
            {
                'jwks': {'keys': jwks},
                'description': 'all three',
                'expires_at': '2099-01-01T00:00:00Z',
            }
        )
        self.assertEqual(201, answer.status, answer.text)
        self.assertEqual({'keys', 'ignored'}, answer.json.keys())
        self.assertEqual([], answer.json['ignored'])
        keys = answer.json['keys']
        self.assertEqual(jwks, [key['jwk'] for key in keys])
        for key in keys:
            self.assertEqual('all three', key['description'])
            self.assertEqual('2099-01-01T00:00:00Z', key['expires_at'])
            self.assertEqual(key, self.shown('key', key))
        self.assertEqual(3, len(self.show('/keys')['keys']))

    def test_set_with_one_wrong_key_registers_none(self):
        good, known = self.new_jwk(), self.register_key().jwk
        for status, keys in (
            (400, [good, {'kty': 'oct', 'k': 'AAAA'}]),
            (400, [good, {}]),
            (400, [good, 5]),
            (400, []),
            (400, [good] * 101),
            (400, [good, good]),
            (400, [good, {**good, 'kid': 'other'}]),
            (403, [self.new_jwk() for _ in range(10)]),
        ):
            with self.variant((status, keys)):
                answer = self.post({'jwks': {'keys': keys}})
                self.assertThat(answer, clients.IsKeystoneError(status))
                shown = self.show('/keys')['keys']
                self.assertEqual([known], [key['jwk'] for key in shown])

    def test_duplicate_key_is_409(self):
        """Whatever the other members; another client may register it too."""
        jwk = self.register_key().jwk
        for wanted in (jwk, {**jwk, 'kid': 'other'}, {**jwk, 'alg': 'ES256'}):
            with self.variant(wanted):
                self.assertThat(
                    self.post({'jwk': wanted}), clients.IsKeystoneError(409)
                )
        other = self.identity.create_application_credential(self.user)
        self.register('key', client=other, jwk=jwk)

    def test_private_or_symmetric_key_is_refused_and_not_stored(self):
        for algorithm in ('ES256', 'RS256', 'EdDSA'):
            with self.variant(algorithm):
                key = assertions.new_key(algorithm)
                jwk = assertions.jwk(key, algorithm, is_private=True)
                self.assertIn('d', jwk)
                answer = self.post({'jwk': jwk})
                self.assertThat(
                    answer, clients.IsKeystoneError(400, 'generate a new key')
                )
                self.assertNotIn(jwk['d'], answer.text)
                self.assertNotIn(jwk['d'], self.new_log())
                answer = self.post({'jwks': {'keys': [jwk]}})
                self.assertThat(answer, clients.IsKeystoneError(400))
        answer = self.post({'jwk': {'kty': 'oct', 'k': 'c2VjcmV0'}})
        self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual([], self.show('/keys')['keys'])

    def test_unusable_key_is_refused(self):
        """C07: by its kind, size, use or form."""
        ec, okp = self.new_jwk(), self.new_jwk('EdDSA')
        short = assertions.jwk(assertions.rsa_key(1024), 'RS256')
        for jwk in (
            {},
            short,
            {**ec, 'kty': 'XY'},
            {**ec, 'kty': []},
            {**ec, 'crv': 'secp256k1'},
            {**ec, 'crv': 'P-384'},
            {**ec, 'x': okp['x']},
            {**ec, 'x': ec['x'] + '='},
            {**ec, 'x': ec['x'][:-2]},
            {**ec, 'x': 5},
            {name: ec[name] for name in ('kty', 'crv', 'x')},
            {**ec, 'alg': 'none'},
            {**ec, 'alg': 'HS256'},
            {**ec, 'alg': 'RS256'},
            {**ec, 'alg': 'ES384'},
            {**ec, 'use': 'enc'},
            {**ec, 'key_ops': ['sign']},
            {**ec, 'key_ops': 'verify'},
            {**ec, 'kid': 5},
            {**ec, 'kid': ''},
            {**ec, 'kid': 'x' * 256},
            {**okp, 'crv': 'X25519'},
            {**okp, 'crv': 'Ed448'},
            {**EXAMPLE, 'e': 'AA' + EXAMPLE['e']},
            {**EXAMPLE, 'e': 'A' * 1000 + EXAMPLE['e']},
            {**EXAMPLE, 'e': 'Aw' * 4 + 'AQAB'},
            {**EXAMPLE, 'n': 'AAAA' + EXAMPLE['n']},
            {**EXAMPLE, 'n': EXAMPLE['n'] + '\n'},
            {**EXAMPLE, 'n': EXAMPLE['n'] * 6},
        ):
            with self.variant(jwk):
                self.assertThat(
                    self.post({'jwk': jwk}), clients.IsKeystoneError(400)
                )

    def test_anything_but_one_key_or_one_set_is_400(self):
        jwk = self.new_jwk()
        for wanted in (
            {},
            {'description': 'x'},
            {'jwk': jwk, 'jwks': {'keys': [jwk]}},
            {'jwk': [jwk]},
            {'jwks': [jwk]},
            {'jwks': jwk},
            {'jwks': {'keys': jwk}},
            jwk,
        ):
            with self.variant(wanted):
                self.assertThat(
                    self.post(wanted), clients.IsKeystoneError(400)
                )


class PrivateKeyJWTTest(clients.ClientsTestCase):
    def test_each_algorithm_at_each_endpoint(self):
        """C01, C07: without a secret."""
        for algorithm in ALGORITHMS:
            with self.variant(algorithm):
                signer = self.register_key(algorithm)
                token = self.assert_issued(**clients.by_key(signer))
                answer = self.ask(
                    tokens.INTROSPECT, token, **clients.by_key(signer)
                )
                self.assertIs(True, answer.json['active'])
                self.assertEqual(self.own.id, answer.json['client_id'])
                answer = self.ask(
                    tokens.REVOKE, token, **clients.by_key(signer)
                )
                self.assertThat(answer, tokens.REVOKED)
                answer = self.ask(
                    tokens.INTROSPECT, token, **clients.by_key(signer)
                )
                self.assertThat(answer, tokens.INACTIVE)
                self.remove('key', signer.id)

    def test_token_equals_the_one_issued_for_the_secret(self):
        signer = self.register_key()
        described = []
        for how in (
            clients.by_secret(self.own, self.own.secret),
            clients.by_key(signer),
        ):
            token = self.validate(self.get_token(**how))
            self.assertEqual(['application_credential'], token['methods'])
            self.assertNotIn('oauth2_credential', token)
            roles = sorted(role['name'] for role in token['roles'])
            described.append((token['user'], token['project'], roles))
        self.assertEqual(*described)

    def test_secret_can_be_retired_in_favour_of_a_key(self):
        """The client stays the same."""
        signer = self.register_key()
        token = self.assert_issued(
            **clients.by_secret(self.own, self.own.secret)
        )
        self.retire_secret()
        self.assert_refused(**clients.by_secret(self.own, self.own.secret))
        self.assert_issued(**clients.by_key(signer))
        self.assert_valid(token)

    def test_any_of_several_keys_may_sign(self):
        """With or without a key id in the header."""
        first, second = self.register_key(), self.register_key()
        named = assertions.Signer(self.own.id, clients.ISSUER)
        self.register('key', jwk={**named.jwk, 'kid': 'third'})
        for signer, headers in (
            (first, None),
            (second, None),
            (second, {'kid': 'of a key without a name'}),
            (named, None),
            (named, {'kid': 'third'}),
        ):
            with self.variant((signer, headers)):
                self.assert_issued(**clients.by_key(signer, headers=headers))
        self.assert_refused(
            **clients.by_key(named, headers={'kid': 'another'})
        )

    def test_removed_key_is_refused_at_the_next_request(self):
        signer, other = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(signer))
        self.remove('key', signer.id)
        self.assert_refused(**clients.by_key(signer))
        self.assert_issued(**clients.by_key(other))

    def test_last_key_cannot_be_removed(self):
        signer = self.register_key()
        self.retire_secret()
        answer = self.manage('DELETE', f'/keys/{signer.id}')
        self.assertThat(answer, clients.IsKeystoneError(409))
        self.assert_issued(**clients.by_key(signer))

    def test_expired_key_is_refused(self):
        signer = self.register_key(expires_at='2099-01-01T00:00:00Z')
        self.assert_issued(**clients.by_key(signer))
        self.expire(signer.id)
        self.assert_refused(**clients.by_key(signer))

    def test_key_is_deleted_with_the_application_credential(self):
        signer = self.register_key()
        self.identity.delete_application_credential(self.user, self.own.id)
        self.assert_refused(**clients.by_key(signer))

    def test_last_use_of_the_key_is_recorded(self):
        used, unused = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(used))
        self.assertIsNotNone(self.shown('key', used.id)['last_used_at'])
        self.assertIsNone(self.shown('key', unused.id)['last_used_at'])
        self.assertIsNone(self.shown('secret', self.own.id)['last_used_at'])

    def test_disabled_user_and_expired_credential_are_refused(self):
        """B07: as with a secret."""
        signer = self.register_key()
        self.addCleanup(self.switch, 'user', self.user.id, enabled=True)
        self.switch('user', self.user.id, enabled=False)
        self.assert_refused(**clients.by_key(signer))
        self.switch('user', self.user.id, enabled=True)
        self.execute(
            'UPDATE application_credential SET expires_at = :moment'
            ' WHERE id = :id',
            id=self.own.id,
            moment=1,
        )
        self.assert_refused(**clients.by_key(signer))

    def test_assertion_is_not_logged(self):
        """It is a credential, even if valid only once."""
        assertion = self.register_key().assertion()
        for _ in range(2):
            self.get_token(**clients.by_assertion(assertion))
        self.assertNotIn(assertion, self.log)
        self.assertNotIn(assertion.rpartition('.')[2], self.log)

    def test_database_holds_no_part_of_it(self):
        signer = self.register_key()
        self.assert_issued(**clients.by_key(signer, jti='not-in-the-database'))
        ((digest, _),) = self.execute(
            'SELECT * FROM oauth2_client_assertion'
            ' ORDER BY expires_at DESC LIMIT 1'
        )
        self.assertRegex(digest, '^[0-9a-f]{64}$')


class ReplayTest(clients.ClientsTestCase):
    def test_assertion_is_accepted_once(self):
        """C06: across all endpoints."""
        signer = self.register_key()
        for first in (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE):
            how = clients.by_key(signer)
            with self.variant(first):
                self.assertEqual(200, self.post_to(first, how).status)
                for path in (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE):
                    self.assertThat(self.post_to(path, how), clients.REFUSED)

    def post_to(self, path, how):
        form = {'token': 'x', 'grant_type': 'client_credentials'}
        return self.keystone.request(
            'POST', path, form={**form, **how['form']}
        )

    def test_id_is_accepted_once_whatever_else_is_new(self):
        """C06: with a new signature, another key, or another form."""
        signer, other = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(signer, jti='1'))
        for how in (
            clients.by_key(signer, jti='1'),
            clients.by_key(signer, jti='1', exp=int(time.time()) + 600),
            clients.by_key(other, jti='1'),
        ):
            self.assert_refused(**how)
        for jti in ('2', '1 ', ' 1', '\u0661', '01'):
            with self.variant(jti):
                self.assert_issued(**clients.by_key(signer, jti=jti))

    def test_ids_are_separate_for_each_client(self):
        """C06: or an attacker could use up another client's ids."""
        other = self.identity.create_application_credential(self.user)
        for signer in (self.register_key(), self.register_key(client=other)):
            self.assert_issued(**clients.by_key(signer, jti='the same'))

    def test_invalid_assertion_is_not_used_up(self):
        """C06: or an attacker could use up an id."""
        signer = self.register_key()
        forger = assertions.Signer(self.own.id, clients.ISSUER)
        self.assert_refused(**clients.by_key(forger, jti='1'))
        self.assert_refused(**clients.by_key(signer, jti='1', aud='x'))
        self.assert_issued(**clients.by_key(signer, jti='1'))

    def test_valid_assertion_is_used_up_even_if_the_request_fails(self):
        """C06: it was sent, and an attacker may have seen it."""
        signer = self.register_key()
        how = clients.by_key(signer)
        how['form']['scope'] = 'unknown'
        answer = self.get_token(**how)
        self.assertThat(answer, matchers.IsOAuthError(400, 'invalid_scope'))
        del how['form']['scope']
        self.assert_refused(**how)


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
        signed = f'{encoded(text)}.{claims}'
        algorithm = jwt.get_algorithm_by_name(signer.algorithm)
        signature = algorithm.sign(signed.encode(), signer.key)
        return f'{signed}.{encoded(signature)}'

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
    options = {**clients.OPTIONS, 'oauth2_assertions': {'max_lifetime': 60}}

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
