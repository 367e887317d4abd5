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

"""Authentication with a JWT that the client has signed (RFC 7523)."""

import base64
import dataclasses
import datetime
import hashlib
import hmac
import json
import time
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
import fixtures
import hypothesis
from hypothesis import strategies as st
from jwt import algorithms

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import registration
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol import strategies

ISSUER = protocol_base.ISSUER
TOKEN_ENDPOINT = f'{ISSUER}/OS-OAUTH2/token'
HEADER = {'alg': 'ES256'}
SIGNER = assertions.Signer('client', ISSUER)
OTHER_SIGNER = assertions.Signer('other', ISSUER)
PEM = SIGNER.key.public_key().public_bytes(
    serialization.Encoding.PEM,
    serialization.PublicFormat.SubjectPublicKeyInfo,
)
#: How deep Python follows neither lists nor objects.
DEEP = 100_000
#: An integer that Python does not read.
LONG = '1' + '0' * 5000


def encoded(part):
    """Return base64url of bytes, or of a value as JSON."""
    if not isinstance(part, bytes):
        part = json.dumps(part).encode()
    return base64.urlsafe_b64encode(part).decode().rstrip('=')


def sign(header, payload, signer=SIGNER):
    """Return a JWS with whatever header and payload."""
    text = f'{encoded(header)}.{encoded(payload)}'
    method = algorithms.get_default_algorithms()[signer.algorithm]
    return f'{text}.{encoded(method.sign(text.encode(), signer.key))}'


def claims(**changed):
    """Return the claims of an assertion that holds.

    :param changed: those that differ.
    """
    return {
        'iss': 'client',
        'sub': 'client',
        'aud': ISSUER,
        'exp': time.time() + 60,
        'jti': 'jti',
        **changed,
    }


def without(name):
    """Return the claims of an assertion that holds, but for one."""
    return {key: value for key, value in claims().items() if key != name}


class PrivateKeyJWTTestCase(base.TestCase):
    """Two clients, of which each has a key."""

    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.user = self.keystone.add_user()
        for signer in (SIGNER, OTHER_SIGNER):
            self.keystone.add_credential(signer.client_id)
            self.register(signer.jwk, signer.client_id)

    def register(self, jwk, client_id='client'):
        return self.keystone.register(registration.KEY, jwk, client_id)

    @property
    def method(self):
        return private_key_jwt.PrivateKeyJWT(self.keystone.ports)

    def form(self, assertion, **form):
        values = {
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
            **form,
        }
        return protocol_base.form(
            **{
                name: value
                for name, value in values.items()
                if value is not None
            }
        )

    def authenticate(self, assertion, **form):
        return self.method.authenticate(
            protocol_base.request(), self.form(assertion, **form)
        )

    def authenticate_signed(self, changed, header=HEADER, signer=SIGNER):
        """Authenticate with an assertion that was not used before."""
        self.keystone.consumed.clear()
        return self.authenticate(sign(header, changed, signer))

    def assert_holds(self, changed, header=HEADER, signer=SIGNER):
        client = self.authenticate_signed(changed, header, signer)
        self.assertEqual('client', client.id)

    def assert_refused(self, reason, changed, header=HEADER, signer=SIGNER):
        """Assert that an assertion does not hold, and is not used up."""
        self.assert_client_refused(reason, changed, header, signer)
        self.assertEqual({}, self.keystone.consumed)

    def assert_client_refused(self, reason, *arguments):
        """Assert that there is no client, whatever the assertion is."""
        error = self.assert_raises(
            ports.Refused, self.authenticate_signed, *arguments
        )
        self.assertIn(reason, str(error))

    def assert_unreadable(self, reason, assertion, **form):
        """Assert that an assertion says not even whose it is."""
        for read in (self.method.authenticate, self.method.client_id):
            error = self.assert_raises(
                errors.InvalidClient,
                read,
                protocol_base.request(),
                self.form(assertion, **form),
            )
            self.assertIn(reason, error.detail)


