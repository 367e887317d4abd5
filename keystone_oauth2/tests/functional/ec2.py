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

"""Keystone tokens issued for a user's EC2 credential."""

import base64
import hashlib
import hmac
import urllib.parse


def token(keystone, user, owner_token):
    """Create an EC2 credential, and return a token issued for it.

    :param keystone: the running Keystone.
    :param owner_token: a token of the user.
    """
    answer = keystone.request(
        'POST',
        f'/v3/users/{user.id}/credentials/OS-EC2',
        json={'tenant_id': user.project_id},
        token=owner_token,
    )
    assert answer.status == 201, answer.text
    made = answer.json['credential']
    request = {
        'access': made['access'],
        'host': 'localhost',
        'verb': 'GET',
        'path': '/',
        'params': {
            'Action': 'Test',
            'SignatureMethod': 'HmacSHA256',
            'SignatureVersion': '2',
            'Timestamp': '2099-01-01T00:00:00Z',
        },
    }
    request['signature'] = _signature(made['secret'], request)
    answer = keystone.client.as_admin(
        'POST', '/v3/ec2tokens', json={'credentials': request}
    )
    assert answer.status == 200, answer.text
    return answer.headers['X-Subject-Token']


def _signature(secret, request):
    """Sign a request with Amazon's signature version 2."""
    text = '\n'.join(
        (
            *(request[name] for name in ('verb', 'host', 'path')),
            urllib.parse.urlencode(sorted(request['params'].items())),
        )
    )
    digest = hmac.digest(secret.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()
