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

"""All errors that a client can receive (RFC 6749, 5.2)."""

import re

from keystone_oauth2.protocol import errors
from keystone_oauth2.tests import base

REGISTERED = {
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
    # RFC 6749, 4.1.2.1
    'server_error',
    'temporarily_unavailable',
    # RFC 8707, 2
    'invalid_target',
}
ALLOWED = re.compile(r'[\x20-\x21\x23-\x5b\x5d-\x7e]+')


def all_errors():
    found, left = [], [errors.OAuthError]
    while left:
        subclasses = left.pop().__subclasses__()
        found += subclasses
        left += subclasses
    return found


class ErrorClassesTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.errors = [
            item for item in all_errors() if item.__module__ == errors.__name__
        ]

    def test_all_classes_are_found(self):
        self.assertIn(errors.InvalidClient, self.errors)
        self.assertIn(errors.MissingParameter, self.errors)
        self.assertGreater(len(self.errors), 10)

    def test_codes_are_registered(self):
        """A13: an RFC defines each code."""
        for error in self.errors:
            with self.variant(error):
                self.assertIn(error.code, REGISTERED)

    def test_descriptions_have_only_allowed_characters(self):
        """A14: no quote, no backslash, nothing beyond ASCII."""
        for error in self.errors:
            with self.variant(error):
                self.assertTrue(ALLOWED.fullmatch(error.description))
                self.assertTrue(error.description.endswith('.'))

    def test_status_is_400_unless_an_rfc_requires_another(self):
        """A13: the default is 400. B05: a failed authentication is 401."""
        for error, status in (
            (errors.InvalidRequest, 400),
            (errors.MissingParameter, 400),
            (errors.RepeatedParameter, 400),
            (errors.TwoAuthenticationMethods, 400),
            (errors.UnauthorizedClient, 400),
            (errors.UnsupportedGrantType, 400),
            (errors.InvalidScope, 400),
            (errors.NarrowerScope, 400),
            (errors.InvalidClient, 401),
            (errors.NotFound, 404),
            (errors.MethodNotAllowed, 405),
            (errors.BodyTooLarge, 413),
            (errors.ServerError, 500),
        ):
            with self.variant(error):
                self.assertEqual(status, error.status)

    def test_only_a_failed_authentication_is_401(self):
        """B05: so that a challenge is sent only where it helps."""
        self.assertEqual(
            {'invalid_client'},
            {error.code for error in self.errors if error.status == 401},
        )


class ErrorTest(base.TestCase):
    def test_detail_is_for_the_log_and_does_not_change_the_description(self):
        error = errors.InvalidClient(detail='why')
        self.assertEqual('why', error.detail)
        self.assertEqual('why', str(error))
        self.assertEqual('Client authentication failed.', error.description)
        self.assertEqual({}, error.headers)

    def test_log_has_the_description_if_there_is_no_detail(self):
        error = errors.InvalidClient()
        self.assertEqual('', error.detail)
        self.assertEqual('Client authentication failed.', str(error))

    def test_refused_method_names_the_allowed_methods_in_order(self):
        """A01: a 405 has an Allow header field."""
        error = errors.MethodNotAllowed(['POST', 'OPTIONS'])
        self.assertEqual({'Allow': 'OPTIONS, POST'}, error.headers)
        self.assertEqual(405, error.status)

    def test_server_error_keeps_the_request_id(self):
        error = errors.ServerError('req-1')
        self.assertEqual('req-1', error.request_id)
        self.assertEqual(error.description, str(error))
        self.assertEqual('', error.detail)
        self.assertEqual('', errors.ServerError().request_id)
