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

"""Strict parsing of parameters at the token endpoint."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

GRANT = base.GRANT


class ParametersTest(base.KeystoneTestCase):
    def assert_refused(self, answer, description, code='invalid_request'):
        self.assertThat(
            answer,
            matchers.IsOAuthError(400, code, description=description),
        )

    def test_form_in_utf_8_is_accepted(self):
        """A02: whatever the spelling of the media type."""
        for content_type in (
            base.FORM,
            'Application/X-WWW-Form-URLEncoded; charset=UTF-8',
        ):
            with self.variant(content_type):
                answer = self.post_as(
                    self.client, headers={'Content-Type': content_type}
                )
                self.assertThat(answer, matchers.IsAccessToken())

    def test_other_bodies_are_refused(self):
        """A02: the body must be a form."""
        for content_type in (
            '',
            'multipart/form-data; boundary=x',
            base.FORM + '; charset=latin-1',
        ):
            with self.variant(content_type):
                self.assert_refused(
                    self.post_as(
                        self.client, headers={'Content-Type': content_type}
                    ),
                    'must be application/x-www-form-urlencoded in UTF-8',
                )

    def test_json_body_is_refused_valid_or_not(self):
        """A02: Keystone's own check of JSON bodies does not interfere."""
        for body in ('{"grant_type": "client_credentials"}', '{'):
            with self.variant(body):
                self.assert_refused(
                    self.post_as(
                        self.client,
                        body,
                        headers={'Content-Type': 'application/json'},
                    ),
                    'must be application/x-www-form-urlencoded',
                )

    def test_query_is_refused(self):
        """A02: and B04, since URLs are logged."""
        for query in (
            f'client_id={self.client.id}&client_secret={self.client.secret}',
            'x',
        ):
            for body in (GRANT, ''):
                with self.variant((query, body)):
                    answer = self.post_as(
                        self.client, body, path=f'{base.TOKEN}?{query}'
                    )
                    self.assert_refused(answer, 'not in the URL')

    def test_broken_encoding_is_refused(self):
        """A02: invalid UTF-8, incomplete escapes, NUL."""
        for parameter in (b'x=%zz', b'x=\xff'):
            with self.variant(parameter):
                answer = self.post_as(
                    self.client, GRANT.encode() + b'&' + parameter
                )
                self.assert_refused(answer, 'malformed')

    def test_grant_type_without_value_is_missing(self):
        """A03: and not unsupported."""
        for body in ('', 'grant_type='):
            with self.variant(body):
                self.assert_refused(
                    self.post_as(self.client, body), 'is missing'
                )

    def test_parameter_without_value_is_ignored(self):
        """A03: it counts as omitted, even for credentials."""
        for parameter in ('client_id', 'client_secret', 'scope'):
            with self.variant(parameter):
                answer = self.post_as(self.client, f'{GRANT}&{parameter}=')
                self.assertThat(answer, matchers.IsAccessToken())

    def test_parameter_given_twice_is_refused(self):
        """A04: known or unknown, with equal or different values."""
        for parameters in (
            GRANT,
            'x=1&x=1',
            'scope=&scope=member',
        ):
            with self.variant(parameters):
                self.assert_refused(
                    self.post_as(self.client, f'{GRANT}&{parameters}'),
                    'more than once',
                )

    def test_unknown_parameters_are_ignored(self):
        """A05: whatever their names."""
        answer = self.post_as(self.client, f'{GRANT}&foo=bar&=x&resource=y')
        self.assertThat(answer, matchers.IsAccessToken())

    def test_other_grants_are_not_supported(self):
        """A16: neither the password grant nor any other."""
        user = f'&username={self.user.name}&password={self.user.password}'
        for grant_type in (
            'password',
            '%3Cscript%3E',
        ):
            with self.variant(grant_type):
                self.assert_refused(
                    self.post_as(
                        self.client, f'grant_type={grant_type}{user}'
                    ),
                    'The grant type is not supported.',
                    'unsupported_grant_type',
                )


class InTreeParametersTest(base.KeystoneTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_grant_type_without_value_is_unsupported(self):
        """A03: the in-tree API does not treat it as missing."""
        answer = self.post_as(self.client, 'grant_type=')
        self.assertEqual('unsupported_grant_type', answer.json['error'])

    def test_parameter_given_twice_is_accepted(self):
        """A04: the first value is used, silently."""
        answer = self.post_as(self.client, f'{GRANT}&grant_type=password')
        self.assertEqual(200, answer.status)

    def test_query_is_accepted(self):
        answer = self.post_as(self.client, path=f'{base.TOKEN}?client_secret=')
        self.assertEqual(200, answer.status)
