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

"""Reading of a client assertion (RFC 7521, 4.2; RFC 7523, 2.2)."""

import json

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class ReadAssertionTest(jwts.PrivateKeyJWTTestCase):
    def test_assertion_and_type_are_both_required(self):
        """C01: one without the other is malformed."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
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
                    evidence.Assertion.read,
                    protocol_base.request(),
                    form,
                )
                self.assertEqual(f'{name} is missing', error.detail)

    def test_only_the_registered_name_is_a_type(self):
        """C01: it is compared exactly."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        prefix = 'urn:ietf:params:oauth:client-assertion-type:'
        self.assertEqual(prefix + 'jwt-bearer', assertions.TYPE)
        for name in (
            prefix + 'saml2-bearer',
            prefix + 'jwt-spiffe ',
            prefix + 'JWT-SPIFFE',
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

    def test_jwt_svid_is_evidence_of_another_kind(self):
        """C11: it is never read as the other one, with which it begins."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        for name, kind in (
            (assertions.TYPE, evidence.Assertion),
            (evidence.SPIFFE_ASSERTION_TYPE, evidence.SpiffeAssertion),
        ):
            with self.variant(name):
                form = self.form(assertion, client_assertion_type=name)
                self.assertEqual(
                    [kind], evidence.kinds(protocol_base.request(), form)
                )
                read = self.read(assertion, client_assertion_type=name)
                self.assertIs(kind, type(read))
                self.assertEqual(name, read.type)
                self.assertEqual('client', read.client_id)
        error = self.assert_raises(
            errors.MissingParameter,
            lambda: self.read(
                None, client_assertion_type=evidence.SPIFFE_ASSERTION_TYPE
            ),
        )
        self.assertEqual('client_assertion is missing', error.detail)

    def test_invalid_jwt_is_refused(self):
        """C01: C09: the error is invalid_client."""
        good = jwts.sign(jwts.HEADER, jwts.claims())
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
            f'{{"alg":{jwts.LONG}}}'.encode(),
            b'[' * jwts.DEEP,
            b'[' * jwts.DEEP + b']' * jwts.DEEP,
            b'{"alg":' * jwts.DEEP + b'1' + b'}' * jwts.DEEP,
        ):
            with self.variant(header[:20]):
                self.assert_unreadable(
                    'not a JWT', jwts.sign(header, jwts.claims())
                )

    def test_claims_that_are_not_an_object_are_refused(self):
        """C01: whatever their type is."""
        for payload in (b'', b'\xff', b'{', b'x', b'{"sub":client}'):
            with self.variant(payload):
                self.assert_unreadable(
                    'not a JWT', jwts.sign(jwts.HEADER, payload)
                )
        for payload in (b'[]', b'"client"', b'null', b'1', b'true'):
            with self.variant(payload):
                self.assert_unreadable(
                    'must be a JSON object', jwts.sign(jwts.HEADER, payload)
                )

    def test_claims_that_python_cannot_parse_are_refused(self):
        """C01: the error is always invalid_client."""
        for payload in (
            f'{{"exp":{jwts.LONG}}}'.encode(),
            b'[' * jwts.DEEP,
            b'[' * jwts.DEEP + b']' * jwts.DEEP,
            b'{"sub":' * jwts.DEEP + b'1' + b'}' * jwts.DEEP,
        ):
            with self.variant(payload[:20]):
                self.assert_unreadable(
                    'not a JWT', jwts.sign(jwts.HEADER, payload)
                )

    def test_missing_payload_is_refused(self):
        """C01: neither detached nor unencoded (RFC 7797)."""
        header = {**jwts.HEADER, 'b64': False, 'crit': ['b64']}
        self.assert_unreadable('not a JWT', jwts.sign(header, b''))
        text = f'{jwts.encoded(header)}.{json.dumps(jwts.claims())}'
        self.assert_unreadable('not a JWT', f'{text}.AAAA')

    def test_subject_must_be_a_client_id(self):
        """C02: printable ASCII (RFC 6749, A.1)."""
        for subject in (
            '',
            1,
            None,
            ['client'],
            {},
            'a\0b',
            'a\n',
            '\x7f',
            '\xe9',
            '\ud800',
        ):
            with self.variant(subject):
                self.assert_unreadable(
                    'sub is not a client id',
                    jwts.sign(jwts.HEADER, jwts.claims(sub=subject)),
                )
        self.assert_unreadable(
            'sub is not a client id',
            jwts.sign(jwts.HEADER, jwts.without('sub')),
        )
        for subject in ('x', ' ~'):
            with self.variant(subject):
                assertion = jwts.sign(jwts.HEADER, jwts.claims(sub=subject))
                self.assertEqual(subject, self.read(assertion).client_id)

    def test_client_id_in_the_body_is_the_client(self):
        """C02: whether the assertion belongs to it is verified later."""
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        for form, client_id in (
            ({}, 'client'),
            ({'client_id': 'client'}, 'client'),
            ({'client_id': 'other'}, 'other'),
        ):
            with self.variant(form):
                self.assertEqual(
                    client_id, self.read(assertion, **form).client_id
                )

    def test_whole_assertion_is_read(self):
        header, claims = {**jwts.HEADER, 'x': [1]}, jwts.claims(x={'y': None})
        assertion = jwts.sign(header, claims)
        self.assertEqual(
            evidence.Assertion('client', assertion, header, claims),
            self.read(assertion),
        )
