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

"""Tokens delegated by other means than application credentials."""

import urllib.parse

from oauthlib import oauth1

from keystone_oauth2.tests.functional import ec2
from keystone_oauth2.tests.support import clients

URL = 'http://localhost'


class DelegationTest(clients.ClientsTestCase):
    """For Keystone all of them are tokens of the owner."""

    policy = {'identity:authorize_request_token': '@'}

    def assert_manages_nothing(self, token):
        validated = self.identity.validate(token).json['token']
        self.assertEqual(self.user.id, validated['user']['id'])
        secret = self.register_secret()
        for method, rest, json in (
            ('GET', '', None),
            ('GET', '/secrets', None),
            ('POST', '/secrets', {'secret': {}}),
            ('DELETE', f'/secrets/{secret["id"]}', None),
            ('PATCH', '', {'client': {'authentication_methods': None}}),
        ):
            with self.variant((method, rest)):
                answer = self.manage(method, rest, json, token=token)
                self.assertThat(answer, clients.IsKeystoneError(403))
        self.assert_issued(**clients.by_secret(self.own, secret['secret']))

    def as_owner(self, method, path, **arguments):
        return self.keystone.request(
            method, path, token=self.owner_token, **arguments
        )

    def test_token_for_a_trust_manages_nothing(self):
        trustee = self.identity.create_user(self.project, ['member'])
        token, _ = self.token_by_trust(self.user, trustee, True)
        self.assert_manages_nothing(token)

    def test_token_for_an_ec2_credential_manages_nothing(self):
        token = ec2.token(self.keystone, self.user, self.owner_token)
        self.assert_manages_nothing(token)

    def test_token_for_oauth1_manages_nothing(self):
        answer = self.identity.as_admin(
            'POST', '/v3/OS-OAUTH1/consumers', json={'consumer': {}}
        )
        consumer = answer.json['consumer']
        signed = {
            'client_key': consumer['id'],
            'client_secret': consumer['secret'],
        }
        request = self.oauth1(
            'request_token',
            {'Requested-Project-Id': self.project.id},
            callback_uri='oob',
            **signed,
        )
        answer = self.as_owner(
            'PUT',
            f'/v3/OS-OAUTH1/authorize/{request["oauth_token"]}',
            json={'roles': [{'id': self.identity.role_id('member')}]},
        )
        self.assertEqual(200, answer.status, answer.text)
        signed['resource_owner_key'] = request['oauth_token']
        signed['resource_owner_secret'] = request['oauth_token_secret']
        access = self.oauth1(
            'access_token',
            {},
            verifier=answer.json['token']['oauth_verifier'],
            **signed,
        )
        signed['resource_owner_key'] = access['oauth_token']
        signed['resource_owner_secret'] = access['oauth_token_secret']
        answer = self.signed('/v3/auth/tokens', {}, **signed)
        self.assertEqual(201, answer.status, answer.text)
        self.assert_manages_nothing(answer.headers['X-Subject-Token'])

    def oauth1(self, name, headers, **signed):
        answer = self.signed(f'/v3/OS-OAUTH1/{name}', headers, **signed)
        self.assertEqual(201, answer.status, answer.text)
        return dict(urllib.parse.parse_qsl(answer.text))

    def signed(self, path, headers, **signed):
        client = oauth1.Client(**signed)
        _, field, _ = client.sign(URL + path, 'POST', headers=headers)
        if path != '/v3/auth/tokens':
            return self.keystone.request('POST', path, headers=field)
        identity = {'methods': ['oauth1'], 'oauth1': {}}
        return self.keystone.request(
            'POST', path, json={'auth': {'identity': identity}}, headers=field
        )
