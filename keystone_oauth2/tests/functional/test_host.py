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

"""Malformed ``Host`` header fields."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers

#: Host as sent, and the part that a URI may contain (RFC 3986, 2).
HOSTS = {
    'keystone.example.com:5000': 'keystone.example.com:5000',
    '[2001:db8::7]:5000': '[2001:db8::7]:5000',
    'a"b': 'a%22b',
    'a", error="x': 'a%22,%20error=%22x',
    'a\\"b': 'a%5C%22b',
    '<b>': '%3Cb%3E',
    '\xe9': '%C3%A9',
    '%22': '%22',
}
#: Values that cannot be part of a URL.
MALFORMED = ('[', 'a]b', '[::1')


class HostTest(clients.ClientsTestCase):
    def test_challenge_of_a_protocol_endpoint_is_well_formed(self):
        """B05: B06, its quoted string ends correctly (RFC 9110, 5.6.4)."""
        for host, written in HOSTS.items():
            for path in (base.TOKEN, '/v3/OS-OAUTH2/introspect'):
                answer = self.post(
                    'grant_type=client_credentials&token=x',
                    path=path,
                    environ={'HTTP_HOST': host},
                )
                with self.variant((host, path)):
                    self.assertThat(
                        answer,
                        matchers.IsOAuthError(
                            401, 'invalid_client', url=f'http://{written}/v3'
                        ),
                    )

    def test_malformed_host_is_omitted(self):
        """A13: the rest of the refusal stays the same."""
        for host in MALFORMED:
            answer = self.post(environ={'HTTP_HOST': host})
            with self.variant(host):
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(401, 'invalid_client', url='/v3'),
                )

    def test_challenge_of_keystone_is_well_formed(self):
        """B06: below the client resources."""
        for host, written in HOSTS.items():
            answer = self.keystone.request(
                'GET',
                f'/v3/OS-OAUTH2/clients/{self.own.id}',
                environ={'HTTP_HOST': host},
            )
            with self.variant(host):
                self.assertEqual(401, answer.status)
                self.assertEqual(
                    [f'Keystone uri="http://{written}/v3"'],
                    answer.headers.getlist('WWW-Authenticate'),
                )

    def test_links_are_valid(self):
        """They are URIs, whatever the Host field contains."""
        secret = self.register_secret()
        for host, written in HOSTS.items():
            path = f'/v3/OS-OAUTH2/clients/{self.own.id}/secrets'
            answer = self.keystone.request(
                'GET',
                f'{path}/{secret["id"]}',
                token=self.owner_token,
                environ={'HTTP_HOST': host},
            )
            with self.variant(host):
                self.assertEqual(
                    f'http://{written}{path}/{secret["id"]}',
                    answer.json['secret']['links']['self'],
                )


class HostAndMetadataTest(base.KeystoneTestCase):
    options = {'oauth2': {'issuer': 'https://keystone.example.com/v3'}}

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_host_is_not_in_the_metadata(self):
        """H02: all URLs come from the configuration."""
        path = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
        expected = self.keystone.request('GET', path).json
        for host in HOSTS:
            answer = self.keystone.request(
                'GET', path, environ={'HTTP_HOST': host}
            )
            with self.variant(host):
                self.assertEqual(expected, answer.json)
