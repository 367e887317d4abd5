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

"""Authentication with a JWT signed by the client (RFC 7523)."""

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
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
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
#: Nesting that is too deep for Python's parser.
DEEP = 100_000
#: An integer that is too long for Python to parse.
LONG = '1' + '0' * 5000


def encoded(part):
    """Return the base64url of bytes, or of a value as JSON."""
    if not isinstance(part, bytes):
        part = json.dumps(part).encode()
    return base64.urlsafe_b64encode(part).decode().rstrip('=')


def sign(header, payload, signer=SIGNER):
    """Return a JWS with any header and payload."""
    text = f'{encoded(header)}.{encoded(payload)}'
    method = algorithms.get_default_algorithms()[signer.algorithm]
    return f'{text}.{encoded(method.sign(text.encode(), signer.key))}'


def claims(**changed):
    """Return the claims of a valid assertion.

    :param changed: claims to replace.
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
    """Return the claims of a valid assertion, without one of them."""
    return {key: value for key, value in claims().items() if key != name}


class PrivateKeyJWTTestCase(base.TestCase):
    """Two clients with a key each."""

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
        """Sign and use a new assertion."""
        self.keystone.consumed.clear()
        return self.authenticate(sign(header, changed, signer))

    def assert_holds(self, changed, header=HEADER, signer=SIGNER):
        client = self.authenticate_signed(changed, header, signer)
        self.assertEqual('client', client.id)

    def assert_refused(self, reason, changed, header=HEADER, signer=SIGNER):
        """Assert that an assertion is refused, and is not used up."""
        self.assert_client_refused(reason, changed, header, signer)
        self.assertEqual({}, self.keystone.consumed)

    def assert_client_refused(self, reason, *arguments):
        """Assert that a client is refused, whatever the assertion contains."""
        error = self.assert_raises(
            ports.Refused, self.authenticate_signed, *arguments
        )
        self.assertIn(reason, str(error))

    def assert_unreadable(self, reason, assertion, **form):
        """Assert that the client of an assertion cannot be determined."""
        for read in (self.method.authenticate, self.method.client_id):
            error = self.assert_raises(
                errors.InvalidClient,
                read,
                protocol_base.request(),
                self.form(assertion, **form),
            )
            self.assertIn(reason, error.detail)


class AssertionTest(PrivateKeyJWTTestCase):
    """How an assertion and its client are recognized."""

    def test_assertion_or_its_type_is_an_attempt(self):
        """C01: either of them alone, too."""
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

    def test_assertion_and_type_are_both_required(self):
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
        """C01: it is compared exactly."""
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

    def test_invalid_jwt_is_refused(self):
        """C01: C09: the error is invalid_client."""
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

    def test_header_that_is_not_an_object_is_refused(self):
        """C01: whatever its type is."""
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

    def test_claims_that_are_not_an_object_are_refused(self):
        """C01: whatever their type is."""
        for payload in (b'', b'\xff', b'{', b'x', b'{"sub":client}'):
            with self.variant(payload):
                self.assert_unreadable('not a JWT', sign(HEADER, payload))
        for payload in (b'[]', b'"client"', b'null', b'1', b'true'):
            with self.variant(payload):
                self.assert_unreadable('claims', sign(HEADER, payload))

    def test_claims_that_python_cannot_parse_are_refused(self):
        """C01: the error is always invalid_client."""
        for payload in (
            f'{{"exp":{LONG}}}'.encode(),
            b'[' * DEEP,
            b'[' * DEEP + b']' * DEEP,
            b'{"sub":' * DEEP + b'1' + b'}' * DEEP,
        ):
            with self.variant(payload[:20]):
                self.assert_unreadable('not a JWT', sign(HEADER, payload))

    def test_missing_payload_is_refused(self):
        """C01: neither detached nor unencoded (RFC 7797)."""
        header = {**HEADER, 'b64': False, 'crit': ['b64']}
        self.assert_unreadable('not a JWT', sign(header, b''))
        text = f'{encoded(header)}.{json.dumps(claims())}'
        self.assert_unreadable('not a JWT', f'{text}.AAAA')

    def test_issuer_and_subject_must_both_be_the_client(self):
        """C02: one of them is not enough."""
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
        """C02: it may be omitted, but must not differ."""
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

    def test_method_has_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.method.scheme)


class ClientTest(PrivateKeyJWTTestCase):
    """The outcomes of valid and invalid assertions."""

    def test_valid_assertion_authenticates_the_client(self):
        """C02: with the delegation of its application credential."""
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

    def test_client_expires_with_the_key_that_was_used(self):
        """K04: not with another one."""
        end = datetime.datetime(2099, 1, 1)
        self.keystone.register(registration.KEY, SIGNER.jwk, expires_at=end)
        self.assertIsNone(self.authenticate_signed(claims()).ends_at)
        self.keystone.unregister_all()
        self.keystone.register(registration.KEY, SIGNER.jwk, expires_at=end)
        self.assertEqual(end, self.authenticate_signed(claims()).ends_at)

    def test_use_of_the_key_is_recorded(self):
        self.register(assertions.Signer('client', ISSUER).jwk)
        signer = assertions.Signer('client', ISSUER)
        use = self.register(signer.jwk)
        self.assert_holds(claims(), signer=signer)
        self.assertEqual([use], self.keystone.uses)

    def test_unusable_client_is_refused(self):
        """C09: so is an unknown one, or one whose user cannot log in."""
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
        """B11: even if its key is still registered."""
        self.keystone.methods['client'] = frozenset(['tls_client_auth'])
        self.assert_client_refused(
            'not registered for private_key_jwt', claims()
        )
        self.keystone.methods['client'] |= {'private_key_jwt'}
        self.assert_holds(claims())

    def test_any_failure_is_invalid_client(self):
        """C09: never another code; only the log has the reason."""
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
    def test_issuer_is_the_only_audience(self):
        """C03: as a string, or as a list with one item."""
        for audience in (ISSUER, [ISSUER]):
            with self.variant(audience):
                self.assert_holds(claims(aud=audience))

    def test_any_other_audience_is_refused(self):
        """C03: the issuer among other audiences is refused, too."""
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

    def test_token_endpoint_is_accepted_if_the_operator_allows_it(self):
        """C03: still as a single audience."""
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
    #: Invalid times, for each claim.
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

    def test_assertion_must_expire_soon(self):
        """C04: exp is required, in the future, and not too far away."""
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

    def test_longest_lifetime_is_configurable(self):
        """C04: in seconds from now."""
        self.keystone.assertion_rules = dataclasses.replace(
            self.keystone.assertion_rules, max_lifetime=60
        )
        self.assert_holds(claims(exp=time.time() + 60))
        self.assert_refused('too far', claims(exp=time.time() + 121))

    def test_longest_lifetime_does_not_depend_on_the_issue_time(self):
        """C04: otherwise the client could choose it."""
        end = time.time() + 7200
        for issued in (end - 60, 0, end - 7260):
            with self.variant(issued):
                self.assertRaises(
                    ports.Refused,
                    self.authenticate_signed,
                    claims(exp=end, iat=issued),
                )

    def test_decimal_strings_of_keystonemiddleware_are_accepted(self):
        """C04: external_oauth2_token sends exp and iat in this form."""
        now = int(time.time())
        self.assert_holds(claims(exp=str(now + 3600), iat=str(now)))
        self.assert_refused('expired', claims(exp=str(now)))
        self.assert_refused('too far away', claims(exp=str(now + 3700)))
        self.assert_refused('iat is in the', claims(iat=str(now + 62)))

    def test_invalid_time_is_refused(self):
        """C04: in each claim."""
        for name in ('exp', 'nbf', 'iat'):
            for moment in self.NO_MOMENTS:
                with self.variant((name, moment)):
                    self.assert_refused(
                        f'{name} is not a valid time', claims(**{name: moment})
                    )

    def test_clock_of_the_client_may_be_ten_seconds_fast(self):
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
        """C05: at both edges, with a stopped clock."""
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

    def test_expiry_must_be_within_its_bounds(self):
        """C04: at both edges; only the later one allows for skew."""
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

    def test_assertion_that_is_not_yet_valid_is_refused(self):
        """C04: even if it has already been issued."""
        now = time.time()
        self.assert_refused(
            'nbf is in the future', claims(iat=now, nbf=now + 120)
        )


class OnceTest(PrivateKeyJWTTestCase):
    def test_assertion_can_be_used_only_once(self):
        """C06: neither it nor another one with that jti is accepted again."""
        first = sign(HEADER, claims())
        self.assertEqual('client', self.authenticate(first).id)
        for again in (first, sign(HEADER, claims(exp=time.time() + 90))):
            error = self.assert_raises(ports.Refused, self.authenticate, again)
            self.assertIn('already used', str(error))
        self.assertEqual(
            'client', self.authenticate(sign(HEADER, claims(jti='2'))).id
        )

    def test_clients_may_use_the_same_jti(self):
        """C06: a jti belongs to its client."""
        other = claims(iss='other', sub='other')
        for _ in range(2):
            self.keystone.consumed.pop(('client', 'jti'), None)
            self.assertEqual(
                'client', self.authenticate(sign(HEADER, claims())).id
            )
        self.assertEqual(
            'other', self.authenticate(sign(HEADER, other, OTHER_SIGNER)).id
        )

    def test_assertion_is_remembered_until_it_expires(self):
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

    def test_assertion_must_have_an_id(self):
        """C06: one that can be stored, and shown in a log."""
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

    def test_use_of_a_key_is_recorded_once_for_each_assertion(self):
        """C06: a replay is not recorded."""
        assertion = sign(HEADER, claims())
        self.authenticate(assertion)
        self.assert_raises(ports.Refused, self.authenticate, assertion)
        self.assertEqual(1, len(self.keystone.uses))

    def test_invalid_assertion_is_not_used_up(self):
        """C06: otherwise an attacker could block a client's jti."""
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
                signer = assertions.Signer('client', ISSUER, algorithm, key)
                self.register(signer.jwk)
                self.assert_holds(claims(), {'alg': algorithm}, signer)

    def test_ed25519_has_two_names(self):
        """C07: whichever name the key is registered with (RFC 9864, 2.2)."""
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
        """C07: even though it is registered, with the same kid."""
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
        """C07: none is not an algorithm, in any spelling."""
        for algorithm in ('none', 'None', 'NONE', 'nOnE', '', None):
            with self.variant(algorithm):
                text = f'{encoded({"alg": algorithm})}.{encoded(claims())}.'
                error = self.assert_raises(
                    ports.Refused, self.authenticate, text
                )
                self.assertIn('unsupported alg', str(error))
        text = f'{encoded(HEADER)}.{encoded(claims())}.'
        self.assert_not_signed(text)

    def test_public_key_is_not_accepted_as_a_shared_secret(self):
        """C07: HMAC with public data (RFC 8725, 2.1)."""
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

    def test_algorithm_registered_with_the_key_is_the_only_one(self):
        """C07: otherwise an RSA key has six algorithms."""
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

    def test_key_is_selected_by_its_id(self):
        """C07: a key with another id is not tried."""
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

    def test_key_without_an_id_accepts_any_kid(self):
        """C07: libraries send a kid that was not registered."""
        self.assert_holds(claims(), {**HEADER, 'kid': 'whatever'})

    def test_key_id_must_be_a_string(self):
        """C01: otherwise it is not a valid JWT (RFC 7515, 4.1.4)."""
        for kid in (None, 1, ['x'], {}):
            with self.variant(kid):
                self.assertRaises(
                    (errors.InvalidClient, ports.Refused),
                    self.authenticate,
                    sign({**HEADER, 'kid': kid}, claims(), OTHER_SIGNER),
                )

    def test_key_in_the_header_is_ignored(self):
        """C07: as is the URL of a key."""
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

    def test_altered_assertion_is_refused(self):
        """C07: whichever part was altered."""
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

    def test_signature_of_zeros_is_refused(self):
        """C07: CVE-2022-21449 accepted such an ECDSA signature."""
        p384 = assertions.Signer('client', ISSUER, 'ES384')
        self.register(p384.jwk)
        for algorithm, length in (('ES256', 64), ('ES384', 96)):
            with self.variant(algorithm):
                text = f'{encoded({"alg": algorithm})}.{encoded(claims())}'
                self.assert_not_signed(f'{text}.{encoded(bytes(length))}')


class HeaderTest(PrivateKeyJWTTestCase):
    def test_critical_parameter_is_refused(self):
        """C08: none is supported here (RFC 7515, 4.1.11)."""
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

    def test_type_of_a_client_assertion_is_accepted(self):
        """C08: as is a header without a type."""
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
        """C08: it was issued for another purpose."""
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
    """C09: the response to any input is an OAuth error."""

    def try_out(self, assertion):
        """Authenticate, and return None if the client is refused."""
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
        """C01: before they are decoded."""
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
    def test_any_signed_json_is_refused(self, header, payload):
        self.assertIsNone(self.try_out(sign(header, payload)))

    @hypothesis.given(
        st.dictionaries(claim_names, values, max_size=3),
        st.dictionaries(header_names, values, max_size=2),
    )
    def test_any_claims_and_header_are_accepted_or_refused(self, sent, header):
        """C07: even if signed with a registered key."""
        client = self.try_out(sign({**HEADER, **header}, claims(**sent)))
        self.assertIn(client and client.id, (None, 'client'))
