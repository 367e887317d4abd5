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

"""The matchers detect each defect of a response."""

import json

from werkzeug import datastructures

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import matchers

HEADERS = [
    ('Content-Type', 'application/json'),
    ('Cache-Control', 'no-store'),
    ('Pragma', 'no-cache'),
]
CHALLENGES = [
    ('WWW-Authenticate', 'Basic realm="keystone"'),
    ('WWW-Authenticate', 'Keystone uri="http://localhost/v3"'),
]
ERROR = {'error': 'invalid_client', 'error_description': 'No.'}
TOKEN = {
    'access_token': 'x' * 50,
    'token_type': 'Bearer',
    'expires_in': 3600,
    'scope': 'member reader',
}


def answer(status, headers, body):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return fixture.Answer(status, datastructures.Headers(headers), body)


class IsOAuthErrorTest(base.TestCase):
    matcher = matchers.IsOAuthError(401, 'invalid_client')

    def test_complete_error_matches(self):
        self.assertIsNone(
            self.matcher.match(answer(401, HEADERS + CHALLENGES, ERROR))
        )

    def test_missing_wrong_or_additional_member_does_not_match(self):
        """A13, A14, A08, B05, B06: the rules that the matcher checks."""
        whole = HEADERS + CHALLENGES
        for status, headers, body in (
            (400, whole, ERROR),
            (401, whole[1:], ERROR),
            (401, whole[:1] + whole[2:], ERROR),
            (401, HEADERS, ERROR),
            (401, HEADERS + CHALLENGES[:1], ERROR),
            (401, HEADERS + CHALLENGES[1:], ERROR),
            (401, HEADERS + CHALLENGES[::-1], ERROR),
            (401, [*whole, ('Set-Cookie', 'a=b')], ERROR),
            (401, [*whole, ('Cache-Control', 'private')], ERROR),
            (401, whole, b'<html>'),
            (401, whole, []),
            (401, whole, {'error': 'invalid_client'}),
            (401, whole, {**ERROR, 'access_token': 'x'}),
            (401, whole, {**ERROR, 'error': 'other_error'}),
            (401, whole, {**ERROR, 'error_description': ''}),
            (401, whole, {**ERROR, 'error_description': 'a "b"'}),
            (401, whole, {**ERROR, 'error_description': 'a\\b'}),
            (401, whole, {**ERROR, 'error_description': 'a\n'}),
            (401, whole, {**ERROR, 'error_description': '\xe9'}),
        ):
            with self.variant((status, headers, body)):
                self.assertIsNotNone(
                    self.matcher.match(answer(status, headers, body))
                )

    def test_part_of_the_description_can_be_required(self):
        error = answer(401, HEADERS + CHALLENGES, ERROR)
        for part, matches in (('No', True), ('Yes', False)):
            matcher = matchers.IsOAuthError(
                401, 'invalid_client', description=part
            )
            self.assertIs(matches, matcher.match(error) is None)


class IsAccessTokenTest(base.TestCase):
    matcher = matchers.IsAccessToken()

    def test_complete_token_matches(self):
        self.assertIsNone(self.matcher.match(answer(200, HEADERS, TOKEN)))

    def test_missing_wrong_or_additional_member_does_not_match(self):
        """A07, A08, A11: the rules that the matcher checks."""
        for status, headers, body in (
            (201, HEADERS, TOKEN),
            (200, HEADERS[1:], TOKEN),
            (200, HEADERS[:2], TOKEN),
            (200, HEADERS + CHALLENGES, TOKEN),
            (200, HEADERS, b''),
            (200, HEADERS, {**TOKEN, 'refresh_token': 'x'}),
            (200, HEADERS, {**TOKEN, 'scope': 'member'}),
            (200, HEADERS, {**TOKEN, 'expires_in': '3600'}),
            (200, HEADERS, {**TOKEN, 'expires_in': 3601}),
            (200, HEADERS, {**TOKEN, 'token_type': 'bearer'}),
            (200, HEADERS, {**TOKEN, 'access_token': 'short'}),
            (200, HEADERS, {'access_token': 'x' * 50}),
        ):
            with self.variant((status, headers, body)):
                self.assertIsNotNone(
                    self.matcher.match(answer(status, headers, body))
                )