class AssertionTest(PrivateKeyJWTTestCase):
    """What is taken for an assertion, and whose it is."""

    def test_assertion_or_its_type_is_an_attempt(self):
        """C01: each of them alone, too."""
        for form, used in (
            ({'client_assertion': 'x'}, True),
            ({'client_assertion_type': 'x'}, True),
            ({'client_id': 'client'}, False),
            ({'assertion': 'x'}, False),
            ({}, False),
        ):
            with self.variant(form):
                self.assertIs(
                    used,
                    self.method.is_used(
                        protocol_base.request(), protocol_base.form(**form)
                    ),
                )

    def test_assertion_and_type_are_both_needed(self):
        """C01: one without the other is malformed."""
        assertion = sign(HEADER, claims())
        for form, name in (
            (self.form(None), 'client_assertion'),
            (
                self.form(assertion, client_assertion_type=None),
                'client_assertion_type',
            ),
        ):
            with self.variant(name):
                error = self.assert_raises(
                    errors.MissingParameter,
                    self.method.client_id,
                    protocol_base.request(),
                    form,
                )
                self.assertEqual(f'{name} is missing', error.detail)

    def test_only_the_registered_name_is_a_type(self):
        """C01: character for character."""
        assertion = sign(HEADER, claims())
        prefix = 'urn:ietf:params:oauth:client-assertion-type:'
        self.assertEqual(prefix + 'jwt-bearer', assertions.TYPE)
        for name in (
            prefix + 'saml2-bearer',
            prefix + 'jwt-spiffe',
            prefix + 'jwt-bearer ',
            prefix + 'JWT-bearer',
            prefix.upper() + 'jwt-bearer',
            prefix,
            'urn:ietf:params:oauth:grant-type:jwt-bearer',
            'jwt-bearer',
        ):
            with self.variant(name):
                self.assert_unreadable(
                    'client_assertion_type',
                    assertion,
                    client_assertion_type=name,
                )

    def test_what_is_no_jwt_is_refused(self):
        """C01: C09: it is invalid_client."""
        good = sign(HEADER, claims())
        header, payload, signature = good.split('.')
        for assertion in (
            'nonsense',
            '.',
            '..',
            '...',
            f'{header}.{payload}',
            f'{header}.{payload}.{signature}.',
            f'{header}.{payload}.{signature}.{payload}.{signature}',
            f'{header}..{signature}',
            f'.{payload}.{signature}',
            f'{good},{good}',
            f'{good} {good}',
            f'[{good}]',
            f'{header}.{payload}.A',
            '\xe9.\u20ac.\U0001f600',
            '\ud800',
            f'\ud800{good}',
            f'{header}.{payload}.\udfff',
        ):
            with self.variant(assertion):
                self.assert_unreadable('not a JWT', assertion)

    def test_header_that_is_no_object_is_refused(self):
        """C01: whatever it is instead."""
        for header in (
            b'',
            b'\xff',
            b'{',
            b'[]',
            b'"ES256"',
            b'null',
            b'1',
            b'NaN',
            f'{{"alg":{LONG}}}'.encode(),
            b'[' * DEEP,
            b'[' * DEEP + b']' * DEEP,
            b'{"alg":' * DEEP + b'1' + b'}' * DEEP,
        ):
            with self.variant(header[:20]):
                self.assert_unreadable('not a JWT', sign(header, claims()))

    def test_claims_that_are_no_object_are_refused(self):
        """C01: whatever they are instead."""
        for payload in (b'', b'\xff', b'{', b'x', b'{"sub":client}'):
            with self.variant(payload):
                self.assert_unreadable('not a JWT', sign(HEADER, payload))
        for payload in (b'[]', b'"client"', b'null', b'1', b'true'):
            with self.variant(payload):
                self.assert_unreadable('claims', sign(HEADER, payload))

    def test_claims_that_python_does_not_follow_are_refused(self):
        """C01: nothing but invalid_client comes out."""
        for payload in (
            f'{{"exp":{LONG}}}'.encode(),
            b'[' * DEEP,
            b'[' * DEEP + b']' * DEEP,
            b'{"sub":' * DEEP + b'1' + b'}' * DEEP,
        ):
            with self.variant(payload[:20]):
                self.assert_unreadable('not a JWT', sign(HEADER, payload))

    def test_payload_that_is_not_there_is_refused(self):
        """C01: neither detached nor unencoded (RFC 7797)."""
        header = {**HEADER, 'b64': False, 'crit': ['b64']}
        self.assert_unreadable('not a JWT', sign(header, b''))
        text = f'{encoded(header)}.{json.dumps(claims())}'
        self.assert_unreadable('not a JWT', f'{text}.AAAA')

    def test_issuer_and_subject_are_both_the_client(self):
        """C02: one of them would do nowhere."""
        for changed, reason in (
            (without('iss'), 'iss differs from sub'),
            (claims(iss='other'), 'iss differs from sub'),
            (claims(sub='other'), 'iss differs from sub'),
            (claims(iss=ISSUER), 'iss differs from sub'),
            (claims(iss=None), 'iss differs from sub'),
            (claims(iss=['client']), 'iss differs from sub'),
            (claims(iss={}), 'iss differs from sub'),
            (claims(iss='Client'), 'iss differs from sub'),
            (without('sub'), 'sub is not a client id'),
            (claims(iss='', sub=''), 'sub is not a client id'),
            (claims(iss=1, sub=1), 'sub is not a client id'),
            (claims(iss=None, sub=None), 'sub is not a client id'),
            (claims(iss=['client'], sub=['client']), 'sub is not a client id'),
            (claims(iss='a\0b', sub='a\0b'), 'sub is not a client id'),
            (claims(iss='a\n', sub='a\n'), 'sub is not a client id'),
            (claims(iss='\xe9', sub='\xe9'), 'sub is not a client id'),
            (claims(iss='\ud800', sub='\ud800'), 'sub is not a client id'),
        ):
            with self.variant(changed):
                self.assert_unreadable(reason, sign(HEADER, changed))

    def test_client_id_in_the_body_must_be_the_same(self):
        """C02: it may be left out, but it cannot be another."""
        assertion = sign(HEADER, claims())
        for form in ({}, {'client_id': 'client'}):
            with self.variant(form):
                self.assertEqual(
                    'client',
                    self.method.client_id(
                        protocol_base.request(), self.form(assertion, **form)
                    ),
                )
        self.assertEqual(
            'client', self.authenticate(assertion, client_id='client').id
        )
        for client_id in ('other', 'CLIENT', 'client '):
            with self.variant(client_id):
                self.assert_unreadable(
                    'sub differs from client_id',
                    assertion,
                    client_id=client_id,
                )

    def test_it_is_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.method.scheme)


