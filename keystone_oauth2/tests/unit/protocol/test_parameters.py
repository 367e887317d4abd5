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

"""Parsing of a form body."""

import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import parameters
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

text = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
    max_size=12,
)


def read(body, **attributes):
    return parameters.read(protocol_base.request(body, **attributes))


class ReadParametersTest(base.TestCase):
    def assert_refused(self, expected, body, **attributes):
        return self.assert_raises(expected, lambda: read(body, **attributes))

    def test_values_are_decoded_as_utf_8(self):
        """A02: a form body in UTF-8 (RFC 6749, appendix B)."""
        form = read('a=1+2&b=%E2%82%AC&c=caf%c3%a9&%64=a%3Db%26c&e=x=y')
        self.assertEqual('1 2', form.get('a'))
        self.assertEqual('\u20ac', form.get('b'))
        self.assertEqual('caf\xe9', form.get('c'))
        self.assertEqual('a=b&c', form.get('d'))
        self.assertEqual('x=y', form.get('e'))

    def test_unescaped_utf_8_is_read(self):
        self.assertEqual('\u20ac', read('a=\u20ac').get('a'))

    def test_parameter_that_is_not_sent_is_absent(self):
        form = read('a=1')
        self.assertIsNone(form.get('b'))
        self.assertNotIn('b', form)
        self.assertIn('a', form)

    def test_parameter_without_a_value_is_treated_as_omitted(self):
        """A03: with any spelling of an empty value."""
        for body in ('a=', 'a', 'a=&b=1', '&a=&', '%61='):
            with self.variant(body):
                form = read(body)
                self.assertNotIn('a', form)
                self.assertIsNone(form.get('a'))
                self.assert_raises(errors.MissingParameter, form.required, 'a')

    def test_required_parameter_is_returned(self):
        self.assertEqual('1', read('a=1').required('a'))

    def test_duplicate_parameter_is_refused(self):
        """A04: even if the values are equal, empty or escaped."""
        for body in (
            'a=1&a=2',
            'a=1&a=1',
            'a=1&b=2&a=3',
            'a=&a=1',
            'a=1&a=',
            'a&a',
            'a=1&%61=2',
            '=1&=2',
        ):
            with self.variant(body):
                self.assert_refused(errors.RepeatedParameter, body)

    def test_names_are_case_sensitive(self):
        form = read('a=1&A=2')
        self.assertEqual(('1', '2'), (form.get('a'), form.get('A')))

    def test_query_string_is_refused(self):
        """A02: parameters are not read from it. B04: nor secrets."""
        for query in ('a=1', 'client_secret=s', 'x', '='):
            with self.variant(query):
                self.assert_refused(errors.QueryNotAllowed, 'a=1', query=query)

    def test_form_media_type_is_accepted_in_any_spelling(self):
        for content_type in (
            'application/x-www-form-urlencoded',
            'Application/X-WWW-Form-URLEncoded',
            ' application/x-www-form-urlencoded ; charset=utf-8',
            'application/x-www-form-urlencoded;charset=UTF-8',
            'application/x-www-form-urlencoded; charset="utf-8"',
            'application/x-www-form-urlencoded;',
        ):
            with self.variant(content_type):
                form = read('a=1', content_type=content_type)
                self.assertEqual('1', form.get('a'))

    def test_other_media_type_is_refused(self):
        """A02: only a form in UTF-8 is accepted."""
        for content_type in (
            '',
            'application/json',
            'multipart/form-data; boundary=x',
            'text/plain',
            'application/x-www-form-urlencodedx',
            'application/x-www-form-urlencoded, application/json',
            'application/x-www-form-urlencoded; charset=iso-8859-1',
            'application/x-www-form-urlencoded; charset=utf-8; x=y',
        ):
            with self.variant(content_type):
                self.assert_refused(
                    errors.WrongMediaType, 'a=1', content_type=content_type
                )

    def test_broken_encoding_is_refused(self):
        """A02: a cut-off escape, NUL, or invalid UTF-8."""
        for body in (
            b'a=%',
            b'a=%4',
            b'a=%zz',
            b'a=%+1',
            b'%=1',
            b'a=%ff',
            b'a=\xff',
            b'a=%C0%80',
            b'a=%ED%A0%80',
            b'a=%00',
            b'a=\0',
            b'%00=1',
            b'\xe9=1',
        ):
            with self.variant(body):
                error = self.assert_refused(errors.InvalidRequest, body)
                self.assertIn('encoding', error.detail)

    def test_body_may_have_at_most_16_kib(self):
        longest = 'a=' + 'x' * (16 * 1024 - 2)
        self.assertEqual(longest[2:], read(longest).get('a'))
        self.assert_refused(errors.BodyTooLarge, longest + 'x')

    def test_body_may_have_at_most_64_parameters(self):
        names = [f'p{number}' for number in range(65)]
        form = read('&'.join(f'{name}=1' for name in names[:64]))
        self.assertEqual('1', form.get('p63'))
        error = self.assert_refused(
            errors.InvalidRequest, '&'.join(f'{name}=1' for name in names)
        )
        self.assertEqual('too many parameters', error.detail)

    def test_parameters_are_immutable(self):
        values = {'a': '1'}
        form = parameters.Parameters(values)
        values['a'] = '2'
        self.assertEqual('1', form.get('a'))

    @given(st.dictionaries(text | st.just('resource'), text, max_size=20))
    def test_encoding_of_python_is_read_back(self, values):
        form = read(urllib.parse.urlencode(values))
        # The only parameter that may be repeated has a place of its own.
        others = {**values, 'resource': ''}
        sent = values.get('resource')
        self.assertEqual((sent,) if sent else (), form.resources)
        for name, value in others.items():
            self.assertEqual(value or None, form.get(name))
            self.assertEqual(bool(value), name in form)

    @given(
        st.binary(max_size=40) | st.text('a=&%+01fF\0\xff', max_size=20),
        st.sampled_from(['', protocol_base.FORM]) | st.text(),
        st.sampled_from(['', 'a=1']),
    )
    def test_only_oauth_errors_are_raised(self, body, content_type, query):
        try:
            form = read(body, content_type=content_type, query=query)
        except errors.OAuthError as error:
            self.assertEqual('invalid_request', error.code)
        else:
            self.assertIsInstance(form, parameters.Parameters)
            self.assertEqual('', query)
