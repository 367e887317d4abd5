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

"""Keystones that issue JWT access tokens."""

import calendar
import json
import os
import time

import jwt

from keystone_oauth2.fixture import _manage
from keystone_oauth2.tests.support import clients

ISSUER = clients.ISSUER
JWKS = '/v3/OS-OAUTH2/jwks'
EVENTS = '/v3/OS-OAUTH2/revocation_events'
RESOURCE = 'https://compute.example.com/v2.1'
OPTIONS = {
    **clients.OPTIONS,
    'token': {'provider': 'oauth2_fernet'},
    'oauth2_tokens': {'format': 'jwt'},
}
#: Seconds until others know a staged key.
KNOWN = 361


class Keys:
    """Helpers that change the signing keys of the Keystone of a class."""

    @property
    def directory(self):
        """The repository."""
        return self.keystone.folder / 'oauth2-signing-keys'

    def kid(self, token):
        """Return the id of the key that has signed a token."""
        return jwt.get_unverified_header(token)['kid']

    def rotate(self, *arguments, algorithm='ES256'):
        """Rotate the keys, as an operator does."""
        _manage.run(
            self.keystone.deployment.config_file,
            ('signing_key_rotate', *arguments),
            environment={'OS_OAUTH2_TOKENS__SIGNING_ALGORITHM': algorithm},
            program=_manage.EXTENSION,
        )

    def age(self, seconds):
        """Make all keys older."""
        for path in self.directory.iterdir():
            key = json.loads(path.read_text())
            for name in ('created_at', 'active_since'):
                key[name] = key[name] and key[name] - seconds
            path.write_text(json.dumps(key))
        # As the rename of a new file does.
        os.utime(self.directory)


class JWTTestCase(clients.ClientsTestCase):
    """One Keystone that issues JWTs, with a client."""

    options = OPTIONS

    def issue(self, client=None, *resources, **arguments):
        """Return an access token.

        :param resources: for which it is asked for.
        """
        form = ''.join(f'&resource={resource}' for resource in resources)
        answer = self.post_as(
            client or self.client,
            f'grant_type=client_credentials{form}',
            **arguments,
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def use(self, token, **arguments):
        """Return the status of a request with a token."""
        return self.keystone.request(
            'GET', '/v3/auth/projects', token=token, **arguments
        ).status

    def seen(self, token):
        """Return Keystone's answer to a service that asks about a token."""
        return self.identity.validate(token)


def claims(token):
    """Return the claims of a JWT, which are not verified."""
    return jwt.decode(token, options={'verify_signature': False})


def concerns(event, token):
    """Whether a revocation event concerns a token, as the API reference says.

    :param event: from the list.
    :param token: a JWT access token.
    """
    said = claims(token)
    openstack = said['openstack']
    domains = {
        openstack['user']['domain']['id'],
        openstack['project']['domain']['id'],
    }
    values = {
        'audit_id': {said['jti']},
        'client_id': {said['client_id']},
        'user_id': {said['sub']},
        'project_id': {openstack['project']['id']},
        'domain_id': domains,
    }
    ids = {**event}
    end = time.strptime(ids.pop('issued_before'), '%Y-%m-%dT%H:%M:%SZ')
    return said['iat'] <= calendar.timegm(end) and all(
        value in values[name] for name, value in ids.items()
    )