class ClientTest(PrivateKeyJWTTestCase):
    """What comes of an assertion that holds, and of one that does not."""

    def test_assertion_answers_the_client(self):
        """C02: with what its application credential delegates."""
        self.assertEqual(
            messages.Client(
                id='client',
                authentication_method='private_key_jwt',
                user=self.user,
                project_id='project',
                application_credential_id='client',
            ),
            self.authenticate_signed(claims()),
        )

    def test_client_ends_with_the_very_key(self):
        """K04: of several."""
        end = datetime.datetime(2099, 1, 1)
        self.keystone.register(registration.KEY, SIGNER.jwk, expires_at=end)
        self.assertIsNone(self.authenticate_signed(claims()).ends_at)
        self.keystone.unregister_all()
        self.keystone.register(registration.KEY, SIGNER.jwk, expires_at=end)
        self.assertEqual(end, self.authenticate_signed(claims()).ends_at)

    def test_use_of_the_very_key_is_noted(self):
        self.register(assertions.Signer('client', ISSUER).jwk)
        signer = assertions.Signer('client', ISSUER)
        use = self.register(signer.jwk)
        self.assert_holds(claims(), signer=signer)
        self.assertEqual([use], self.keystone.uses)

    def test_client_that_must_not_be_used_is_refused(self):
        """C09: as is one that is unknown, or whose user must not log in."""
        unknown = claims(iss='unknown', sub='unknown')
        error = self.assert_raises(
            ports.UnknownClient, self.authenticate_signed, unknown
        )
        self.assertIsInstance(error, ports.Refused)
        self.keystone.refusals['client'] = 'it has expired'
        self.assert_refused('it has expired', claims())
        del self.keystone.refusals['client']
        self.keystone.users.clear()
        self.assert_client_refused('unknown user', claims())
        self.assertEqual([], self.keystone.uses)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: a key that it still has does not count."""
        self.keystone.methods['client'] = frozenset(['tls_client_auth'])
        self.assert_client_refused(
            'not registered for private_key_jwt', claims()
        )
        self.keystone.methods['client'] |= {'private_key_jwt'}
        self.assert_holds(claims())

    def test_whatever_fails_is_invalid_client(self):
        """C09: never another code, and the reason is for the log alone."""
        authenticator = protocol_base.authenticator(
            {'private_key_jwt': self.method}, ['private_key_jwt']
        )
        for assertion in (
            'nonsense',
            sign(HEADER, claims(iss='other')),
            sign(HEADER, claims(iss='unknown', sub='unknown')),
            sign(HEADER, claims(aud='https://another.example.com')),
            sign(HEADER, claims(exp=1)),
            sign(HEADER, claims(nbf=time.time() + 600)),
            sign(HEADER, without('jti')),
            sign(HEADER, claims(), OTHER_SIGNER),
            sign({**HEADER, 'typ': 'at+jwt'}, claims()),
        ):
            with self.variant(assertion):
                error = self.assert_raises(
                    errors.InvalidClient,
                    authenticator.authenticate,
                    protocol_base.request(),
                    self.form(assertion),
                )
                self.assertEqual('invalid_client', error.code)
                self.assertEqual(401, error.status)
                self.assertNotIn(error.detail, error.description)
        self.assertEqual({}, self.keystone.consumed)


class AudienceTest(PrivateKeyJWTTestCase):
    def test_issuer_alone_is_the_audience(self):
        """C03: as a text, or as a list of one."""
        for audience in (ISSUER, [ISSUER]):
            with self.variant(audience):
                self.assert_holds(claims(aud=audience))

    def test_any_other_audience_is_refused(self):
        """C03: nor is the issuer enough where there are others besides."""
        self.assert_refused('aud', without('aud'))
        for audience in (
            '',
            'https://another.example.com/v3',
            TOKEN_ENDPOINT,
            [TOKEN_ENDPOINT],
            [ISSUER, TOKEN_ENDPOINT],
            [TOKEN_ENDPOINT, ISSUER],
            [ISSUER, ISSUER],
            [],
            [[ISSUER]],
            {ISSUER: ISSUER},
            f'{ISSUER}/',
            f'{ISSUER} {TOKEN_ENDPOINT}',
            ISSUER.upper(),
            ISSUER.replace('https', 'http'),
            'client',
            '\ud800',
            None,
            True,
            1,
        ):
            with self.variant(audience):
                self.assert_refused('aud', claims(aud=audience))

    def test_token_endpoint_is_taken_where_the_operator_says_so(self):
        """C03: one option, and still one audience."""
        self.keystone.assertion_rules = dataclasses.replace(
            self.keystone.assertion_rules,
            audiences=frozenset([ISSUER, TOKEN_ENDPOINT]),
        )
        for audience in (ISSUER, TOKEN_ENDPOINT, [TOKEN_ENDPOINT]):
            with self.variant(audience):
                self.assert_holds(claims(aud=audience))
        for audience in ([ISSUER, TOKEN_ENDPOINT], f'{TOKEN_ENDPOINT}/', 1):
            with self.variant(audience):
                self.assert_refused('aud', claims(aud=audience))


class TimesTest(PrivateKeyJWTTestCase):
    #: What is no moment, wherever it stands.
    NO_MOMENTS = (
        None,
        True,
        False,
        '',
        ' 1',
        '1 ',
        '1.5',
        '1e9',
        '+1',
        '-1',
        '0x1',
        '1_0',
        'NaN',
        '\u0661',
        '9' * 13,
        '9' * 5000,
        '2026-01-01T00:00:00Z',
        '\ud800',
        [],
        [1],
        {},
        -1,
        -0.5,
        10**30,
        10**4000,
        1e300,
    )

    def test_assertion_ends_in_time(self):
        """C04: the end is needed, is to come, and is not too far away."""
        now = time.time()
        for end in (now + 30, now + 3600, int(now) + 60, now + 0.5 + 60):
            with self.variant(end - now):
                self.assert_holds(claims(exp=end))
        self.assert_refused('exp is missing', without('exp'))
        for end, reason in (
            (now, 'expired'),
            (now - 1, 'expired'),
            (now - 300, 'expired'),
            (0, 'expired'),
            (now + 3661, 'exp is too far away'),
            (now + 86400 * 365, 'exp is too far away'),
            (253_402_300_799, 'exp is too far away'),
        ):
            with self.variant(end - now):
                self.assert_refused(reason, claims(exp=end))

    def test_bound_is_what_the_operator_says(self):
        """C04: in seconds from now."""
        self.keystone.assertion_rules = dataclasses.replace(
            self.keystone.assertion_rules, max_lifetime=60
        )
        self.assert_holds(claims(exp=time.time() + 60))
        self.assert_refused('too far', claims(exp=time.time() + 121))

    def test_bound_is_from_now_whenever_it_was_issued(self):
        """C04: else a client would choose its own."""
        end = time.time() + 7200
        for issued in (end - 60, 0, end - 7260):
            with self.variant(issued):
                self.assertRaises(
                    ports.Refused,
                    self.authenticate_signed,
                    claims(exp=end, iat=issued),
                )

    def test_strings_of_keystonemiddleware_are_moments(self):
        """C04: external_oauth2_token sends exp and iat as decimal strings."""
        now = int(time.time())
        self.assert_holds(claims(exp=str(now + 3600), iat=str(now)))
        self.assert_refused('expired', claims(exp=str(now)))
        self.assert_refused('too far away', claims(exp=str(now + 3700)))
        self.assert_refused('iat is in the', claims(iat=str(now + 62)))

    def test_what_is_no_moment_is_refused(self):
        """C04: wherever it stands."""
        for name in ('exp', 'nbf', 'iat'):
            for moment in self.NO_MOMENTS:
                with self.variant((name, moment)):
                    self.assert_refused(
                        f'{name} is not a valid time', claims(**{name: moment})
                    )

    def test_clock_of_the_client_may_be_ten_seconds_ahead(self):
        """C05: but not a minute."""
        for name in ('nbf', 'iat'):
            for ahead in (-86400, -1, 0, 1, 10):
                with self.variant((name, ahead)):
                    self.assert_holds(claims(**{name: time.time() + ahead}))
            for ahead in (61, 3600, 86400):
                with self.variant((name, ahead)):
                    self.assert_refused(
                        f'{name} is in the future',
                        claims(**{name: time.time() + ahead}),
                    )

    def test_skew_is_thirty_seconds(self):
        """C05: at both edges, by a clock that stands still."""
        now = 2_000_000_000.0
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: now))
        for name in ('nbf', 'iat'):
            for ahead in (30, 29.999):
                with self.variant((name, ahead)):
                    self.assert_holds(claims(**{name: now + ahead}))
            for ahead in (30.001, 31):
                with self.variant((name, ahead)):
                    self.assert_refused(
                        f'{name} is in the future',
                        claims(**{name: now + ahead}),
                    )

    def test_end_is_within_its_bounds(self):
        """C04: at both edges; the skew counts at the far one alone."""
        now = 2_000_000_000.0
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: now))
        for end in (now + 0.001, now + 3600, now + 3630):
            with self.variant(end - now):
                self.assert_holds(claims(exp=end))
        for end, reason in (
            (now - 0.001, 'expired'),
            (now, 'expired'),
            (now + 3630.001, 'exp is too far away'),
        ):
            with self.variant(end - now):
                self.assert_refused(reason, claims(exp=end))

    def test_assertion_that_has_not_begun_is_refused(self):
        """C04: though it was issued before."""
        now = time.time()
        self.assert_refused(
            'nbf is in the future', claims(iat=now, nbf=now + 120)
        )


class OnceTest(PrivateKeyJWTTestCase):
    def test_assertion_is_used_once(self):
        """C06: the same one, and another one of that jti."""
        first = sign(HEADER, claims())
        self.assertEqual('client', self.authenticate(first).id)
        for again in (first, sign(HEADER, claims(exp=time.time() + 90))):
            error = self.assert_raises(ports.Refused, self.authenticate, again)
            self.assertIn('already used', str(error))
        self.assertEqual(
            'client', self.authenticate(sign(HEADER, claims(jti='2'))).id
        )

    def test_clients_do_not_use_up_what_others_call_alike(self):
        """C06: a jti is the client's."""
        other = claims(iss='other', sub='other')
        for _ in range(2):
            self.keystone.consumed.pop(('client', 'jti'), None)
            self.assertEqual(
                'client', self.authenticate(sign(HEADER, claims())).id
            )
        self.assertEqual(
            'other', self.authenticate(sign(HEADER, other, OTHER_SIGNER)).id
        )

    def test_it_is_remembered_until_its_end(self):
        """C06: in UTC."""
        end = int(time.time()) + 60
        for sent in (end, str(end), float(end)):
            with self.variant(sent):
                self.assert_holds(claims(exp=sent))
                remembered = self.keystone.consumed['client', 'jti']
                self.assertIsNone(remembered.tzinfo)
                self.assertEqual(
                    end,
                    remembered.replace(
                        tzinfo=datetime.timezone.utc
                    ).timestamp(),
                )

    def test_assertion_needs_an_id(self):
        """C06: one that can be kept and shown in a log."""
        self.assert_refused('jti', without('jti'))
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
                self.assert_refused('jti', claims(jti=jti))
        for jti in ('x', 'a b', '\xe9\U0001f600', 'x' * 255):
            with self.variant(jti):
                self.assert_holds(claims(jti=jti))

    def test_use_of_a_key_is_noted_once_an_assertion(self):
        """C06: one that is sent again is none."""
        assertion = sign(HEADER, claims())
        self.authenticate(assertion)
        self.assert_raises(ports.Refused, self.authenticate, assertion)
        self.assertEqual(1, len(self.keystone.uses))

    def test_assertion_that_does_not_hold_is_not_used_up(self):
        """C06: else anybody could use up what a client is to send."""
        forged = sign(HEADER, claims(), OTHER_SIGNER)
        for _ in range(2):
            self.assert_raises(ports.Refused, self.authenticate, forged)
        self.assertEqual(
            'client', self.authenticate(sign(HEADER, claims())).id
        )


