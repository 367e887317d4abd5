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

"""Tests of blocked requests after too many failures."""

import uuid

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

REFUSED = matchers.IsOAuthError(401, 'invalid_client')
PROXY = '192.0.2.7'


class IsLimited(matchers.IsOAuthError):
    """A 429 response exactly as in RFC 6585, section 4.

    :param seconds: a range that includes ``Retry-After``.
    """

    def __init__(self, seconds):
        super().__init__(
            429,
            'temporarily_unavailable',
            description='Too many client authentications have failed.',
        )
        self.seconds = seconds

    def _wrong(self, answer):
        value = answer.headers.get('Retry-After')
        self.headers['Retry-After'] = [value]
        if not f'{value}'.isdigit() or int(value) not in self.seconds:
            yield f'Retry-After: {value} not in {self.seconds}'
        yield from super()._wrong(answer)


LIMITED = IsLimited(range(3500, 3602))
#: With these options Keystone trusts the address of a connection.
NO_PROXY = {'trusted_proxies': '127.0.0.1'}


def address():
    """Return an address that no other test uses."""
    number = uuid.uuid4().int
    return f'10.{number % 256}.{number >> 8 & 255}.{number >> 16 & 255}'


class LimitedTestCase(base.KeystoneTestCase):
    """Two addresses and a client, new for each test."""

    def setUp(self):
        super().setUp()
        self.attacker, self.owner = address(), address()
        self.own = self.identity.create_application_credential(self.user)

    def post_from(self, where, client, body=base.GRANT, **arguments):
        """Post as a client, from an address."""
        return self.post_as(
            client, body, environ={'REMOTE_ADDR': where}, **arguments
        )

    def fail(self, where, client_id=None, times=1, **arguments):
        """Assert that attempts with a wrong secret are refused."""
        wrong = (client_id or self.own.id, 'wrong')
        for _ in range(times):
            answer = self.post_from(where, wrong, **arguments)
            self.assertThat(answer, REFUSED)

    def fail_again(self, where, client_id=None, times=1, **arguments):
        """Assert that attempts with a wrong secret get 429."""
        wrong = (client_id or self.own.id, 'wrong')
        for _ in range(times):
            answer = self.post_from(where, wrong, **arguments)
            self.assertThat(answer, LIMITED)

    def assert_passes(self, where, client=None, **arguments):
        """Assert that the right secret is checked."""
        answer = self.post_from(where, client or self.own, **arguments)
        self.assertEqual(200, answer.status, answer.text)

    def assert_limited(self, where, client=None, **arguments):
        """Assert that not even the right secret is checked."""
        client = client or self.own
        answer = self.post_from(where, client, **arguments)
        self.assertThat(answer, LIMITED)
        answer = self.post_from(where, (client.id, 'wrong'), **arguments)
        self.assertThat(answer, LIMITED)
