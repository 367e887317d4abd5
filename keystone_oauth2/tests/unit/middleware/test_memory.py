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

"""How much memory a filter takes, with all that it may remember."""

import gc
import json
import time
import tracemalloc
import uuid

from oslo_config import cfg

from keystone_oauth2.middleware import auth_token
from keystone_oauth2.middleware import catalog as catalogs
from keystone_oauth2.middleware import process
from keystone_oauth2.middleware import publication
from keystone_oauth2.middleware import remembered
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import public_keys
from keystone_oauth2.protocol import revocation_list
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests import base

ISSUER = 'https://keystone.example.com/v3'
BOUND = 64 * 1024 * 1024
KEY = signing_keys.SigningKey.generate('EdDSA', 0)
#: A token must fit into a header field.
LARGEST = 6000
#: Nothing listens there.
NOWHERE = 'https://127.0.0.1:9'
USERS = [uuid.uuid4().hex for _ in range(process.MAX_CATALOGS)]
PROJECT = uuid.uuid4().hex


def service(environ, start_response):
    """Respond to each request."""
    start_response('200 OK', [])
    return []


def token(user_id, roles):
    """Return a token of a client.

    :param roles: their names.
    """
    now = int(time.time())
    domain = {'id': 'default', 'name': 'Default'}
    found = access_token.AccessToken(
        issuer=ISSUER,
        user_id=user_id,
        client_id=uuid.uuid4().hex,
        audience=(ISSUER,),
        issued_at=now,
        expires_at=now + 3600,
        audit_id=uuid.uuid4().hex[:22],
        confirmation=None,
        openstack={
            'methods': ['application_credential'],
            'user': {'domain': domain, 'name': f'user-{user_id[:8]}'},
            'project': {
                'id': PROJECT,
                'name': f'project-{PROJECT[:8]}',
                'domain': domain,
            },
            'is_domain': False,
            'roles': [
                {'id': uuid.uuid4().hex, 'name': name} for name in roles
            ],
            'application_credential': {
                'name': f'credential-{user_id[:8]}',
                'restricted': True,
            },
        },
    )
    return found.sign(KEY)


def catalog():
    """Return a catalog of about 10 kB."""
    urls = ('admin', 'internal', 'public')
    services = [
        {
            'id': uuid.uuid4().hex,
            'type': f'service-{number}',
            'name': f'service {number}',
            'endpoints': [
                {
                    'id': uuid.uuid4().hex,
                    'interface': interface,
                    'region': 'RegionOne',
                    'region_id': 'RegionOne',
                    'url': f'https://{number}.example.com/v1/{PROJECT}',
                }
                for interface in urls
            ],
        }
        for number in range(14)
    ]
    text = json.dumps(services)
    return catalogs.Catalog(json.loads(text), text)


class MemoryTest(base.TestCase):
    def filter(self):
        """Return a filter that has keys and events, and all catalogs."""
        own = cfg.ConfigOpts()
        own([])
        conf = {
            'auth_type': 'password',
            'auth_url': NOWHERE,
            'www_authenticate_uri': NOWHERE,
            'username': 'service',
            'password': 'secret',
            'oauth2_issuer': ISSUER,
            'oauth2_poll_interval': '300',
            'oauth2_events_max_age': '3600',
            'token_cache_time': '-1',
            'oslo_config_config': own,
        }
        found = auth_token.filter_factory({}, **conf)(service)
        self.call(found, 'unknown')
        now = time.monotonic()
        found._shared.publication.current = publication.Snapshot(
            keys=public_keys.PublicKeys.read({'keys': [KEY.jwk]}),
            keys_at=now,
            events=revocation_list.RevocationList([]),
            events_at=now,
        )
        return found

    def call(self, application, sent):
        """Send a request with a token, and return its status."""
        statuses = []
        environ = {
            'REQUEST_METHOD': 'GET',
            'PATH_INFO': '/',
            'HTTP_X_AUTH_TOKEN': sent,
        }
        application(environ, lambda status, *_: statuses.append(status))
        return statuses[0][:3]

    def assert_fits(self, number, roles, remembered_at_least):
        """Assert what tokens take, with catalogs for all their users."""
        application = self.filter()
        # Signing them takes several times as long while memory is traced.
        tokens = [
            token(USERS[turn % len(USERS)], roles).encode()
            for turn in range(number)
        ]
        self.addCleanup(tracemalloc.stop)
        tracemalloc.start()
        for user_id in USERS:
            application._shared.catalogs.put(
                (user_id, 'project', PROJECT), catalog()
            )
        for encoded in tokens:
            sent = encoded.decode()
            self.assertEqual('200', self.call(application, sent))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        entries = application._shared.verifier._remembered._entries
        self.assertGreaterEqual(len(entries), remembered_at_least)
        self.assertTrue(all(one.environ for one in entries.values()))
        self.assertLess(taken, BOUND)
        return sent

    def test_usual_tokens(self):
        """Nearly as many as ever are remembered."""
        self.assert_fits(
            remembered.MAX_TOKENS + 100, ['member', 'reader'], 8000
        )

    def test_large_tokens(self):
        """As many as fit."""
        roles = [f'operator-{number:03}' for number in range(60)]
        sent = self.assert_fits(3600, roles, 1000)
        self.assertGreater(len(sent), LARGEST)