class SignatureTest(PrivateKeyJWTTestCase):
    def assert_not_signed(self, assertion):
        error = self.assert_raises(ports.Refused, self.authenticate, assertion)
        self.assertIn('no registered key has signed', str(error))

    def test_each_algorithm_of_each_key_is_taken(self):
        """C07: RSA in both kinds, three curves, Ed25519."""
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
                signer = assertions.Signer('client', ISSUER, algorithm, key)
                self.register(signer.jwk)
                self.assert_holds(claims(), {'alg': algorithm}, signer)

    def test_ed25519_has_two_names(self):
        """C07: whichever the key was registered with (RFC 9864, 2.2)."""
        for registered in ({}, {'alg': 'EdDSA'}, {'alg': 'Ed25519'}):
            signer = assertions.Signer('client', ISSUER, 'EdDSA')
            self.register({**signer.jwk, **registered})
            for name in ('EdDSA', 'Ed25519'):
                with self.variant((registered, name)):
                    self.assert_holds(claims(), {'alg': name}, signer)
            for name in ('Ed448', 'ed25519', 'EDDSA'):
                with self.variant((registered, name)):
                    self.assert_refused(
                        'unsupported alg',
                        claims(),
                        {'alg': name},
                        signer,
                    )

    def test_key_of_another_client_is_refused(self):
        """C07: though it is registered, and called the same."""
        rsa = assertions.Signer(
            'other', ISSUER, 'RS256', assertions.rsa_key(number=1)
        )
        own = assertions.Signer(
            'client', ISSUER, 'RS256', assertions.rsa_key()
        )
        self.register({**rsa.jwk, 'kid': 'same'}, 'other')
        self.register({**own.jwk, 'kid': 'same'})
        for header in ({'alg': 'RS256'}, {'alg': 'RS256', 'kid': 'same'}):
            with self.variant(header):
                self.assert_refused('no registered key', claims(), header, rsa)
                self.assert_holds(claims(), header, own)
        self.assert_refused(
            'no registered key', claims(), HEADER, OTHER_SIGNER
        )

    def test_client_without_a_key_is_refused(self):
        """C07: whatever it sends."""
        self.keystone.add_credential('keyless')
        changed = claims(iss='keyless', sub='keyless')
        self.assert_refused('no registered key', changed)

    def test_assertion_without_a_signature_is_refused(self):
        """C07: none is no algorithm, however it is written."""
        for algorithm in ('none', 'None', 'NONE', 'nOnE', '', None):
            with self.variant(algorithm):
                text = f'{encoded({"alg": algorithm})}.{encoded(claims())}.'
                error = self.assert_raises(
                    ports.Refused, self.authenticate, text
                )
                self.assertIn('unsupported alg', str(error))
        text = f'{encoded(HEADER)}.{encoded(claims())}.'
        self.assert_not_signed(text)

    def test_public_key_is_no_secret(self):
        """C07: HMAC with what anybody may know (RFC 8725, 2.1)."""
        jwk = json.dumps(SIGNER.jwk)
        der = base64.b64decode(''.join(PEM.decode().splitlines()[1:-1]))
        for secret in (PEM, PEM.strip(), der, jwk.encode(), b''):
            for algorithm, digest in (
                ('HS256', hashlib.sha256),
                ('HS384', hashlib.sha384),
                ('HS512', hashlib.sha512),
                ('ES256', hashlib.sha256),
            ):
                with self.variant((secret, algorithm)):
                    text = f'{encoded({"alg": algorithm})}.{encoded(claims())}'
                    code = hmac.digest(secret, text.encode(), digest)
                    self.assert_raises(
                        ports.Refused,
                        self.authenticate,
                        f'{text}.{encoded(code)}',
                    )

    def test_algorithm_must_be_one_of_the_key(self):
        """C07: the header alone decides nothing."""
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
                    'no registered key', claims(), {'alg': algorithm}
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
                    'unsupported alg', claims(), {'alg': algorithm}
                )
        self.assert_refused('unsupported alg', claims(), {})

    def test_algorithm_that_is_registered_with_the_key_is_the_only_one(self):
        """C07: an RSA key could be used with six."""
        signer = assertions.Signer(
            'client', ISSUER, 'PS256', assertions.rsa_key()
        )
        self.register({**signer.jwk, 'alg': 'PS256'})
        self.assert_holds(claims(), {'alg': 'PS256'}, signer)
        for algorithm in ('RS256', 'RS512', 'PS384', 'PS512'):
            with self.variant(algorithm):
                signer.algorithm = algorithm
                self.assert_refused(
                    'no registered key', claims(), {'alg': algorithm}, signer
                )

    def test_key_is_chosen_by_its_id(self):
        """C07: what a header calls otherwise is another key."""
        signer = assertions.Signer('client', ISSUER)
        use = self.register({**signer.jwk, 'kid': 'new'})
        self.register({**OTHER_SIGNER.jwk, 'kid': 'old'})
        for header in ({**HEADER, 'kid': 'new'}, HEADER):
            with self.variant(header):
                self.keystone.uses.clear()
                self.assert_holds(claims(), header, signer)
                self.assertEqual([use], self.keystone.uses)
        for kid in ('old', 'NEW', '', '\ud800'):
            with self.variant(kid):
                self.assert_refused(
                    'no registered key',
                    claims(),
                    {**HEADER, 'kid': kid},
                    signer,
                )

    def test_key_without_an_id_is_called_as_the_client_likes(self):
        """C07: libraries send a kid that nobody was told."""
        self.assert_holds(claims(), {**HEADER, 'kid': 'whatever'})

    def test_id_of_a_key_is_text(self):
        """C01: anything else is no JWT (RFC 7515, 4.1.4)."""
        for kid in (None, 1, ['x'], {}):
            with self.variant(kid):
                self.assertRaises(
                    (errors.InvalidClient, ports.Refused),
                    self.authenticate,
                    sign({**HEADER, 'kid': kid}, claims(), OTHER_SIGNER),
                )

    def test_key_in_the_header_is_not_looked_at(self):
        """C07: nor is a place to fetch one from."""
        stranger = assertions.Signer('client', ISSUER)
        for member, value in (
            ('jwk', stranger.jwk),
            ('jku', 'https://another.example.com/jwks'),
            ('x5u', 'https://another.example.com/certificate'),
            ('x5c', ['AAAA']),
        ):
            with self.variant(member):
                header = {**HEADER, member: value}
                self.assert_refused(
                    'no registered key', claims(), header, stranger
                )
                self.assert_holds(claims(), header)

    def test_what_was_changed_after_signing_is_refused(self):
        """C07: in each of its parts."""
        good = sign(HEADER, claims())
        header, payload, signature = good.split('.')
        cut = base64.urlsafe_b64decode(signature + '==')[:-1]
        for assertion in (
            f'{header}.{encoded(claims(jti="2"))}.{signature}',
            f'{encoded({**HEADER, "kid": "x"})}.{payload}.{signature}',
            f'{header}.{payload}.{encoded(cut)}',
            f'{header}.{payload}.{encoded(cut + bytes(2))}',
            f'{header}.{payload}.{encoded(bytes(64))}',
            f'{header}.{payload}.{encoded(bytes(9000))}',
            f'{header}.{payload}.',
        ):
            with self.variant(assertion):
                self.assert_not_signed(assertion)
        self.assertEqual('client', self.authenticate(good).id)

    def test_signature_over_nothing_in_particular_is_refused(self):
        """C07: CVE-2022-21449 took an ECDSA signature of zeros."""
        p384 = assertions.Signer('client', ISSUER, 'ES384')
        self.register(p384.jwk)
        for algorithm, length in (('ES256', 64), ('ES384', 96)):
            with self.variant(algorithm):
                text = f'{encoded({"alg": algorithm})}.{encoded(claims())}'
                self.assert_not_signed(f'{text}.{encoded(bytes(length))}')


