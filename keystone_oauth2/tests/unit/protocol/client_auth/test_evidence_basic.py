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

"""Parsing of the Authorization field (RFC 6749, 2.3.1; RFC 7617, 2)."""

import base64
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

text = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
    max_size=20,
)
latin_1 = st.text(st.characters(max_codepoint=255), max_size=60)


def read(authorization, **form):
    """Return the client id, and the readings of the secret."""
    found = evidence.Basic.read(
        protocol_base.request(authorization=authorization),
        protocol_base.form(**form),
    )
    return found.client_id, found.secrets


class ReadBasicTest(base.TestCase):
    def test_id_and_secret_are_decoded_once(self):
        """B02: form-encoded, as in RFC 6749."""
        for credentials, client_id, decoded in (
            ('id:secret', 'id', 'secret'),
            ('a%3Ab:c%3Ad', 'a:b', 'c:d'),
            ('a+b:c+d', 'a b', 'c d'),
            ('%C3%A9:%E2%82%AC', '\xe9', '\u20ac'),
            ('id:a%2Db%5Fc', 'id', 'a-b_c'),
            ('id:%2525', 'id', '%25'),
        ):
            with self.variant(credentials):
                found_id, secrets = read(protocol_base.basic(credentials))
                self.assertEqual(client_id, found_id)
                self.assertEqual(decoded, secrets[0])

    def test_undecoded_secret_comes_second_if_it_differs(self):
        """B02: curl and python-requests do not encode it."""
        for sent, secrets in (
            ('plain-_.~', ('plain-_.~',)),
            ('a+b', ('a b', 'a+b')),
            ('a%41', ('aA', 'a%41')),
            ('100%', ('100%',)),
            ('%zz', ('%zz',)),
            ('%ff', ('%ff',)),
            ('a%00', ('a%00',)),
            ('\u20ac', ('\u20ac',)),
        ):
            with self.variant(sent):
                self.assertEqual(
                    ('id', secrets), read(protocol_base.basic('id:' + sent))
                )

    def test_first_colon_ends_the_id(self):
        """B02: the id and secret are decoded after the split."""
        self.assertEqual(
            ('id', ('a:b::c',)), read(protocol_base.basic('id:a:b::c'))
        )
        self.assertEqual(('a:b', ('c',)), read(protocol_base.basic('a%3ab:c')))

    def test_id_and_secret_may_be_empty(self):
        self.assertEqual(('', ('',)), read(protocol_base.basic(':')))
        self.assertEqual(('', ('s',)), read(protocol_base.basic(':s')))
        self.assertEqual(('id', ('',)), read(protocol_base.basic('id:')))

    def test_scheme_is_case_insensitive(self):
        parameter = base64.b64encode(b'id:secret').decode()
        for scheme in ('Basic', 'basic', 'BASIC', 'bAsIc'):
            with self.variant(scheme):
                self.assertEqual(
                    ('id', ('secret',)), read(f'{scheme}   {parameter} ')
                )

    def test_malformed_field_fails_to_authenticate(self):
        """B05: an unreadable field is a failed attempt, not a crash."""
        good = base64.b64encode(b'id:secret').decode()
        for authorization in (
            'Basic',
            'Basic ',
            f'Basic {good} {good}',
            f'Basic {good},{good}',
            f'Basic {good}, Basic {good}',
            'Basic aWQ6c2VjcmV',
            'Basic aWQ6_-8=',
            'Basic a*b=',
            'Basic \xff\xfe',
            protocol_base.basic('no colon'),
            protocol_base.basic(''),
            protocol_base.basic(b'id:\0'),
            protocol_base.basic(b'i\0d:secret'),
            protocol_base.basic('i%00d:secret'),
            protocol_base.basic(b'id:\xff'),
            protocol_base.basic(b'\xff:secret'),
            protocol_base.basic('i%ffd:secret'),
            protocol_base.basic('50%:secret'),
        ):
            with self.variant(authorization):
                error = self.assert_raises(
                    errors.InvalidClient, read, authorization
                )
                self.assertTrue(error.detail.startswith('Basic: '))

    def test_other_scheme_fails_to_authenticate(self):
        parameter = base64.b64encode(b'id:secret').decode()
        for authorization in (
            f'Bearer {parameter}',
            f'Basic{parameter}',
            f'Basic2 {parameter}',
            'Digest username="id"',
            parameter,
            '\xe9',
        ):
            with self.variant(authorization):
                error = self.assert_raises(
                    errors.InvalidClient, read, authorization
                )
                self.assertEqual('unknown authentication scheme', error.detail)

    def test_no_secret_is_in_the_detail_for_the_log(self):
        for credentials in (b'top-secret', b'i%00d:top-secret', b'\xff:top'):
            authorization = protocol_base.basic(credentials)
            with self.variant(authorization):
                error = self.assertRaises(
                    errors.InvalidClient, read, authorization
                )
                self.assertNotIn('top', error.detail)
                self.assertNotIn(authorization[6:], error.detail)

    def test_client_id_in_the_body_must_be_the_same(self):
        """B01: the body may contain it, but no other id."""
        authorization = protocol_base.basic('client:secret')
        for form in ({}, {'client_id': 'client'}):
            with self.variant(form):
                self.assertEqual('client', read(authorization, **form)[0])
        error = self.assert_raises(
            errors.InvalidRequest,
            lambda: read(authorization, client_id='other'),
        )
        self.assertEqual(
            'client_id differs from the Authorization field', error.detail
        )

    @given(text, text)
    def test_encoding_of_a_strict_client_is_read_back(self, name, secret):
        """B02: the first reading follows RFC 6749."""
        quoted = (urllib.parse.quote_plus(part) for part in (name, secret))
        found, secrets = read(protocol_base.basic(':'.join(quoted)))
        self.assertEqual((name, secret), (found, secrets[0]))

    @given(text)
    def test_secret_of_a_lenient_client_is_among_the_readings(self, secret):
        """B02: one reading is the secret as it was sent."""
        self.assertIn(secret, read(protocol_base.basic('id:' + secret))[1])

    @given(
        latin_1
        | st.builds('Basic {}'.format, latin_1)
        | st.builds(protocol_base.basic, st.binary(max_size=60))
    )
    def test_any_bytes_are_read_or_refused(self, authorization):
        try:
            client_id, secrets = read(authorization)
        except errors.InvalidClient:
            return
        self.assertNotIn('\0', client_id + ''.join(secrets))
        self.assertIn(len(secrets), (1, 2))
        self.assertEqual(len(secrets), len(set(secrets)))