class HeaderTest(PrivateKeyJWTTestCase):
    def test_what_must_be_understood_is_refused(self):
        """C08: nothing critical is understood here (RFC 7515, 4.1.11)."""
        for critical in (
            ['exp'],
            ['b64'],
            ['typ'],
            ['unknown'],
            [],
            None,
            'exp',
            {},
            1,
            [1],
        ):
            with self.variant(critical):
                header = {**HEADER, 'crit': critical, 'b64': True, 'exp': 1}
                self.assertRaises(
                    (errors.InvalidClient, ports.Refused),
                    self.authenticate_signed,
                    claims(),
                    header,
                )
                self.assertEqual({}, self.keystone.consumed)

    def test_type_of_a_client_assertion_is_taken(self):
        """C08: as is none at all."""
        self.assert_holds(claims(), HEADER)
        for media_type in (
            'JWT',
            'jwt',
            'client-authentication+jwt',
            'CLIENT-Authentication+JWT',
            'application/jwt',
            'application/client-authentication+jwt',
            'Application/JWT',
        ):
            with self.variant(media_type):
                self.assert_holds(claims(), {**HEADER, 'typ': media_type})

    def test_jwt_of_another_type_is_refused(self):
        """C08: it was made for something else."""
        for media_type in (
            'at+jwt',
            'application/at+jwt',
            'dpop+jwt',
            'token-introspection+jwt',
            'secevent+jwt',
            'JOSE',
            'JWT ',
            'text/jwt',
            'application/application/jwt',
            '+jwt',
            '',
            '\ud800',
            None,
            1,
            ['JWT'],
            {},
        ):
            with self.variant(media_type):
                self.assert_refused(
                    'typ', claims(), {**HEADER, 'typ': media_type}
                )


values = strategies.json_values(max_size=20, max_leaves=8)
claim_names = st.sampled_from(
    ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']
)
header_names = st.sampled_from(['alg', 'typ', 'kid', 'crit', 'b64', 'jwk'])


class NothingElseTest(PrivateKeyJWTTestCase):
    """C09: whatever arrives, the answer is one of OAuth."""

    def try_out(self, assertion):
        """Authenticate; what is raised is a refusal of ours."""
        self.keystone.consumed.clear()
        try:
            return self.authenticate(assertion)
        except (errors.OAuthError, ports.Refused):
            return None

    @hypothesis.given(st.text(strategies.characters))
    def test_any_text_is_refused(self, text):
        self.assertIsNone(self.try_out(text))

    @hypothesis.given(st.lists(st.binary(), min_size=3, max_size=3))
    def test_any_three_parts_are_refused(self, parts):
        self.assertIsNone(self.try_out('.'.join(map(encoded, parts))))

    @hypothesis.given(st.binary(max_size=200), st.binary(max_size=200))
    def test_any_bytes_in_a_body_are_refused(self, kind, assertion):
        """C01: before they are text."""
        authenticator = protocol_base.authenticator(
            {'private_key_jwt': self.method}, ['private_key_jwt']
        )
        for sent in (kind, assertions.TYPE):
            body = urllib.parse.urlencode(
                {'client_assertion_type': sent, 'client_assertion': assertion}
            )
            request = protocol_base.request(body)
            self.assertRaises(
                errors.OAuthError,
                lambda request=request: authenticator.authenticate(
                    request, parameters.read(request)
                ),
            )

    @hypothesis.given(values, values)
    def test_any_json_that_is_signed_is_refused(self, header, payload):
        self.assertIsNone(self.try_out(sign(header, payload)))

    @hypothesis.given(
        st.dictionaries(claim_names, values, max_size=3),
        st.dictionaries(header_names, values, max_size=2),
    )
    def test_any_claim_and_header_of_a_client_are_judged(self, sent, header):
        """C07: also by somebody who has a registered key."""
        client = self.try_out(sign({**HEADER, **header}, claims(**sent)))
        self.assertIn(client and client.id, (None, 'client'))
